//! The command line behind `sea-orm-cli migrate`, run as that tool runs it.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "TEST_POSTGRES_URL is no setting of the server")]

use std::{
    env,
    path::Path,
    process::{Command, Output, Stdio},
};

use migration::{Locked, Migrator, MigratorTrait, gap};
use rstest::rstest;
use sea_orm_migration::sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

/// A command without the settings of whoever runs the tests.
fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migration"));
    command
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_SCHEMA");
    command
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{command:?}: {}", text(&output));
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

async fn count_pending(url: &str) -> usize {
    let locked = Locked::open(url).await.expect("the database can be reached");
    let gap = gap(locked.connection()).await.expect("the migrations can be read");
    locked.close().await.expect("the connection closes");
    gap.pending.len()
}

/// An empty database, in `folder` or on the server that `tests/run` brings.
async fn create(backend: &str, folder: &Path) -> String {
    if backend == "sqlite" {
        return format!("sqlite://{}", folder.join("new/folder/test.db").display());
    }
    let server = env::var("TEST_POSTGRES_URL").expect("`tests/run` brings a PostgreSQL server");
    let name = format!("garboard_test_{}", std::process::id());
    let connection = Database::connect(&server).await.expect("the server can be reached");
    for statement in
        [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")]
    {
        connection.execute_unprepared(&statement).await.expect("databases can be created");
    }
    let (address, options) = server.split_once('?').unwrap_or((&server, ""));
    let (address, _) = address.rsplit_once('/').expect("TEST_POSTGRES_URL names a database");
    format!("{address}/{name}?{options}")
}

#[rstest]
#[tokio::test]
async fn every_subcommand_works(#[values("sqlite", "postgres")] backend: &str) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let url = create(backend, folder.path()).await;

    let all = Migrator::migrations().len();
    for (arguments, left) in [
        ("status", all),
        ("up -n 3", all - 3),
        ("down", all - 2),
        ("up", 0),
        ("refresh", 0),
        ("fresh", 0),
        ("down -n 2", 2),
        ("", 0),
        ("reset", all),
    ] {
        succeed(command(folder.path(), arguments).env("DATABASE_URL", &url));
        assert_eq!(count_pending(&url).await, left, "after `{arguments}`");
    }

    // Two at once: neither fails, and the work is done once.
    let mut both = [(); 2].map(|()| {
        let mut up = command(folder.path(), "up");
        up.env("DATABASE_URL", &url).stdout(Stdio::null()).spawn().expect("the command starts")
    });
    for process in &mut both {
        assert!(process.wait().expect("the command ends").success());
    }
    assert_eq!(count_pending(&url).await, 0);
}

#[test]
fn the_database_is_the_argument_the_environment_the_file_or_the_usual_one() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let made = |name: &str| folder.path().join(name).exists();

    succeed(&mut command(folder.path(), "status"));
    assert!(made("data/garboard.db"));
    std::fs::write(folder.path().join(".env"), "DATABASE_URL=sqlite://file.db")
        .expect("the file can be written");
    succeed(&mut command(folder.path(), "status"));
    assert!(made("file.db"));
    succeed(command(folder.path(), "status").env("DATABASE_URL", "sqlite:environment.db"));
    assert!(made("environment.db"));
    succeed(
        command(folder.path(), "status -u sqlite:argument.db").env("DATABASE_URL", "sqlite:no.db"),
    );
    assert!(made("argument.db") && !made("no.db"));
}

#[rstest]
#[case::not_a_url("geheim")]
#[case::not_a_server("mysql://ada:geheim@localhost/x")]
#[case::an_unquoted_password("postgres://ada:geheim#1@localhost/x")]
#[case::in_memory("sqlite::memory:")]
#[case::a_folder("sqlite:.")]
fn a_database_that_cannot_be_reached_is_one_line(#[case] url: &str) {
    let folder = TempDir::new().expect("a temporary folder can be made");

    let output = command(folder.path(), "up").env("DATABASE_URL", url).output();

    let output = output.expect("the command starts");
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with("DATABASE_URL: ") && text.trim().lines().count() == 1, "{text}");
    assert!(!text.contains("geheim"), "{text}");
}
