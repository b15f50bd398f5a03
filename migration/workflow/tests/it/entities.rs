//! The entity crate comes from the migrations alone, and only what changes is written.

use std::fs;

use clap::Parser;
use rstest::rstest;
use sea_orm_cli::{Cli, Commands};
use sea_orm_migration::prelude::*;
use tempfile::TempDir;
use workflow::entities::{COMMAND, Entities, generate, generate_from_scratch};
use workflow::schema::two_names;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Step, connect, db, empty, execute, project, server};

const TABLES: [&str; 2] = [
    "CREATE TABLE list (id uuid NOT NULL PRIMARY KEY, name text NOT NULL)",
    "CREATE TABLE entry (id uuid NOT NULL PRIMARY KEY, list_id uuid NOT NULL, done boolean,
        CONSTRAINT fk_entry_list_id FOREIGN KEY (list_id) REFERENCES list (id) ON DELETE CASCADE)",
];

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    // How SeaORM writes the type of SQLite.
    vec![
        Box::new(Step("m1", "CREATE TABLE list (id uuid_text NOT NULL PRIMARY KEY, name text NOT NULL)")),
        Box::new(Step(
            "m2",
            "CREATE TABLE entry (id uuid_text NOT NULL PRIMARY KEY, list_id uuid_text NOT NULL, done boolean,
             CONSTRAINT fk_entry_list_id FOREIGN KEY (list_id) REFERENCES list (id) ON DELETE CASCADE)",
        )),
    ]
}

fn nothing() -> Vec<Box<dyn MigrationTrait>> {
    Vec::new()
}

#[tokio::test]
async fn a_scratch_database_generates_what_postgresql_does() {
    let scratch = empty(Postgres).await;
    let db = connect(&scratch).await;
    execute(&db, &TABLES).await;
    let postgres = generate(&db).await.expect("the generator runs");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");

    let sqlite = generate_from_scratch(migrations).await.expect("the generator runs");

    assert_eq!(sqlite.diff(&postgres), "");
    let names: Vec<_> = sqlite.files().keys().collect();
    assert_eq!(names, ["entry.rs", "lib.rs", "list.rs", "prelude.rs"]);
    assert!(sqlite.files()["entry.rs"].contains("pub done: Option<bool>,"));
}

#[rstest]
#[tokio::test]
async fn what_is_written_is_what_the_command_line_of_seaorm_writes(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    let statements: [&str; 5] = [
        "CREATE TABLE list (id bigint NOT NULL PRIMARY KEY, name varchar(20) NOT NULL, half double precision,
            length bigint GENERATED ALWAYS AS (length(name)) STORED)",
        "CREATE TABLE entry (id bigint NOT NULL PRIMARY KEY, list_id bigint NOT NULL REFERENCES list (id) ON DELETE CASCADE,
            other_id bigint REFERENCES list (id), parent_id bigint REFERENCES entry (id), price numeric(10, 2))",
        "CREATE UNIQUE INDEX uq_list_name ON list (name)",
        "CREATE UNIQUE INDEX uq_entry ON entry (list_id, price)",
        "CREATE TABLE _hidden (id bigint NOT NULL PRIMARY KEY)",
    ];
    execute(&db, &statements).await;
    if backend == Postgres {
        let own =
            ["CREATE TYPE mood AS ENUM ('sad', 'glad')", "ALTER TABLE list ADD COLUMN mood mood"];
        execute(&db, &own).await;
        execute(&db, &["CREATE UNIQUE INDEX uq_part ON entry (price) WHERE price > 0"]).await;
    }
    let folder = TempDir::new().expect("a temporary folder can be made");
    fs::copy("../../rustfmt.toml", folder.path().join("rustfmt.toml")).expect("the file is there");

    let own = generate(&db).await.expect("the generator runs");
    let output = folder.path().join("src");
    let path = output.to_str().expect("a path in UTF-8");
    let arguments = COMMAND.split_whitespace().filter(|word| *word != "entity/src");
    let arguments = arguments.chain([path, "--database-url", scratch.url().reveal()]);
    let Commands::Generate { command } = Cli::parse_from(arguments).command else {
        panic!("{COMMAND} no longer generates");
    };
    sea_orm_cli::run_generate_command(command, false).await.expect("the command runs");

    let theirs = Entities::read(&output).expect("the folder can be read");
    assert_eq!(own.diff(&theirs), "");
    assert!(own.files().len() >= 4, "{:?}", own.files().keys());
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn a_column_that_has_another_name_is_left_out(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    let statements: [&str; 5] = [
        "CREATE TABLE person (id bigint NOT NULL PRIMARY KEY)",
        "CREATE TABLE kite (id bigint NOT NULL PRIMARY KEY, owner_id bigint REFERENCES person (id),
            keeper_id bigint REFERENCES person (id), label varchar(20), mark varchar(20), CONSTRAINT uq UNIQUE (label))",
        "CREATE UNIQUE INDEX uq_kite_owner_id ON kite (owner_id)",
        "CREATE UNIQUE INDEX uq_kite_keeper_id ON kite (keeper_id)",
        // Another column of such a name, which has no other.
        "CREATE TABLE shop (id bigint NOT NULL PRIMARY KEY, owner_id bigint, label varchar(20))",
    ];
    execute(&db, &statements).await;
    let manager = SchemaManager::new(&db);
    two_names(&manager, "kite", "owner_id", "keeper_id").await.expect("it has two names");
    two_names(&manager, "kite", "label", "mark").await.expect("it has two names");
    execute(&db, &["ANALYZE"]).await;

    let files = generate(&db).await.expect("the generator runs").files().clone();

    let kite = &files["kite.rs"];
    assert!(!kite.to_lowercase().contains("owner") && !kite.contains("label"), "{kite}");
    assert!(kite.contains("pub keeper_id: Option<i64>,") && kite.contains("pub mark: "), "{kite}");
    // One relation, which need not be told from another.
    assert_eq!(kite.matches("belongs_to = ").count(), 1, "{kite}");
    assert!(kite.contains("impl Related<super::person::Entity> for Entity"), "{kite}");
    assert!(files["shop.rs"].contains("pub owner_id") && files["shop.rs"].contains("pub label"));
    let names: Vec<_> = files.keys().collect();
    assert_eq!(names, ["kite.rs", "lib.rs", "person.rs", "prelude.rs", "shop.rs"]);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn a_database_without_tables_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    let error = generate(&db).await.expect_err("there is nothing to write");
    assert!(error.to_string().contains("no tables"), "{error}");
    assert!(generate_from_scratch(nothing).await.is_err());
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn a_folder_of_something_else_is_left_alone() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().to_str().expect("a path in UTF-8");
    fs::write(folder.path().join("lib.rs"), "mod mine;").expect("the file can be written");
    fs::write(folder.path().join("mine.rs"), "// by hand").expect("the file can be written");
    let project = project(migrations, &server(Sqlite));

    let refused = db(&project, &["entities", "--output", path]).await;
    let error = refused.expect_err("it is no entity crate").to_string();
    assert!(error.contains("has mine.rs, which is no entity"), "{error}");
    let kept = Entities::read(folder.path()).expect("the folder can be read");
    assert_eq!(kept.files().len(), 2, "{:?}", kept.files());
    assert_eq!(kept.files()["lib.rs"], "mod mine;");
}

#[tokio::test]
async fn only_what_changes_is_written() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let new = generate_from_scratch(migrations).await.expect("the generator runs");
    new.write(folder.path()).expect("the folder can be written");
    let stale = new.files()["list.rs"].replace("pub name: String", "pub title: String");
    fs::write(folder.path().join("list.rs"), stale).expect("the file can be written");
    fs::write(folder.path().join("gone.rs"), "").expect("the file can be written");
    fs::write(folder.path().join("notes.txt"), "mine").expect("the file can be written");
    let kept = || fs::metadata(folder.path().join("entry.rs")).and_then(|file| file.modified());
    let before = kept().expect("the file is there");

    let old = Entities::read(folder.path()).expect("the folder can be read");
    let diff = old.diff(&new);
    let written = new.write(folder.path()).expect("the folder can be written");

    assert!(diff.contains("-    pub title: String,\n+    pub name: String,"), "{diff}");
    assert_eq!(written, ["gone.rs", "list.rs"]);
    assert_eq!(kept().expect("the file is there"), before);
    assert_eq!(Entities::read(folder.path()).expect("the folder can be read"), new);
    assert!(folder.path().join("notes.txt").exists());
}
