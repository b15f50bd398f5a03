//! A column is renamed as docs/schema-workflow.md says: the files in `rename` have what the page shows.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "TEST_POSTGRES_URL is no setting of the server")]
#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

use std::{env, fs, path::Path};

use migration::{Migrator, MigratorTrait, SchemaManager, schema};
use rstest::rstest;
use sea_orm_migration::{
    MigrationTrait,
    sea_orm::{
        ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DatabaseConnection, DbBackend, DbErr,
        EntityTrait, Statement, prelude::Uuid,
    },
};
use workflow::{
    DatabaseUrl,
    entities::generate,
    lint::{Recorded, allow, lint},
    migrate::apply,
    patience::Patience,
    rehearse::{Release, on},
    report::Report,
    scratch::Scratch,
    seed::seed,
};

#[path = "rename/m20261121_120000_add_planned_minutes_to_task.rs"]
mod m20261121_120000_add_planned_minutes_to_task;
#[path = "rename/m20261121_120001_copy_planned_minutes.rs"]
mod m20261121_120001_copy_planned_minutes;
#[path = "rename/m20261122_120000_drop_estimate_minutes.rs"]
mod m20261122_120000_drop_estimate_minutes;

/// The task of the release before.
mod old {
    use sea_orm_migration::sea_orm::{self, entity::prelude::*};

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "task")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) project_id: Uuid,
        pub(crate) title: String,
        pub(crate) done: bool,
        pub(crate) created_at: DateTimeWithTimeZone,
        pub(crate) updated_at: DateTimeWithTimeZone,
        pub(crate) estimate_minutes: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The task of the release that has the first two steps, and of those after it.
mod new {
    use sea_orm_migration::sea_orm::{self, entity::prelude::*};

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "task")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) project_id: Uuid,
        pub(crate) title: String,
        pub(crate) done: bool,
        pub(crate) created_at: DateTimeWithTimeZone,
        pub(crate) updated_at: DateTimeWithTimeZone,
        pub(crate) planned_minutes: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The three steps.
fn steps() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20261121_120000_add_planned_minutes_to_task::Migration),
        Box::new(m20261121_120001_copy_planned_minutes::Migration),
        Box::new(m20261122_120000_drop_estimate_minutes::Migration),
    ]
}

fn all() -> Vec<Box<dyn MigrationTrait>> {
    Migrator::migrations().into_iter().chain(steps()).collect()
}

/// A database with made-up rows, before the first step.
async fn before(backend: &str) -> (Scratch, DatabaseConnection) {
    let url = match backend {
        "sqlite" => "sqlite://unused.db".to_owned(),
        _ => env::var("TEST_POSTGRES_URL").expect("`tests/run` brings a PostgreSQL server"),
    };
    let url: DatabaseUrl = url.parse().expect("the address of a database");
    let scratch = Scratch::beside(&url).await.expect("a database can be made");
    let db = scratch.connect().await.expect("the database can be reached");
    Migrator::up(&db, None).await.expect("up");
    seed(&db, 300, 0, &Report::new(true)).await.expect("rows can be made up");
    db.close().await.expect("the connection closes");
    let db = scratch.connect().await.expect("the database can be reached");
    (scratch, db)
}

async fn remove(scratch: Scratch, db: DatabaseConnection) {
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// Applies a step as a deployment does.
async fn up(scratch: &Scratch, step: usize) {
    let (patience, report) = (Patience::default(), Report::new(true));
    let name = steps()[step].name().to_owned();
    let url = scratch.url().reveal();
    let applied = apply(all, url, Some(&name), &patience, &report, |_| ()).await;
    assert_eq!(applied.expect("it is applied").len(), 1);
}

async fn count(db: &DatabaseConnection, condition: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM task WHERE {condition}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    row.expect("it can be counted").expect("a row").try_get_by_index(0).expect("a number")
}

/// A task as a binary of before makes it.
async fn old_task(db: &DatabaseConnection, id: u128, minutes: Option<i64>) -> Result<(), DbErr> {
    let like = old::Entity::find().one(db).await?.expect("there are tasks");
    let (id, estimate_minutes) = (Set(Uuid::from_u128(id)), Set(minutes));
    let task = old::ActiveModel { id, estimate_minutes, ..like.into() }.reset_all();
    task.insert(db).await.map(|made| assert_eq!(made.estimate_minutes, minutes))
}

/// A task as a binary makes it that has the first two steps.
async fn new_task(db: &DatabaseConnection, id: u128, minutes: Option<i64>) -> Result<(), DbErr> {
    let like = new::Entity::find().one(db).await?.expect("there are tasks");
    let (id, planned_minutes) = (Set(Uuid::from_u128(id)), Set(minutes));
    let task = new::ActiveModel { id, planned_minutes, ..like.into() }.reset_all();
    task.insert(db).await.map(|made| assert_eq!(made.planned_minutes, minutes))
}

/// What binaries of before and after read of a task.
async fn read(db: &DatabaseConnection, id: u128) -> [Option<i64>; 2] {
    let id = Uuid::from_u128(id);
    let old = old::Entity::find_by_id(id).one(db).await.expect("it can be read");
    let new = new::Entity::find_by_id(id).one(db).await.expect("it can be read");
    [old.expect("it is there").estimate_minutes, new.expect("it is there").planned_minutes]
}

#[rstest]
#[tokio::test]
async fn both_binaries_read_and_write_what_the_other_wrote(
    #[values("sqlite", "postgres")] backend: &str,
) {
    let (scratch, db) = before(backend).await;
    let estimated = count(&db, "estimate_minutes IS NOT NULL").await;
    up(&scratch, 0).await;

    // Between the first two steps, only the binary of before runs.
    old_task(&db, 1, Some(15)).await.expect("it is inserted");
    assert_eq!(read(&db, 1).await, [Some(15); 2]);
    assert_eq!(count(&db, "planned_minutes IS NOT NULL").await, 1);
    up(&scratch, 1).await;
    assert_eq!(count(&db, "planned_minutes IS DISTINCT FROM estimate_minutes").await, 0);
    assert_eq!(count(&db, "planned_minutes IS NOT NULL").await, estimated + 1);

    new_task(&db, 2, Some(30)).await.expect("it is inserted");
    old_task(&db, 3, None).await.expect("it is inserted");
    new_task(&db, 4, None).await.expect("it is inserted");
    assert_eq!(read(&db, 2).await, [Some(30); 2]);
    assert_eq!(read(&db, 3).await, [None; 2]);
    assert_eq!(read(&db, 4).await, [None; 2]);
    for minutes in [Some(45), None, Some(0), Some(45), Some(45), Some(60)] {
        for id in 1..=4 {
            let id = Set(Uuid::from_u128(id));
            // By turns, so that each also changes what the other wrote.
            if minutes == Some(45) {
                let estimate_minutes = Set(minutes);
                let change = old::ActiveModel { id, estimate_minutes, ..Default::default() };
                let changed = change.update(&db).await.expect("it is changed");
                assert_eq!(changed.estimate_minutes, minutes);
            } else {
                let planned_minutes = Set(minutes);
                let change = new::ActiveModel { id, planned_minutes, ..Default::default() };
                let changed = change.update(&db).await.expect("it is changed");
                assert_eq!(changed.planned_minutes, minutes);
            }
        }
        for id in 1..=4 {
            assert_eq!(read(&db, id).await, [minutes; 2], "{id}");
        }
    }
    // What the one refuses, the other does too.
    old_task(&db, 5, Some(525_601)).await.expect_err("it is more than a year");
    new_task(&db, 5, Some(525_601)).await.expect_err("it is more than a year");

    let planned = count(&db, "planned_minutes IS NOT NULL").await;
    up(&scratch, 2).await;
    new_task(&db, 5, Some(90)).await.expect("it is inserted");
    assert!(old::Entity::find().one(&db).await.is_err());
    assert_eq!(count(&db, "planned_minutes IS NOT NULL").await, planned + 1);
    steps()[2].down(&SchemaManager::new(&db)).await.expect("down");
    assert_eq!(read(&db, 5).await, [Some(90); 2]);
    old_task(&db, 6, Some(5)).await.expect("it is inserted");
    assert_eq!(read(&db, 6).await, [Some(5); 2]);
    assert_eq!(count(&db, "planned_minutes IS DISTINCT FROM estimate_minutes").await, 0);
    remove(scratch, db).await;
}

#[rstest]
#[tokio::test]
async fn many_rows_are_copied(#[values("sqlite", "postgres")] backend: &str) {
    let (scratch, db) = before(backend).await;
    let (id, numbers) = match db.get_database_backend() {
        DbBackend::Sqlite => (
            "randomblob(16)",
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 21000) SELECT n FROM n",
        ),
        _ => ("gen_random_uuid()", "SELECT n FROM generate_series(1, 21000) n"),
    };
    let insert = format!(
        "INSERT INTO task (id, project_id, title, done, created_at, updated_at, estimate_minutes)
         SELECT {id}, t.project_id, t.title, t.done, t.created_at, t.updated_at, n.n
         FROM (SELECT * FROM task LIMIT 1) t, ({numbers}) n"
    );
    db.execute_unprepared(&insert).await.expect("there are many tasks");

    up(&scratch, 0).await;
    assert!(count(&db, "planned_minutes IS DISTINCT FROM estimate_minutes").await > 20_000);
    up(&scratch, 1).await;

    assert_eq!(count(&db, "planned_minutes IS DISTINCT FROM estimate_minutes").await, 0);
    assert!(count(&db, "planned_minutes IS NOT NULL").await > 21_000);
    remove(scratch, db).await;
}

#[rstest]
#[tokio::test]
async fn a_column_that_may_not_be_null_may_meanwhile(
    #[values("sqlite", "postgres")] backend: &str,
) {
    let (scratch, db) = before(backend).await;
    let manager = SchemaManager::new(&db);
    let column = || schema::string("headline", 255).null();
    let insert = async |name: &str, id: u8| {
        let key = match db.get_database_backend() {
            DbBackend::Sqlite => format!("x'{id:032x}'"),
            _ => format!("'{id:032x}'"),
        };
        let sql = format!(
            "INSERT INTO task (id, project_id, {name}, done, created_at, updated_at)
             SELECT {key}, project_id, 'Hire boats', done, created_at, updated_at FROM task LIMIT 1"
        );
        db.execute_unprepared(&sql).await
    };

    schema::change_table("task").nullable("title").apply(&manager).await.expect("it may be null");
    schema::add_column(&manager, "task", column()).await.expect("it is added");
    schema::two_names(&manager, "task", "title", "headline").await.expect("there are two");
    schema::copy_column(&manager, "task", "title", "headline").await.expect("all is copied");
    insert("title", 1).await.expect("by the release before");
    insert("headline", 2).await.expect("by the release after it");
    assert_eq!(count(&db, "title = 'Hire boats' AND headline = title").await, 2);
    assert_eq!(count(&db, "title IS NULL OR headline IS DISTINCT FROM title").await, 0);

    schema::one_name(&manager, "task", "title").await.expect("there is one");
    schema::drop_column(&manager, "task", schema::string("title", 255)).await.expect("it goes");
    schema::change_table("task").not_null("headline").apply(&manager).await.expect("it may not");
    insert("headline", 3).await.expect("by the last release");
    insert("description", 4).await.expect_err("it has no headline");
    assert_eq!(count(&db, "headline = 'Hire boats'").await, 3);
    remove(scratch, db).await;
}

#[rstest]
#[tokio::test]
async fn no_release_is_broken_by_the_next_one(#[values("sqlite", "postgres")] backend: &str) {
    let (scratch, db) = before(backend).await;
    let source = |folder: &Path| {
        let folder = folder.to_str().expect("a path in UTF-8");
        Release::read(folder, Path::new("."), scratch.url()).expect("these are entities")
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../entity/src");
    let rehearse = async |migrations: &[Box<dyn MigrationTrait>], release| {
        let rehearsal = on(&db, migrations, release, &Report::new(true)).await;
        let rehearsal = rehearsal.expect("it can be rehearsed");
        assert!(rehearsal.rows > 300, "{} rows", rehearsal.rows);
        rehearsal.problems
    };
    let [mut first, mut last] = [steps(), steps()];
    let last = last.split_off(2);
    first.truncate(2);

    // The release that has these steps is deployed while the one before runs.
    assert_eq!(rehearse(&first, Some(source(&root))).await, Vec::<String>::new());
    let entities = generate(&db).await.expect("they can be generated");
    assert!(entities.files()["task.rs"].contains("pub planned_minutes: Option<i64>"));
    assert!(!entities.files()["task.rs"].contains("estimate_minutes"));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    entities.write(folder.path()).expect("the folder can be written");

    // And the release that has the last one, while that one runs; never while the one before it does.
    assert_eq!(rehearse(&last, Some(source(folder.path()))).await, Vec::<String>::new());
    last[0].down(&SchemaManager::new(&db)).await.expect("down");
    assert_eq!(rehearse(&last, None).await, Vec::<String>::new());
    last[0].down(&SchemaManager::new(&db)).await.expect("down");
    let broken = rehearse(&last, Some(source(&root))).await;
    assert!(
        broken.iter().any(|one| one.starts_with("the release before cannot read task")),
        "{broken:#?}"
    );
    remove(scratch, db).await;
}

#[tokio::test]
async fn the_rules_find_nothing_but_the_column_that_goes() {
    let recorded = Recorded::record(all).await;
    let names: Vec<_> = steps().iter().map(|step| step.name().to_owned()).collect();
    let mut findings = lint(&recorded, &names, true);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rename");
    allow(&mut findings, &names, &sources).expect("the sources can be read");

    let told = findings.iter().map(|finding| {
        (
            finding.migration.as_str(),
            finding.rule,
            finding.subject.as_str(),
            finding.allowed.is_some(),
        )
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(names[2].as_str(), "ban-drop-column", "task.estimate_minutes", true)]);
}

#[test]
fn the_page_shows_what_is_run_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../docs/schema-workflow.md")).expect("the page");
    let mut blocks = page.split("```rust\n").skip(1).map(|rest| {
        let block = rest.split("```").next().unwrap_or_default();
        let (file, text) = block.split_once('\n').expect("it names its file");
        (file.trim_start_matches("// m…_").to_owned(), text.to_owned())
    });
    for step in steps() {
        let name = step.name();
        let (file, shown) = blocks.next().expect("the page shows each step");
        assert!(name.ends_with(file.trim_end_matches(".rs")), "{file} is shown, and {name} is run");
        let run =
            fs::read_to_string(root.join(format!("tests/rename/{name}.rs"))).expect("the step");
        // An empty line may stand for more, and what is in the `impl` is shown without its indent.
        for part in shown.split("\n\n").map(str::trim_end) {
            let inside = format!("    {}", part.replace('\n', "\n    "));
            assert!(run.contains(part) || run.contains(&inside), "{name} has not:\n{part}");
        }
    }
    assert_eq!(blocks.next(), None);
}
