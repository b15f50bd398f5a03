//! The examples of the rules, from the files beside this one.
//!
//! `-- rule NAME DATABASE` begins the examples of a rule, and `-- given` what earlier migrations have done. An example
//! begins with `-- bad` or `-- good`; `outside` says that it runs outside of a transaction, `down` that it is a way down,
//! `without-timeouts` that nobody sets them. Behind it, statements of a line each, what it `-- finds`, what is `-- broken`,
//! what its `-- source` has; and, each up to the next such line, what it tells the `-- other` database, and its way `-- up`.

use std::fmt;

use workflow::{
    lint::{Database, Directions, Recorded},
    recorder::{Direction, Script},
};

/// The name of the migration in question.
pub(crate) const NAME: &str = "m2_example";

const FILES: [&str; 8] = [
    include_str!("breaking.sql"),
    include_str!("column.sql"),
    include_str!("constraint.sql"),
    include_str!("index.sql"),
    include_str!("kind.sql"),
    include_str!("transaction.sql"),
    include_str!("sqlite.sql"),
    include_str!("whole.sql"),
];

#[derive(Clone, Debug)]
pub(crate) struct Example {
    pub(crate) rule: String,
    pub(crate) database: Database,
    pub(crate) is_good: bool,
    /// What stands behind `-- bad` and `-- good`.
    flags: String,
    pub(crate) statements: Vec<String>,
    pub(crate) finds: Vec<String>,
    pub(crate) source: String,
    pub(crate) given: Vec<String>,
    other: Vec<String>,
    up: Vec<String>,
    broken: Option<String>,
}

/// Every example.
pub(crate) fn corpus() -> Vec<Example> {
    FILES.iter().flat_map(|text| read(text)).collect()
}

fn read(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut rule, mut database, mut given) = (String::new(), Database::Postgres, Vec::new());
    let mut part = "given";
    for line in text.lines().filter(|line| !line.is_empty()) {
        let Some(comment) = line.strip_prefix("-- ") else {
            let statement = line.trim_end_matches(';').to_owned();
            let example = examples.last_mut();
            match (part, example) {
                ("given", _) => given.push(statement),
                ("other", Some(example)) => example.other.push(statement),
                ("up", Some(example)) => example.up.push(statement),
                (_, Some(example)) => example.statements.push(statement),
                (_, None) => panic!("{line} belongs to no example"),
            }
            continue;
        };
        let (word, rest) = comment.split_once(' ').unwrap_or((comment, ""));
        match word {
            "rule" => {
                let (name, on) = rest.split_once(' ').expect("a rule and a database");
                name.clone_into(&mut rule);
                database = if on == "sqlite" { Database::Sqlite } else { Database::Postgres };
                given.clear();
            }
            "given" | "other" | "up" => part = word,
            "bad" | "good" => {
                part = "statements";
                examples.push(Example {
                    rule: rule.clone(),
                    database,
                    is_good: word == "good",
                    flags: rest.to_owned(),
                    statements: Vec::new(),
                    finds: Vec::new(),
                    source: String::new(),
                    given: given.clone(),
                    other: Vec::new(),
                    up: Vec::new(),
                    broken: None,
                });
            }
            _ => {
                let example = examples.last_mut().expect("an example began");
                match word {
                    "finds" => example.finds.push(rest.to_owned()),
                    "broken" => example.broken = Some(rest.to_owned()),
                    "source" => example.source.extend([rest, "\n"]),
                    _ => panic!("{line} has no meaning"),
                }
            }
        }
    }
    examples
}

impl Example {
    /// An example that is no one's.
    pub(crate) fn of(database: Database, statements: &[&str], given: &[&str], flags: &str) -> Self {
        let [statements, given] =
            [statements, given].map(|all| all.iter().map(|one| (*one).to_owned()).collect());
        Self {
            rule: String::new(),
            database,
            is_good: false,
            flags: flags.to_owned(),
            statements,
            finds: Vec::new(),
            source: String::new(),
            given,
            other: Vec::new(),
            up: Vec::new(),
            broken: None,
        }
    }

    /// Whether it runs in a transaction.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.says("outside")
    }

    /// Whether it is a way down.
    pub(crate) fn is_down(&self) -> bool {
        self.says("down")
    }

    /// Whether who runs it sets time limits.
    pub(crate) fn timeouts(&self) -> bool {
        !self.says("without-timeouts")
    }

    fn says(&self, flag: &str) -> bool {
        self.flags.split(' ').any(|word| word == flag)
    }

    /// What the migrations say to both databases: the given ones, and the example.
    pub(crate) fn recorded(&self) -> Recorded {
        let script = |migration: &str, direction, statements: &[String]| Script {
            migration: migration.to_owned(),
            direction,
            statements: statements.to_vec(),
            in_transaction: self.in_transaction() || migration != NAME,
            broken: None,
        };
        let example = |direction| Script {
            broken: self.broken.clone(),
            ..script(NAME, direction, &self.statements)
        };
        let given = script("m1_given", Direction::Up, &self.given);
        let own = if self.is_down() {
            let up = vec![given, script(NAME, Direction::Up, &self.up)];
            Directions { up, down: vec![example(Direction::Down)] }
        } else {
            Directions { up: vec![given, example(Direction::Up)], down: Vec::new() }
        };
        let other = if self.other.is_empty() {
            Vec::new()
        } else {
            vec![script("m1_given", Direction::Up, &[]), script(NAME, Direction::Up, &self.other)]
        };
        let other = Directions { up: other, down: Vec::new() };
        match self.database {
            Database::Postgres => Recorded { postgres: own, sqlite: other },
            Database::Sqlite => Recorded { postgres: other, sqlite: own },
        }
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.is_good { "good" } else { "bad" };
        writeln!(f, "a {how} example of {} on {}:", self.rule, self.database)?;
        self.statements.iter().try_for_each(|statement| writeln!(f, "  {statement}"))
    }
}
