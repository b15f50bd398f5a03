//! Ten processes that start at once apply each migration once. `RACE_ROUNDS=100 tests/run ten_processes` repeats it.

use std::process::{Child, Output, Stdio};

use migration::{Migrator, MigratorTrait};
use rstest::rstest;
use tempfile::TempDir;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Database, command};

const PROCESSES: usize = 10;

fn rounds() -> usize {
    #[expect(clippy::disallowed_methods, reason = "RACE_ROUNDS is no setting of the server")]
    let rounds = std::env::var("RACE_ROUNDS");
    rounds.map_or(1, |rounds| rounds.parse().expect("RACE_ROUNDS is a number"))
}

fn start(folder: &TempDir, database: &Database) -> Child {
    let settings = [("DATABASE_URL", database.url.as_str())];
    let mut command = command(folder.path(), &settings);
    command.args(["db", "migrate"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the binary starts")
}

/// The names of the migrations that a process says it has applied.
fn applied(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let lines = text.lines().filter_map(|line| line.strip_prefix("applied m"));
    lines.map(|line| format!("m{}", line.split(' ').next().unwrap_or_default())).collect()
}

#[rstest]
#[tokio::test]
async fn ten_processes_apply_each_migration_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let all: Vec<_> = Migrator::migrations().iter().map(|one| one.name().to_owned()).collect();
    for round in 1..=rounds() {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let database = Database::create(backend, folder.path()).await;

        let processes = [(); PROCESSES].map(|()| start(&folder, &database));
        let outputs = processes.map(|process| process.wait_with_output().expect("it ends"));

        assert_eq!(outputs.each_ref().map(applied).concat(), all, "round {round}");
        for table in ["seaql_migrations", "_migration_history"] {
            let names = database.texts(&format!("SELECT version FROM {table} ORDER BY 1")).await;
            assert_eq!(names, all, "{table}, round {round}");
        }
    }
}
