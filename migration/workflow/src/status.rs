//! `garboard db status`: what is applied, and whether the schema is as the migrations left it.

use std::process::ExitCode;

use anyhow::Context;
use chrono::DateTime;
use clap::Args;
use sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::{
    Migrations, Project,
    catalog::Catalog,
    history::{self, Applied},
    recorder::{Direction, record},
    report::{Report, table},
};

/// The end of `garboard db status --help`.
const NOTES: &str = "\
States:
  applied   as it is written now
  pending   not applied: `garboard db migrate` does so
  edited    applied, and changed in the source since then, which this database will not get: take
            the change back, and write a new migration (a new version of SeaORM may also write the
            same in other words)
  unknown   applied by another release, as a rule a newer one, which does no harm

The schema is compared with what it was after the last `db migrate` or `db rollback`; `garboard db
drift` tells what differs from what the migrations build. What `sea-orm-cli` has applied is applied
all the same, only how long it took and whether it was edited is not known.

It only reads: SELECT on seaql_migrations and _migration_history is all that its user needs.

Exit code: 0 if nothing is pending or edited, and the schema is not known to have changed; else 1.";

/// What is asked of `db status`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct StatusArguments {}

/// How a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum State {
    /// As it is written.
    Applied,
    /// Not applied.
    Pending,
    /// Applied, and changed in the source since then.
    Edited,
    /// Applied, and not known here.
    Unknown,
}

/// A migration, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigrationStatus {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// When it was applied, in seconds since 1970.
    pub applied_at: Option<i64>,
    /// How long it took, in milliseconds, if these commands applied it.
    pub duration_ms: Option<i64>,
}

/// How the migrations and the schema of a database are.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Those of this program in order, then those that are unknown here in the order of time.
    pub migrations: Vec<MigrationStatus>,
    /// The fingerprint of the schema after the last `db migrate`, if that is known.
    pub expected: Option<String>,
    /// The fingerprint of the schema.
    pub live: String,
}

impl Status {
    /// Whether the schema is known to be other than the migrations left it.
    pub fn changed(&self) -> bool {
        self.expected.as_ref().is_some_and(|expected| *expected != self.live)
    }

    /// As a table, and what follows from it.
    pub fn text(&self) -> String {
        let rows = self.migrations.iter().map(|migration| {
            let time =
                migration.applied_at.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
            let time = time.map_or_else(String::new, |time| time.format("%F %T UTC").to_string());
            let taken =
                migration.duration_ms.map_or_else(String::new, |taken| format!("{taken} ms"));
            [migration.name.clone(), migration.state.to_string(), time, taken]
        });
        let rows: Vec<_> = rows.collect();
        let short = |fingerprint: &str| fingerprint.chars().take(12).collect::<String>();
        let schema = match &self.expected {
            Some(expected) if self.changed() => format!(
                "schema {} has changed since the last migration, which left {}: see `garboard db drift`",
                short(&self.live),
                short(expected)
            ),
            Some(_) => format!("schema {} is as the last migration left it", short(&self.live)),
            None => format!(
                "schema {}; no `db migrate` has left one to compare it with",
                short(&self.live)
            ),
        };
        let states = [State::Applied, State::Pending, State::Edited, State::Unknown];
        let counts = states.map(|state| (self.count(state), state));
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts.map(|(count, state)| format!("{count} {state}")).collect();
        [table(["migration", "state", "applied", "took"], &rows), counts.join(", "), schema]
            .join("\n")
    }

    fn count(&self, state: State) -> usize {
        self.migrations.iter().filter(|migration| migration.state == state).count()
    }
}

/// Shows how the migrations and the schema are. It only reads, and makes no SQLite file that is not there.
///
/// # Errors
/// When the database cannot be reached or read.
pub async fn run(
    project: &Project,
    _: &StatusArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    let url = &project.database;
    report.database(url)?;
    let db = history::reach(url).await?;
    let status = status(db.as_ref(), project.migrations);
    let status = report.during(status, |_| "reading the schema".to_owned()).await;
    let status = status.with_context(|| history::unreadable(url))?;
    if db.is_none() {
        report.line("there is no such file yet: `db migrate` makes it")?;
    }
    report.line(status.text())?;
    if status.count(State::Pending) > 0 {
        report
            .line("`garboard db migrate` applies what is pending; with --plan, it shows the SQL")?;
    }
    report.document(&status)?;
    let well = [State::Pending, State::Edited].iter().all(|state| status.count(*state) == 0);
    Ok(if well && !status.changed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How the migrations and the schema of a database are; without one, all are pending.
///
/// # Errors
/// Those of the database.
pub async fn status(
    db: Option<&DatabaseConnection>,
    migrations: Migrations,
) -> anyhow::Result<Status> {
    let Some(db) = db else {
        let all = migrations();
        let pending = all.iter().map(|one| describe(one.name(), State::Pending, None));
        let live = Catalog::default().fingerprint();
        return Ok(Status { migrations: pending.collect(), expected: None, live });
    };
    let applied = history::read(db).await?;
    let mut all = Vec::new();
    for script in record(migrations, db.get_database_backend(), Direction::Up).await {
        let row = applied.iter().find(|row| row.name == script.migration);
        let known = row.and_then(|row| row.known.as_ref()?.checksum.as_ref());
        let state = match (row, known) {
            (None, _) => State::Pending,
            (Some(_), Some(checksum)) if *checksum != script.checksum() => State::Edited,
            (Some(_), _) => State::Applied,
        };
        all.push(describe(&script.migration, state, row));
    }
    let unknown = applied.iter().filter(|row| all.iter().all(|one| one.name != row.name));
    let unknown: Vec<_> =
        unknown.map(|row| describe(&row.name, State::Unknown, Some(row))).collect();
    all.extend(unknown);
    Ok(Status {
        migrations: all,
        expected: history::fingerprint(&applied).map(str::to_owned),
        live: Catalog::read(db).await?.fingerprint(),
    })
}

fn describe(name: &str, state: State, row: Option<&Applied>) -> MigrationStatus {
    MigrationStatus {
        name: name.to_owned(),
        state,
        applied_at: row.map(|row| row.at),
        duration_ms: row.and_then(|row| Some(row.known.as_ref()?.milliseconds)),
    }
}
