//! What is wrong with a database is found, and a healthy one is left alone.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use workflow::{
    DatabaseUrl, Project,
    doctor::{self, Finding, Severity, file},
    report::Report,
    scratch::{self, Scratch},
};

use crate::harness::Backend::{Postgres, Sqlite};
use crate::harness::{connect, empty, execute};

mod postgres;
mod sqlite;

fn project(url: &DatabaseUrl) -> Project {
    Project { migrations: Vec::new, database: url.clone(), production: true }
}

/// What is found, as lines: severity, subject, what was seen.
async fn findings(url: &DatabaseUrl, db: &DatabaseConnection) -> Vec<Finding> {
    let found = doctor::examine(&project(url), db, 20, &Report::new(true)).await;
    found.expect("the database can be examined").findings
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let line =
        |finding: &Finding| format!("{} {}: {}", finding.severity, finding.subject, finding.seen);
    findings.iter().map(line).collect()
}

/// Asserts that the findings are these: each line begins with one of them, and each of them begins a line.
fn assert_found(findings: &[Finding], wanted: &[&str]) {
    let lines = lines(findings);
    for line in &lines {
        assert!(wanted.iter().any(|wanted| line.starts_with(wanted)), "unexpected: {line}");
    }
    for wanted in wanted {
        assert!(lines.iter().any(|line| line.starts_with(wanted)), "no {wanted} in {lines:#?}");
    }
}

#[test]
fn a_disk_that_is_nearly_full_and_one_on_the_network_are_told() {
    let severity = |free, size| file::space(free, size).map(|finding| finding.severity);
    assert_eq!(severity(1 << 20, 1 << 10), Some(Severity::Error));
    assert_eq!(severity(1 << 30, 1 << 31), Some(Severity::Warning));
    assert_eq!(severity(1 << 31, 1 << 30), None);
    let network = file::file_system(0x6969).expect("NFS is told");
    assert!(network.seen.contains("NFS") && network.severity == Severity::Error);
    assert_eq!(file::file_system(0xEF53), None);
}
