//! Every rule finds what it should, and nothing else.

use std::{collections::BTreeSet, fs};

use tempfile::TempDir;
use workflow::lint::{Database, Finding, all, allow, lint};

use self::corpus::{Example, corpus};

mod agreement;
mod command;
mod corpus;
mod engine;

/// What is found in an example, without what its source allows.
fn found(example: &Example) -> Vec<Finding> {
    let name = [corpus::NAME.to_owned()];
    let mut findings = lint(&example.recorded(), &name, example.timeouts());
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join(format!("{}.rs", corpus::NAME));
    fs::write(path, &example.source).expect("the file can be written");
    allow(&mut findings, &name, folder.path()).expect("the source can be read");
    findings.retain(|finding| finding.allowed.is_none());
    findings
}

#[test]
fn a_rule_finds_what_is_bad_and_nothing_in_what_is_good() {
    let mut wrong = Vec::new();
    for example in corpus() {
        let found = found(&example);
        let found: BTreeSet<_> =
            found.iter().map(|finding| format!("{} {}", finding.rule, finding.subject)).collect();
        let expected: BTreeSet<_> = example.finds.iter().cloned().collect();
        if found != expected {
            wrong.push(format!("{example}found {found:#?}\ninstead of {expected:#?}\n"));
        }
        let about = expected.iter().any(|line| line.split(' ').next() == Some(&example.rule));
        let other = example.rule == "unparsed" && !example.finds.is_empty();
        assert!(example.is_good != about || other, "{example}is about another rule");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_bad_and_a_good_example_on_each_of_its_databases() {
    let examples = corpus();
    for rule in all() {
        let of_comments = rule.name.ends_with("-allow");
        for database in
            rule.databases.iter().filter(|one| !of_comments || **one == Database::Postgres)
        {
            for is_good in [false, true] {
                let has = examples.iter().any(|example| {
                    (example.rule.as_str(), example.database, example.is_good)
                        == (rule.name, *database, is_good)
                });
                assert!(has, "{} on {database} has no example with is_good = {is_good}", rule.name);
            }
        }
    }
    for example in examples {
        assert!(all().any(|rule| rule.name == example.rule), "there is no rule {}", example.rule);
    }
}
