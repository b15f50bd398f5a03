//! What migrations would say to both databases.

use clap::ValueEnum;
use sea_orm::DbBackend;
use sea_orm_migration::MigrationTrait;
use serde::Serialize;

use super::PlanArguments;
use crate::{
    Project,
    catalog::SEAORM,
    definition::literal,
    history,
    recorder::{Direction, Script, record_one},
    report::Report,
};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum, strum::Display)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// PostgreSQL.
    #[value(name = "postgres")]
    #[strum(serialize = "PostgreSQL")]
    Postgres,
    /// SQLite.
    #[value(name = "sqlite")]
    #[strum(serialize = "SQLite")]
    Sqlite,
}

impl Dialect {
    fn backend(self) -> DbBackend {
        match self {
            Self::Postgres => DbBackend::Postgres,
            Self::Sqlite => DbBackend::Sqlite,
        }
    }

    /// The seconds since 1970.
    fn now(self) -> &'static str {
        match self {
            Self::Postgres => "extract(epoch FROM now())::bigint",
            Self::Sqlite => "unixepoch()",
        }
    }
}

/// What migrations would say to a kind of database.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The kind of database.
    pub dialect: Dialect,
    /// What each would say, in order.
    pub scripts: Vec<Script>,
}

#[derive(Serialize)]
struct Document {
    /// Why this is more than what is to be done.
    note: Option<String>,
    plans: Vec<Plan>,
}

/// Prints the plans: of the database that is acted on first. All is SQL, or a comment of it.
pub(crate) async fn run(
    project: &Project,
    arguments: PlanArguments,
    migrations: &[Box<dyn MigrationTrait>],
    direction: Direction,
    note: Option<String>,
    report: &Report,
) -> anyhow::Result<()> {
    let url = &project.database;
    report.line(format!("-- {url}"))?;
    if let Some(note) = &note {
        report.line(format!("-- {note}"))?;
    }
    if migrations.is_empty() {
        report.line("-- nothing to do")?;
    }
    let dialects = match (arguments.only, url.is_postgres()) {
        (Some(only), _) => vec![only],
        (None, true) => vec![Dialect::Postgres, Dialect::Sqlite],
        (None, false) => vec![Dialect::Sqlite, Dialect::Postgres],
    };
    let mut plans = Vec::new();
    for dialect in dialects {
        let plan = Plan::of(migrations, direction, dialect).await;
        report.line(plan.text())?;
        plans.push(plan);
    }
    report.document(&Document { note, plans })
}

impl Plan {
    /// What the migrations would say to a kind of database, in the order given.
    pub async fn of(
        migrations: &[Box<dyn MigrationTrait>],
        direction: Direction,
        dialect: Dialect,
    ) -> Self {
        let mut scripts = Vec::new();
        for migration in migrations {
            scripts.push(record_one(migration.as_ref(), dialect.backend(), direction).await);
        }
        Self { dialect, scripts }
    }

    /// As SQL that can be run by hand: it also notes what it has done, as SeaORM does.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if self.scripts.iter().any(|script| script.direction == Direction::Up) {
            let record = history::record(self.dialect.backend());
            lines.push(format!("\n-- {}\n{record};", self.dialect));
        }
        lines.extend(self.scripts.iter().map(|script| self.script(script)));
        lines.join("\n")
    }

    fn script(&self, script: &Script) -> String {
        let (name, dialect) = (&script.migration, self.dialect);
        let quoted = literal(name);
        let (way, note) = match script.direction {
            Direction::Up => (
                "up",
                format!(
                    r#"INSERT INTO "{SEAORM}" ("version", "applied_at") VALUES ({quoted}, {})"#,
                    dialect.now()
                ),
            ),
            Direction::Down => {
                ("down", format!(r#"DELETE FROM "{SEAORM}" WHERE "version" = {quoted}"#))
            }
        };
        let mut lines = vec![format!("\n-- {dialect}: {name}, {way}")];
        let mut statements = script.statements.clone();
        if let Some(broken) = &script.broken {
            // Half a migration must not be run by mistake.
            lines
                .push(format!("-- After what follows, it stops here: {broken}").replace('\n', " "));
            let half = statements.iter().flat_map(|statement| statement.lines());
            lines.extend(half.map(|line| format!("--   {line}")));
            return lines.join("\n");
        }
        statements.push(note);
        if script.in_transaction {
            statements.insert(0, "BEGIN".to_owned());
            statements.push("COMMIT".to_owned());
        } else {
            lines.push("-- outside of a transaction".to_owned());
        }
        lines.extend(
            statements
                .iter()
                .map(|statement| format!("{};", statement.trim_end().trim_end_matches(';'))),
        );
        lines.join("\n")
    }
}
