//! What `garboard db new` writes compiles, and goes up and down: the files in `new` are what it writes.
#![expect(clippy::disallowed_methods, reason = "TEST_POSTGRES_URL is no setting of the server")]
#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

use std::{env, fs, path::Path};

use migration::{MigratorTrait, schema};
use rstest::rstest;
use sea_orm_migration::{MigrationTrait, prelude::async_trait};
use workflow::{catalog::Catalog, new, scratch::Scratch};

#[path = "new/m20261121_120000_create_label.rs"]
mod m20261121_120000_create_label;
#[path = "new/m20261121_120001_add_color_to_label.rs"]
mod m20261121_120001_add_color_to_label;
#[path = "new/m20261121_120002_tidy_up.rs"]
mod m20261121_120002_tidy_up;

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_120000_create_label::Migration),
            Box::new(m20261121_120001_add_color_to_label::Migration),
            Box::new(m20261121_120002_tidy_up::Migration),
        ]
    }
}

#[test]
fn a_new_migration_is_one_that_compiles() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let lib = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs");
    fs::copy(lib, folder.path().join("lib.rs")).expect("lib.rs can be copied");
    let noon = "2026-11-21T12:00:00Z".parse().expect("a time");

    for name in ["create_label", "add_color_to_label", "tidy_up"] {
        let (module, file) = new::create(folder.path(), name, noon).expect("it is written");
        let compiled = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/new/{module}.rs"));
        let [written, compiled] = [file, compiled].map(fs::read_to_string);
        assert_eq!(written.expect("it is written"), compiled.expect("it is compiled"), "{module}");
    }
}

#[rstest]
#[tokio::test]
async fn a_new_migration_goes_up_and_down(#[values("sqlite", "postgres")] backend: &str) {
    let url = match backend {
        "sqlite" => "sqlite://unused.db".to_owned(),
        _ => env::var("TEST_POSTGRES_URL").expect("`tests/run` brings a PostgreSQL server"),
    };
    let url = url.parse().expect("the address of a database");
    let scratch = Scratch::beside(&url).await.expect("a database can be made");
    let db = scratch.connect().await.expect("the database can be reached");

    Migrator::up(&db, None).await.expect("up");
    let catalog = Catalog::read(&db).await.expect("the schema can be read");
    Migrator::down(&db, None).await.expect("down");

    let label = catalog.tables.get("label").expect("the table is made");
    let columns: Vec<_> = label.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["id", "name", "created_at", "updated_at", "color"]);
    let catalog = Catalog::read(&db).await.expect("the schema can be read");
    assert!(catalog.tables.is_empty());
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
