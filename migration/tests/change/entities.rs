//! A change gives the same entities on both databases.

use migration::SchemaManager;
use migration::schema::{
    Cascade, Restrict, SetNull, add_column, big_integer, change_table, drop_column, string, table,
    text, timestamp, uuid,
};

use workflow::entities::{Entities, generate};

use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    Database,
};

#[tokio::test]
async fn both_databases_generate_alike() {
    let (sqlite, postgres) = (entities(Sqlite).await, entities(Postgres).await);

    let diff = sqlite.diff(&postgres);
    assert!(diff.is_empty(), "{diff}");
}

async fn entities(backend: Backend) -> Entities {
    let database = Database::new(backend, &[]).await;
    let manager = SchemaManager::new(&database.connection);
    let columns = [
        uuid("author_id").references("person", Cascade),
        uuid("reviewer_id"),
        uuid("translator_id").null(),
        string("title", 20),
        string("pages", 10).null(),
        text("blurb").unique(),
    ];
    table("person", [string("name", 20)]).create(&manager).await.expect("a table");
    table("book", columns).create(&manager).await.expect("a table");
    let editor = || uuid("editor_id").references("person", SetNull).null();
    let maker = || uuid("maker_id").references("person", SetNull).null();
    add_column(&manager, "book", editor()).await.expect("a column");
    add_column(&manager, "book", maker()).await.expect("a column");

    let change = change_table("book")
        .column(uuid("translator_id").references("person", Restrict).unique())
        .reference("reviewer_id", "person", SetNull)
        .nullable("reviewer_id")
        .not_null("pages")
        .column_from(big_integer("pages"), "CAST(pages AS bigint)")
        .column_from(timestamp("blurb").null(), "CAST(NULL AS timestamptz)")
        .drop_unique(["blurb"])
        .unique(["title", "pages"]);
    database.apply(change).await.expect("the table is changed");
    drop_column(&manager, "book", maker()).await.expect("the column is dropped");

    let entities = generate(&database.connection).await.expect("the generator runs");
    database.remove().await;
    entities
}
