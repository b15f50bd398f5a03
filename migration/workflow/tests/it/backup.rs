//! What is backed up comes back, on either database, and a damaged file is told.
#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rstest::rstest;
use sea_orm::DatabaseConnection;
use sea_orm_migration::prelude::*;
use tempfile::TempDir;
use workflow::backup::{Contents, backup};
use workflow::catalog::Catalog;
use workflow::migrate;
use workflow::patience::Patience;
use workflow::report::Report;
use workflow::reset::{ResetArguments, reset};
use workflow::restore::restore;
use workflow::rows::{self, checksum};
use workflow::scratch::Scratch;
use workflow::verify_backup::{self, VerifyBackupArguments, verify};
use workflow::version::applied;
use workflow::{DatabaseUrl, Project};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute, server};

/// A parent with rows of its own accord, a child, a derived table, and a table that came later.
struct First;
struct Later;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m1_first"
    }
}

impl MigrationName for Later {
    fn name(&self) -> &'static str {
        "m2_later"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let json = match manager.get_database_backend() {
            sea_orm::DbBackend::Sqlite => "jsonb_text",
            _ => "jsonb",
        };
        for sql in [
            "CREATE TABLE parent (id bigint NOT NULL PRIMARY KEY, name varchar(60) NOT NULL UNIQUE)",
            &format!("CREATE TABLE child (id bigint NOT NULL PRIMARY KEY, up bigint REFERENCES child (id),
                parent_id bigint NOT NULL REFERENCES parent (id) ON DELETE CASCADE, doc {json})"),
            "CREATE TABLE _parent_words (id bigint NOT NULL PRIMARY KEY REFERENCES parent (id) ON DELETE CASCADE, words text)",
            "INSERT INTO parent VALUES (-1, 'made by a migration')",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Later {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "CREATE TABLE later (id bigint NOT NULL PRIMARY KEY)";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

fn both() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(First), Box::new(Later)]
}

fn first() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(First)]
}

/// A database at the first migration with some rows, and a folder for backups.
struct World {
    scratch: Scratch,
    db: DatabaseConnection,
    folder: TempDir,
}

impl World {
    async fn new(backend: Backend) -> Self {
        let scratch = empty(backend).await;
        let db = connect(&scratch).await;
        let patience = Patience::default();
        let url = scratch.url().reveal();
        let done = migrate::apply(first, url, None, &patience, &quiet(), |_| ()).await;
        done.expect("the migration applies");
        let fill = [
            "DELETE FROM parent",
            "INSERT INTO parent VALUES (1, 'Ada'), (2, 'Größe')",
            "INSERT INTO child VALUES (1, 2, 1, '{\"a\": 1}'), (2, NULL, 2, NULL)",
            "INSERT INTO _parent_words VALUES (1, 'ada')",
        ];
        // A row that refers to a later one, in one statement.
        execute(&db, &fill).await;
        Self { scratch, db, folder: TempDir::new().expect("a folder") }
    }

    fn url(&self) -> &DatabaseUrl {
        self.scratch.url()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("some.backup")
    }

    async fn backup(&self) -> Contents {
        backup(self.url(), &self.file(), false, &quiet()).await.expect("the backup is made")
    }

    async fn restore(&self, file: &Path, destroy: bool) -> anyhow::Result<Contents> {
        restore(both, self.url(), file, destroy, &quiet()).await
    }

    /// What a restore says that is refused.
    async fn refused(&self, file: &Path, destroy: bool) -> String {
        format!("{:#}", self.restore(file, destroy).await.expect_err("the restore is refused"))
    }

    /// Checksums of all tables.
    async fn rows(&self) -> Vec<String> {
        let catalog = Catalog::read(&self.db).await.expect("the catalog can be read");
        let mut told = Vec::new();
        for relation in rows::relations(&catalog, self.db.get_database_backend()) {
            let sum = checksum(&self.db, &relation, |_| ()).await.expect("rows can be read");
            told.push(format!("{} {} {}", relation.name, sum.rows, sum.text()));
        }
        told
    }

    async fn remove(self) {
        self.db.close().await.expect("the connection closes");
        self.scratch.remove().await.expect("the database can be removed");
    }
}

fn quiet() -> Report {
    Report::new(true)
}

#[rstest]
#[tokio::test]
async fn what_is_backed_up_comes_back(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let before = world.rows().await;
    let contents = world.backup().await;
    assert_eq!((contents.rows(), contents.head.postgres), (5, backend == Postgres));
    assert_eq!(contents.head.migrations, ["m1_first"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(world.file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "a backup has secrets");
    }
    let error = backup(world.url(), &world.file(), false, &quiet()).await.expect_err("it is there");
    assert!(error.to_string().contains("--force"), "{error}");
    backup(world.url(), &world.file(), true, &quiet()).await.expect("it is replaced");

    execute(
        &world.db,
        &["DELETE FROM parent WHERE id = 1", "INSERT INTO parent VALUES (3, 'new')"],
    )
    .await;
    assert!(world.refused(&world.file(), false).await.contains("--yes-destroy"));
    assert_ne!(world.rows().await, before);
    world.restore(&world.file(), true).await.expect("the backup is restored");
    assert_eq!(world.rows().await, before);

    let verified =
        verify(both, world.url(), &world.file(), &quiet()).await.expect("the backup is good");
    assert_eq!(verified.same_schema, Some(true));
    world.remove().await;
}

#[rstest]
#[case(Sqlite, Postgres)]
#[case(Postgres, Sqlite)]
#[tokio::test]
async fn a_backup_can_be_restored_on_the_other_database(
    #[case] from: Backend,
    #[case] to: Backend,
) {
    let (world, other) = (World::new(from).await, World::new(to).await);
    world.backup().await;
    execute(&other.db, &["UPDATE parent SET name = 'other' WHERE id = 1"]).await;

    other.restore(&world.file(), true).await.expect("the backup is restored");

    let (mut expected, found) = (world.rows().await, other.rows().await);
    expected.retain(|table| !table.starts_with('_'));
    assert!(
        found.iter().any(|table| table.starts_with("_parent_words 0 ")),
        "made anew by the server"
    );
    assert!(expected.iter().all(|table| found.contains(table)), "{expected:?} {found:?}");
    let verified =
        verify(both, other.url(), &world.file(), &quiet()).await.expect("the backup is good");
    assert_eq!(verified.same_schema, None);
    world.remove().await;
    other.remove().await;
}

/// Every byte counts: the first line, the sizes, the digests, the rows.
#[tokio::test]
async fn a_flipped_byte_is_caught() {
    let world = World::new(Sqlite).await;
    world.backup().await;
    let good = fs::read(world.file()).expect("the backup can be read");
    let before = world.rows().await;
    let project = Project { migrations: both, database: world.url().clone(), production: true };
    let arguments = VerifyBackupArguments { file: world.file(), scratch: None };
    let mut random = StdRng::seed_from_u64(7);
    let mut damages: Vec<(String, Vec<u8>)> = (0..200)
        .map(|_| {
            let (mut bytes, place) = (good.clone(), random.random_range(0..good.len()));
            *bytes.get_mut(place).expect("a byte") ^= 1 << random.random_range(0..8);
            (format!("byte {place} of {}", good.len()), bytes)
        })
        .collect();
    let end = good.len();
    damages.push(("cut off".to_owned(), good.get(..end - 1).expect("bytes").to_vec()));
    damages.push(("half".to_owned(), good.get(..end / 2).expect("bytes").to_vec()));
    damages.push(("empty".to_owned(), Vec::new()));
    damages.push(("longer".to_owned(), [good.as_slice(), b"\n"].concat()));
    damages.push(("twice".to_owned(), [good.as_slice(), good.as_slice()].concat()));
    for (what, bytes) in damages {
        fs::write(world.file(), bytes).expect("the backup can be written");
        let told = verify_backup::run(&project, &arguments, &quiet()).await;
        let told = told.expect_err(&what).to_string();
        assert!(told.contains("damaged") || told.contains("no backup"), "{what}: {told}");
    }
    world.refused(&world.file(), true).await;
    assert_eq!(world.rows().await, before, "a damaged backup is not restored");
    fs::write(world.file(), good).expect("the backup can be written");
    let told =
        verify_backup::run(&project, &arguments, &quiet()).await.expect("the backup is good");
    assert_eq!(format!("{told:?}"), format!("{:?}", ExitCode::SUCCESS));
    world.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_restore_brings_the_version_that_was(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let before = world.rows().await;
    world.backup().await;
    let project = Project { migrations: both, database: world.url().clone(), production: true };
    let arguments = |name: &str| ResetArguments { seed: None, yes_destroy: Some(name.to_owned()) };

    let error = reset(&project, &ResetArguments { seed: None, yes_destroy: None }, &quiet()).await;
    assert!(error.expect_err("refused").to_string().contains("--yes-destroy"));
    reset(&project, &arguments("another"), &quiet()).await.expect_err("that is not its name");
    assert_eq!(world.rows().await, before);
    execute(
        &world.db,
        &[
            "CREATE VIEW names AS SELECT name FROM parent",
            "CREATE TABLE \"by \"\"hand\" (id bigint)",
        ],
    )
    .await;
    reset(&project, &arguments(&world.url().name()), &quiet())
        .await
        .expect("everything is dropped");
    assert_eq!(applied(&world.db).await.unwrap(), ["m1_first", "m2_later"]);
    let catalog = Catalog::read(&world.db).await.unwrap();
    assert!(catalog.objects.is_empty() && catalog.tables.len() == 4, "{catalog:?}");

    // The row that the migration made is no obstacle, and no part of the backup.
    assert!(world.refused(&world.file(), true).await.contains("another version"));
    execute(&world.db, &["DELETE FROM parent"]).await;
    world.restore(&world.file(), false).await.expect("the backup is restored");
    assert_eq!(applied(&world.db).await.unwrap(), ["m1_first"]);
    assert_eq!(world.rows().await, before);

    let error = restore(Vec::new, world.url(), &world.file(), true, &quiet()).await;
    assert!(error.expect_err("refused").to_string().contains("no migration m1_first"));
    world.remove().await;
}

/// A backup of a schema that was changed by hand has rows that have no place.
#[rstest]
#[tokio::test]
async fn what_no_migration_made_is_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    execute(&world.db, &["CREATE INDEX by_hand ON child (parent_id)"]).await;
    world.backup().await;
    let verified =
        verify(both, world.url(), &world.file(), &quiet()).await.expect("the rows are good");
    assert_eq!(verified.same_schema, Some(false));
    execute(&world.db, &["ALTER TABLE parent ADD COLUMN by_hand text"]).await;
    backup(world.url(), &world.file(), true, &quiet()).await.expect("it is replaced");
    let error =
        verify(both, world.url(), &world.file(), &quiet()).await.expect_err("no such column");
    assert!(error.to_string().contains("parent is not the same here"), "{error}");
    world.remove().await;
}

#[tokio::test]
async fn production_is_not_filled_with_made_up_rows() {
    let project = Project { migrations: both, database: server(Sqlite), production: true };
    let arguments = ResetArguments { seed: Some(5), yes_destroy: Some("unused.db".to_owned()) };
    let error = reset(&project, &arguments, &quiet()).await.expect_err("refused");
    assert!(error.to_string().contains("made-up"), "{error}");
    assert!(!Path::new("unused.db").exists());
}
