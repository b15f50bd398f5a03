//! How findings and rules are told: as text for a terminal, and as the page `docs/lint-rules.md`.

use std::fmt::Write as _;

use super::{
    Database, Finding, Told,
    rules::{Rule, all},
};
use crate::recorder::Direction;

/// How wide text may be.
const WIDTH: usize = 100;

/// What was found, and how much of it is allowed.
pub(super) fn told(told: &Told<'_>) -> String {
    let mut text = String::new();
    let mut heading = "";
    let open: Vec<_> = told.findings.iter().filter(|finding| finding.allowed.is_none()).collect();
    for finding in &open {
        if heading != finding.migration {
            heading = &finding.migration;
            let _ = writeln!(text, "\n{heading}");
        }
        one(&mut text, finding);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let allowed = told.findings.len() - open.len();
    let _ = write!(text, "migrations: {}; findings: {}", told.migrations.len(), open.len());
    if allowed > 0 {
        let _ = write!(text, "; more with a reason in the source: {allowed}");
    }
    if told.sources.is_none() {
        text.push_str(
            "\nThe sources are not here, so the reasons that they give are not known: run this in the project.",
        );
    }
    text
}

fn one(text: &mut String, finding: &Finding) {
    let (rule, severity, subject) = (finding.rule, finding.severity, &finding.subject);
    let databases = names(&finding.databases);
    let way = if finding.direction == Direction::Down { ", down" } else { "" };
    let about = if finding.statement.as_ref() == Some(subject) {
        String::new()
    } else {
        format!(": {subject}")
    };
    let _ = writeln!(text, "  {severity} {rule} ({databases}{way}){about}");
    if let Some(statement) = &finding.statement {
        paragraph(text, "      ", statement);
    }
    paragraph(text, "    why  ", finding.why);
    paragraph(text, "    safe ", finding.safe_way);
}

fn names(databases: &[Database]) -> String {
    databases.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Words behind a beginning, in lines that end before the width.
fn paragraph(text: &mut String, start: &str, words: &str) {
    let indent = " ".repeat(start.chars().count());
    let mut line = start.to_owned();
    let mut is_empty = true;
    for word in words.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line.clone_from(&indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    let _ = writeln!(text, "{line}");
}

/// Every rule, for a terminal.
pub(super) fn listed() -> String {
    let mut text = String::new();
    for Rule { name, databases, severity, what, why, safe_way, .. } in all() {
        let _ = writeln!(text, "{name} ({severity}, {})", names(databases));
        paragraph(&mut text, "    finds ", what);
        paragraph(&mut text, "    why   ", why);
        paragraph(&mut text, "    safe  ", safe_way);
    }
    text.trim_end().to_owned()
}

/// Every rule, as the page `docs/lint-rules.md`.
pub fn markdown() -> String {
    let mut page = "# The rules of `garboard db lint`\n\n\
        What `garboard db lint --rules` prints. Those that Squawk has as well bear its names. A finding for which there is a\n\
        good reason is allowed by a comment in the file of the migration: `// lint: allow <rule>: <reason>`.\n\n\
        The way down of a migration is looked at by the rules that are marked so: for what fails or loses data there.\n\n\
        | rule | on | finds | why | the safe way |\n|---|---|---|---|---|\n"
        .to_owned();
    for Rule { name, databases, severity, down, what, why, safe_way, .. } in all() {
        let down = if *down { ", down too" } else { "" };
        let [what, why, safe_way] = [what, why, safe_way].map(|text| text.replace('<', "&lt;"));
        let _ = writeln!(
            page,
            "| `{name}` | {} ({severity}{down}) | {what} | {why} | {safe_way} |",
            names(databases)
        );
    }
    page
}
