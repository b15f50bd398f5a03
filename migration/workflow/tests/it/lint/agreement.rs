//! Squawk says the same, statement by statement, of the rules that both have.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde::Deserialize;
use tempfile::TempDir;
use workflow::lint::{Database, all, lint};

use self::deviations::{DEVIATIONS, Deviation, Who};
use super::corpus::{Example, NAME, corpus};

mod deviations;

/// More statements than the corpus has, each a migration of its own behind those tables.
const GIVEN: [&str; 6] = [
    "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text, age bigint, state text)",
    "CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint, title text, body text, state text)",
    "CREATE INDEX ix_posts_user_id ON posts (user_id)",
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
    "CREATE DOMAIN positive AS bigint",
    "CREATE TABLE log (at date) PARTITION BY RANGE (at)",
];

fn examples() -> Vec<Example> {
    let of_corpus = corpus().into_iter().filter(|example| {
        let comments = example.rule.ends_with("-allow") || !example.source.is_empty();
        example.database == Database::Postgres && !example.is_down() && !comments
    });
    let more =
        include_str!("more.sql").lines().filter(|line| !line.is_empty() && !line.starts_with("--"));
    let more = more.flat_map(|line| {
        let statements: Vec<_> = line.split("; ").map(|one| one.trim_end_matches(';')).collect();
        ["", "outside"].map(|flags| Example::of(Database::Postgres, &statements, &GIVEN, flags))
    });
    of_corpus.chain(more).collect()
}

/// A part of what Squawk tells.
#[derive(Deserialize)]
struct Violation {
    file: String,
    /// From 0.
    line: usize,
    rule_name: String,
}

/// What Squawk finds in each of the examples: the rules, by the number of the statement.
fn squawk(
    examples: &[Example],
    in_transaction: bool,
) -> BTreeMap<usize, BTreeSet<(usize, String)>> {
    let squawk = Path::new(env!("CARGO_TARGET_TMPDIR")).join("squawk/bin/squawk");
    assert!(squawk.exists(), "squawk is not installed: `tests/run` does that");
    let folder = TempDir::new().expect("a temporary folder can be made");
    let mut command = Command::new(squawk);
    command.args(["--reporter", "json", "--pg-version", "15.0"]).current_dir(folder.path());
    command.arg(if in_transaction { "--assume-in-transaction" } else { "--verbose" });
    for (number, example) in examples.iter().enumerate() {
        if example.in_transaction() == in_transaction && !example.statements.is_empty() {
            let name = format!("{number}.sql");
            fs::write(folder.path().join(&name), example.statements.join(";\n") + ";\n")
                .expect("a file can be written");
            command.arg(name);
        }
    }
    let done = command.output().expect("squawk starts");
    let said = String::from_utf8_lossy(&done.stdout);
    let said: Vec<Violation> =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for Violation { file, line, rule_name } in said {
        let number = file.trim_end_matches(".sql").parse().expect("the number of an example");
        found.entry(number).or_default().insert((line + 1, rule_name));
    }
    found
}

#[test]
fn squawk_finds_the_same_by_the_rules_that_both_have() {
    let examples = examples();
    let mut theirs = squawk(&examples, true);
    theirs.extend(squawk(&examples, false));
    let its_rules = squawk_rules();
    let common: BTreeSet<_> =
        all().map(|rule| rule.name).filter(|name| its_rules.contains(name)).collect();
    assert!(common.len() > 30, "{common:?}");

    let mut compared = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (number, example) in examples.iter().enumerate() {
        let findings = lint(&example.recorded(), &[NAME.to_owned()], false);
        let ours: BTreeSet<_> = findings
            .iter()
            .filter_map(|finding| Some((finding.number?, finding.rule.to_owned())))
            .filter(|(_, rule)| common.contains(rule.as_str()))
            .collect();
        let mut theirs = theirs.remove(&number).unwrap_or_default();
        theirs.retain(|(_, rule)| common.contains(rule.as_str()));
        for (who, one, other) in [(Who::We, &ours, &theirs), (Who::Squawk, &theirs, &ours)] {
            for (line, rule) in one.difference(other) {
                let statement = &example.statements[line - 1];
                let explains = |deviation: &Deviation| deviation.explains(who, rule, statement);
                match DEVIATIONS.iter().position(explains) {
                    Some(place) => _ = used.insert(place),
                    None => _ = wrong.insert(format!("{who:?}, {rule}, {statement}, of {example}")),
                }
            }
        }
        compared.extend(
            example.statements.iter().map(|statement| (statement, example.in_transaction())),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(
        used.len(),
        DEVIATIONS.len(),
        "a deviation explains nothing; these are used: {used:?}"
    );
    assert!(compared.len() > 250, "{} statements were compared", compared.len());
}

/// The rules of Squawk that are on unless one asks for them to be off, at the version that tests/run installs.
fn squawk_rules() -> Vec<&'static str> {
    include_str!("squawk-rules.txt").lines().collect()
}
