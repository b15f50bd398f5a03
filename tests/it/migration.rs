//! Every migration goes up and down on both databases, with rows in the tables, and leaves no trace.

use migration::schema::{self, Column, SetNull, big_integer, boolean, string, timestamp, uuid};
use migration::{Migrator, MigratorTrait, SchemaManager, gap, migrate};
use rstest::rstest;
use workflow::{Project, drift::drift};

use self::scratch::Direction::{Down, Up};
use self::scratch::ROWS;
use crate::harness::Backend::{self, Postgres, Sqlite};

pub(crate) use scratch::Scratch;

mod race;
mod scratch;

#[rstest]
#[tokio::test]
async fn up_down_up_leaves_the_same_schema(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = Scratch::new(backend).await;
    let locked = scratch.open().await;

    Migrator::up(locked.connection(), None).await.expect("up");
    let first = scratch.schema().await;
    Migrator::down(locked.connection(), None).await.expect("down");
    let none = scratch.schema().await;
    Migrator::up(locked.connection(), None).await.expect("up again");
    let second = scratch.schema().await;

    assert!(none.is_empty(), "{none:?}");
    assert!(first.len() > ROWS.len());
    assert_eq!(first, second);
}

#[rstest]
#[tokio::test]
async fn each_migration_goes_up_down_and_up_beside_rows(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = Scratch::new(backend).await;
    let mut before = scratch.schema().await;
    for row in ROWS {
        scratch.step(Up).await;
        let after = scratch.schema().await;
        scratch.step(Down).await;
        assert_eq!(scratch.schema().await, before, "down, before: {row}");
        scratch.step(Up).await;
        assert_eq!(scratch.schema().await, after, "up again, before: {row}");
        scratch.execute(row).await.unwrap_or_else(|error| panic!("{row}: {error}"));
        before = after;
    }

    assert_eq!(ROWS.len(), Migrator::migrations().len(), "every migration has a row in ROWS");
    // The newest row refers, in the end, to all the others that a foreign key can reach.
    assert_eq!(scratch.texts("SELECT title FROM task WHERE project_id = #9").await, ["Fly"]);
}

#[rstest]
#[tokio::test]
async fn a_database_that_is_migrated_and_in_use_has_no_drift(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = Scratch::new(backend).await;
    migrate(scratch.url()).await.expect("the migrations apply");
    for row in ROWS {
        scratch.execute(row).await.unwrap_or_else(|error| panic!("{row}: {error}"));
    }
    let project = Project {
        migrations: Migrator::migrations,
        database: scratch.url().parse().expect("it is the address of a database"),
        production: false,
    };

    let drift = drift(&project, None).await.expect("it can be compared");

    assert!(drift.differences.is_empty(), "{:#?}", drift.differences);
    assert_eq!((drift.applied, drift.pending.len()), (Migrator::migrations().len(), 0));
}

#[rstest]
#[tokio::test]
async fn two_processes_may_migrate_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = Scratch::new(backend).await;

    let (first, second) = tokio::join!(migrate(scratch.url()), migrate(scratch.url()));

    let mut applied = [first.expect("one migrates"), second.expect("the other waits")];
    applied.sort_by_key(Vec::len);
    let all: Vec<_> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    assert_eq!(applied, [Vec::new(), all]);
}

#[rstest]
#[tokio::test]
async fn the_gap_is_read_and_knows_what_a_newer_release_applied(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = Scratch::new(backend).await;
    let locked = scratch.open().await;
    let all = gap(locked.connection()).await.expect("an empty database lacks everything").pending;
    let made = scratch.schema().await;
    assert!(made.is_empty(), "{made:?}");
    let steps = Migrator::migrations().len();
    let but_one = u32::try_from(steps - 1).expect("few steps");
    Migrator::up(locked.connection(), Some(but_one)).await.expect("up");

    let last = gap(locked.connection()).await.expect("the rest is pending").pending;
    Migrator::up(locked.connection(), None).await.expect("up");
    scratch
        .execute("INSERT INTO seaql_migrations VALUES ('m29990101_000001_create_hologram', 0)")
        .await
        .expect("a newer release migrates");
    let none = gap(locked.connection()).await.expect("nothing is pending");
    locked.close().await.expect("the connection closes");

    assert_eq!(all.len(), steps);
    assert_eq!(last, all[steps - 1..]);
    assert_eq!(none.unknown, ["m29990101_000001_create_hologram"]);
    let applied = migrate(scratch.url()).await.expect("nothing to do is no error");
    assert!(none.pending.is_empty() && applied.is_empty(), "{none:?} {applied:?}");
}

#[rstest]
#[case::too_long("theme", "name = repeat_a(101)", "ck_theme_name")]
#[case::no_such_status("project", "status = 'deleted'", "ck_project_status")]
#[case::too_much("task", "estimate_minutes = 525601", "ck_task_estimate_minutes")]
#[case::too_little("task", "estimate_minutes = -1", "ck_task_estimate_minutes")]
#[case::upper_case(r#""user""#, "email = 'Ada@example.com'", "ck_user_email")]
#[tokio::test]
async fn what_a_column_cannot_hold_is_refused_by_name(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] table: &str,
    #[case] assignment: &str,
    #[case] constraint: &str,
) {
    let scratch = Scratch::with_rows(backend).await;
    // Characters, not bytes, are counted, and only ASCII letters have a case.
    scratch
        .execute(&format!("UPDATE theme SET name = '{}'", "é".repeat(100)))
        .await
        .expect("a hundred characters fit");
    scratch
        .execute(r#"UPDATE "user" SET email = 'É@example.com'"#)
        .await
        .expect("É is no ASCII letter");

    let assignment = assignment.replace("repeat_a(101)", &format!("'{}'", "a".repeat(101)));
    let refusal = scratch.execute(&format!("UPDATE {table} SET {assignment}")).await;

    assert!(refusal.as_ref().is_err_and(|error| error.contains(constraint)), "{refusal:?}");
}

#[rstest]
#[tokio::test]
async fn text_ids_and_times_sort_by_bytes(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = Scratch::new(backend).await;
    migrate(scratch.url()).await.expect("the migrations apply");
    // As SeaORM writes them on SQLite: as many digits as needed, in threes.
    let rows = [
        ("#c", "a", "2026-01-31T09:00:00+00:00"),
        ("#1", "B", "2026-01-31T09:00:00.120+00:00"),
        ("#b", "é", "2026-01-31T09:00:00.120500+00:00"),
        ("#9", "_", "2026-01-31T09:00:01+00:00"),
        ("#a", "z", "2026-01-31T10:00:00.000001+00:00"),
    ];
    for (id, name, time) in rows {
        let values = format!("({id}, '{name}', 'teal', '{time}', '{time}')");
        let insert = "INSERT INTO theme (id, name, primary_color, created_at, updated_at) VALUES";
        scratch.execute(&format!("{insert} {values}")).await.expect("the row is inserted");
    }

    let by = async |column: &str| {
        scratch.texts(&format!("SELECT name FROM theme ORDER BY {column}")).await.concat()
    };

    assert_eq!(
        [by("name").await, by("id").await, by("created_at").await],
        ["B_azé", "B_zéa", "aBé_z"]
    );
    let since =
        "SELECT name FROM theme WHERE created_at > '2026-01-31T09:00:00.120+00:00' ORDER BY 1";
    assert_eq!(scratch.texts(since).await.concat(), "_zé");
}

#[rstest]
#[case::text(string("tagline", 80).null(), &["ck_theme_tagline"])]
#[case::number(big_integer("price_minor").default(0_i64), &[])]
#[case::truth(boolean("dark").default(false), &[])]
#[case::time(timestamp("retired_at").null(), &[])]
#[case::unique(string("code", 8).null().unique(), &["ck_theme_code", "uq_theme_code"])]
#[tokio::test]
async fn a_column_is_added_to_rows_and_dropped_again(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] column: Column,
    #[case] names: &[&str],
) {
    let scratch = Scratch::with_rows(backend).await;
    let before = scratch.schema().await;
    let locked = scratch.open().await;
    let manager = SchemaManager::new(locked.connection());

    schema::add_column(&manager, "theme", column.clone()).await.expect("the column is added");
    let with = scratch.schema().await.concat();
    schema::drop_column(&manager, "theme", column).await.expect("the column is dropped");

    for name in names {
        assert!(with.contains(name), "no {name} in {with}");
    }
    assert_eq!(scratch.schema().await, before);
    assert_eq!(scratch.texts("SELECT name FROM theme").await, ["Sea"]);
}

#[rstest]
#[tokio::test]
async fn a_foreign_key_is_added_to_rows(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = Scratch::with_rows(backend).await;
    let locked = scratch.open().await;
    let manager = SchemaManager::new(locked.connection());

    let assignee = uuid("assignee_id").references("user", SetNull).null();
    schema::add_column(&manager, "task", assignee).await.expect("the column is added");
    let stranger = scratch.execute("UPDATE task SET assignee_id = #2").await;
    scratch.execute("UPDATE task SET assignee_id = #1").await.expect("a user can be assigned");

    assert!(stranger.is_err_and(|error| error.to_lowercase().contains("foreign key")));
    let schema = scratch.schema().await.concat();
    assert!(schema.contains("fk_task_assignee_id") && schema.contains("ix_task_assignee_id"));
}
