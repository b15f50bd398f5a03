//! The release before is the one whose entities are named.

use std::{fs, path::Path};

use rstest::rstest;
use tempfile::TempDir;
use workflow::{
    DatabaseUrl,
    rehearse::{Release, on},
    report::Report,
};

use super::base;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::migrations::{Sql, list, sql};

/// What the base of the rehearsals generates, a field of an own type besides, and one that is kept nowhere.
pub(super) const PERSON: &str = r#"
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub name: String,
    #[sea_orm(column_name = "city", nullable)]
    pub r#town: Option<City>,
    #[sea_orm(ignore)]
    pub greeting: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
"#;

/// It has the required columns, but not the colour, which has a default.
pub(super) const KITE: &str = r#"
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveEntityModel)]
#[sea_orm(table_name = "kite")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub owner_id: i64,
    pub size: i64,
    #[sea_orm(belongs_to, from = "owner_id", to = "id")]
    pub owner: sea_orm::entity::BelongsTo<super::person::Entity>,
}
"#;

/// Kites whose size is something else.
pub(super) const TEXT: Sql = sql(
    "m",
    &[
        "DROP VIEW big",
        "ALTER TABLE kite RENAME TO kite_old",
        "CREATE TABLE kite (id bigint NOT NULL PRIMARY KEY, owner_id bigint NOT NULL, size text NOT NULL, colour text)",
        "INSERT INTO kite SELECT id, owner_id, CAST(size AS text), colour FROM kite_old",
        "DROP TABLE kite_old",
    ],
    &[],
);
const NARROW: Sql = sql(
    "m",
    &[
        "DROP VIEW big",
        "ALTER TABLE kite RENAME TO kite_old",
        "CREATE TABLE kite (id bigint NOT NULL PRIMARY KEY, owner_id bigint NOT NULL, size integer NOT NULL, colour text)",
        "INSERT INTO kite SELECT id, owner_id, id, colour FROM kite_old",
        "DROP TABLE kite_old",
    ],
    &[],
);
pub(super) const NULLS: Sql = sql(
    "m",
    &[
        "DROP VIEW big",
        "ALTER TABLE kite RENAME TO kite_old",
        "CREATE TABLE kite (id bigint NOT NULL PRIMARY KEY, owner_id bigint NOT NULL, size bigint, colour text)",
        "INSERT INTO kite SELECT id, owner_id, NULL, colour FROM kite_old",
        "DROP TABLE kite_old",
    ],
    &[],
);

fn entities(person: &str, kite: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder can be made");
    write(
        folder.path(),
        &[("lib.rs", "pub mod person;"), ("person.rs", person), ("kite.rs", kite)],
    );
    folder
}

pub(super) fn write(folder: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(folder).expect("a folder can be made");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file can be written");
    }
}

pub(super) fn read(previous: &str, root: &Path, database: &DatabaseUrl) -> Result<Release, String> {
    Release::read(previous, root, database).map_err(|error| format!("{error:#}"))
}

async fn problems(backend: Backend, entities: &TempDir, migration: Sql) -> Vec<String> {
    let (scratch, db) = base(backend).await;
    let folder = entities.path().to_str().expect("a path in UTF-8");
    let release = read(folder, Path::new("."), scratch.url()).expect("these are entities");
    let rehearsal = on(&db, &list(&[migration]), Some(release), &Report::new(true)).await;
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
    rehearsal.expect("it can be tried").problems
}

#[rstest]
#[case::a_column(sql("m", &["ALTER TABLE kite ADD COLUMN note text"], &["ALTER TABLE kite DROP COLUMN note"]))]
#[case::a_column_with_a_default(sql(
    "m",
    &["ALTER TABLE kite ADD COLUMN worn boolean NOT NULL DEFAULT false"],
    &["ALTER TABLE kite DROP COLUMN worn"],
))]
#[case::a_table(sql("m", &["CREATE TABLE shop (id bigint PRIMARY KEY)"], &["DROP TABLE shop"]))]
#[case::a_column_is_gone_that_it_does_not_know(sql(
    "m",
    &["ALTER TABLE kite DROP COLUMN colour"],
    &["ALTER TABLE kite ADD COLUMN colour varchar(10) NOT NULL DEFAULT 'red'"],
))]
#[tokio::test]
async fn it_goes_on_beside(#[case] migration: Sql, #[values(Sqlite, Postgres)] backend: Backend) {
    let problems = problems(backend, &entities(PERSON, KITE), migration).await;
    let own = problems.iter().filter(|problem| problem.contains("release before"));
    assert_eq!(own.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[rstest]
#[case::a_renamed_column(
    sql("m", &["ALTER TABLE person RENAME COLUMN city TO town"], &["ALTER TABLE person RENAME COLUMN town TO city"]),
    "cannot read person: "
)]
#[case::a_dropped_column(
    sql("m", &["ALTER TABLE person DROP COLUMN city"], &["ALTER TABLE person ADD COLUMN city varchar(40)"]),
    "cannot read person: "
)]
#[case::a_dropped_table(sql("m", &["DROP VIEW big", "DROP TABLE kite"], &[]), "cannot read kite: ")]
#[case::a_column_that_must_be_there(
    sql(
        "m",
        &["DROP VIEW big", "DROP TABLE kite",
          "CREATE TABLE kite (id bigint NOT NULL PRIMARY KEY, owner_id bigint NOT NULL, size bigint NOT NULL,
             colour varchar(10) NOT NULL DEFAULT 'red', string bigint NOT NULL)"],
        &[],
    ),
    "cannot insert: "
)]
#[case::a_type(TEXT, "cannot read kite.size: it expects ")]
#[case::nulls(NULLS, "cannot read kite.size: it expects a value")]
#[tokio::test]
async fn what_it_cannot_do_is_told(
    #[case] migration: Sql,
    #[case] problem: &str,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let found = problems(backend, &entities(PERSON, KITE), migration).await;
    assert!(
        found.iter().any(|one| one.starts_with(&format!("the release before {problem}"))),
        "{found:#?}"
    );
}

/// Columns that the schema has already, and these entities lack.
#[rstest]
#[tokio::test]
async fn what_it_does_not_write_needs_a_default(#[values(Sqlite, Postgres)] backend: Backend) {
    const NOTE: Sql = sql(
        "m",
        &["ALTER TABLE kite ADD COLUMN note text"],
        &["ALTER TABLE kite DROP COLUMN note"],
    );
    let without = |field: &str| KITE.replace(field, "");

    let found = problems(backend, &entities(PERSON, &without("pub size: i64,")), NOTE).await;

    assert!(
        found.iter().any(|one| one.contains("cannot insert") && one.contains("size")),
        "{found:#?}"
    );
    // A table that is referred to, but not known, has its rows all the same.
    assert_eq!(problems(backend, &entities("", KITE), NOTE).await, Vec::<String>::new());
}

#[rstest]
#[case::a_number("i64", TEXT, [true, true])]
#[case::an_own_type("Size", TEXT, [true, true])]
#[case::text_already("String", TEXT, [false, false])]
// SQLite has numbers of one width; PostgreSQL does not let a number of 32 bits be read as one of 64.
#[case::a_wide_number("i64", NARROW, [false, true])]
#[case::a_narrow_number("i32", NARROW, [false, false])]
#[case::what_does_not_change("Uuid", sql("m", &["CREATE TABLE shop (id bigint PRIMARY KEY)"], &[]), [false, false])]
#[tokio::test]
async fn a_type_is_compared_where_it_changes(
    #[case] field: &str,
    #[case] migration: Sql,
    #[case] told: [bool; 2],
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let entities = entities(PERSON, &KITE.replace("size: i64", &format!("size: {field}")));
    let found = problems(backend, &entities, migration).await;
    let unreadable = found.iter().any(|one| one.contains("cannot read kite.size: it expects"));
    assert_eq!(unreadable, told[usize::from(backend == Postgres)], "{found:#?}");
}
