//! `garboard db lint`: unsafe steps, found in what migrations say to both databases.
//!
//! A migration is recorded on both databases and in both directions, the schema that each of its statements meets is
//! worked out from the migrations before it ([`model`]), and every rule of [`rules`] looks at it.

mod document;
mod model;
mod recorded;
mod rules;
mod source;
mod statement;
mod words;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

pub use document::markdown;
pub use recorded::{Directions, Recorded};
pub use rules::{Rule, Severity, all};
pub use source::changed;

use crate::{Project, history, new, recorder::Direction, report::Report};
use rules::{Hit, Migration};
use source::Comment;

/// Look for unsafe steps in migrations, before they meet rows and other releases.
///
/// What the migrations would say to SQLite and to PostgreSQL, up and down, is looked at by rules: steps that lock a table,
/// rewrite it, break the release that still runs, lose data, or fail once there are rows. Nothing is run. Without names, the
/// migrations that the database still lacks are looked at; CI wants --since. `docs/lint-rules.md` lists the rules.
///
/// Where a step is as it should be, say why in the file of the migration, on a line of its own:
/// `// lint: allow <rule>: <reason>`.
///
/// The exit code is 1 if anything is found for which no reason is given.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  garboard db lint                                     what the next `db migrate` would do
  garboard db lint --since origin/main                 what this branch has added or changed
  garboard db lint m20260901_000018_index_expiry       one migration
  garboard db lint --rules                             every rule, why, and the safe way")]
pub struct LintArguments {
    /// The migrations to look at; without names, those that are pending.
    #[arg(value_name = "NAME", conflicts_with = "since")]
    names: Vec<String>,
    /// Look at those whose files were added or changed since this revision of git.
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// The folder of the migrations; if nothing is said, `migration/src` here or in a folder above.
    #[arg(long, value_name = "DIR")]
    migrations: Option<PathBuf>,
    /// They are run by something that sets no time limits, such as `sea-orm-cli`; `db migrate` does.
    #[arg(long)]
    other_runner: bool,
    /// List the rules, each with why and the safe way.
    #[arg(long, conflicts_with_all = ["names", "since", "migrations", "other_runner"])]
    rules: bool,
}

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
pub enum Database {
    /// PostgreSQL.
    #[strum(serialize = "PostgreSQL")]
    Postgres,
    /// SQLite.
    #[strum(serialize = "SQLite")]
    Sqlite,
}

/// Something that a rule has found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The databases on which it is so.
    pub databases: Vec<Database>,
    /// The migration.
    pub migration: String,
    /// Up or down.
    pub direction: Direction,
    /// Which statement, from 1; none, if it is about the migration as a whole.
    pub number: Option<usize>,
    /// The statement, shortened.
    pub statement: Option<String>,
    /// What it is about: a table, `table.column`, an index.
    pub subject: String,
    /// Why it is unsafe.
    pub why: &'static str,
    /// What to do instead.
    pub safe_way: &'static str,
    /// The reason that the source gives for it.
    pub allowed: Option<String>,
}

/// Looks at the chosen migrations.
///
/// # Errors
/// A name that is none, a revision that git does not know, a database that cannot be reached.
pub async fn run(
    project: &Project,
    arguments: &LintArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    if arguments.rules {
        report.line(document::listed())?;
        report.document(&all().collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    report.database(&project.database)?;
    let recorded = Recorded::record(project.migrations).await;
    let names = recorded.names();
    // Far from the sources, as in an image for production, what they allow is unknown.
    let folder = match &arguments.migrations {
        Some(named) => Some(new::folder(Some(named))?),
        None => new::folder(None).ok(),
    };
    let chosen = choose(project, arguments, &names, folder.as_deref()).await?;
    let mut findings = lint(&recorded, &chosen, !arguments.other_runner);
    if let Some(folder) = &folder {
        allow(&mut findings, &chosen, folder)?;
    }
    let told = Told { migrations: &chosen, sources: folder.as_deref(), findings: &findings };
    report.line(document::told(&told))?;
    report.document(&told)?;
    let clean = findings.iter().all(|finding| finding.allowed.is_some());
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the command tells.
#[derive(Debug, Serialize)]
struct Told<'a> {
    /// The migrations that were looked at.
    migrations: &'a [String],
    /// Where their sources are; without them, what they allow is unknown.
    sources: Option<&'a Path>,
    /// What was found.
    findings: &'a [Finding],
}

async fn choose(
    project: &Project,
    arguments: &LintArguments,
    names: &[String],
    folder: Option<&Path>,
) -> anyhow::Result<Vec<String>> {
    if let Some(revision) = &arguments.since {
        let folder = folder.context(
            "the sources of the migrations are not here: run --since in the project, or name their folder with --migrations DIR",
        )?;
        return changed(folder, revision, names);
    }
    if let Some(unknown) = arguments.names.iter().find(|name| !names.contains(name)) {
        bail!(
            "there is no migration {unknown}: the last one is {}",
            names.last().map_or("none", |name| name)
        );
    }
    if !arguments.names.is_empty() {
        return Ok(names.iter().filter(|name| arguments.names.contains(name)).cloned().collect());
    }
    let applied = history::read_at(&project.database).await?;
    let is_pending = |name: &&String| !applied.iter().any(|applied| applied.name == **name);
    Ok(names.iter().filter(is_pending).cloned().collect())
}

/// What the rules find in the chosen migrations; what is so on both databases is told once. `timeouts`: who runs them sets
/// `lock_timeout` and `statement_timeout`.
pub fn lint(recorded: &Recorded, chosen: &[String], timeouts: bool) -> Vec<Finding> {
    let models = recorded.models();
    let mut all_findings = Vec::new();
    for name in chosen {
        let mut findings: Vec<Finding> = Vec::new();
        for migration in recorded.migrations(name, &models, timeouts) {
            for finding in find(&migration) {
                let same = findings.iter_mut().find(|other| {
                    (other.rule, other.direction, &other.subject)
                        == (finding.rule, finding.direction, &finding.subject)
                        && !other.databases.contains(&migration.database)
                });
                match same {
                    Some(other) => other.databases.push(migration.database),
                    None => findings.push(finding),
                }
            }
        }
        findings.sort_by_key(|finding| (finding.direction == Direction::Down, finding.number));
        all_findings.append(&mut findings);
    }
    all_findings
}

fn find(migration: &Migration<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in all().filter(|rule| migration.is_for(rule)) {
        let by_words = migration.steps().filter_map(|(place, step)| {
            let named = words::look(&step.statement).contains(&rule.name);
            named.then(|| Hit { place: Some(place), subject: step.statement.shortened() })
        });
        let hits = (rule.check)(migration).into_iter().chain(by_words);
        findings.extend(hits.map(|hit| {
            Finding {
                rule: rule.name,
                severity: rule.severity,
                databases: vec![migration.database],
                migration: migration.script.migration.clone(),
                direction: migration.script.direction,
                number: hit.place.map(|place| place + 1),
                statement: hit
                    .place
                    .and_then(|place| migration.steps.get(place))
                    .map(|step| step.statement.shortened()),
                subject: hit.subject,
                why: rule.why,
                safe_way: rule.safe_way,
                allowed: None,
            }
        }));
    }
    findings
}

/// Gives the findings the reasons that the sources in `folder` have for them, and adds what is wrong with those.
///
/// # Errors
/// When a source cannot be read.
pub fn allow(findings: &mut Vec<Finding>, chosen: &[String], folder: &Path) -> anyhow::Result<()> {
    for migration in chosen {
        for comment in source::comments_of(folder, migration)? {
            let (rule, subject) = match comment {
                Comment::Allow { rule, .. } if all().all(|known| known.name != rule) => {
                    ("invalid-allow", rule)
                }
                Comment::Invalid(text) => ("invalid-allow", text),
                Comment::Allow { rule, reason } => {
                    let found = findings
                        .iter_mut()
                        .filter(|finding| finding.rule == rule && finding.migration == *migration);
                    let mut used = false;
                    for finding in found {
                        finding.allowed = Some(reason.clone());
                        used = true;
                    }
                    if used {
                        continue;
                    }
                    ("unused-allow", rule)
                }
            };
            findings.extend(all().filter(|known| known.name == rule).map(|rule| Finding {
                rule: rule.name,
                severity: rule.severity,
                databases: rule.databases.to_vec(),
                migration: migration.clone(),
                direction: Direction::Up,
                number: None,
                statement: None,
                subject: subject.clone(),
                why: rule.why,
                safe_way: rule.safe_way,
                allowed: None,
            }));
        }
    }
    Ok(())
}
