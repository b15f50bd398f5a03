//! One change, and what is the same on both databases after it.

use migration::SchemaManager;
use migration::schema::{
    Cascade, Restrict, SetNull, add_column, big_integer, change_table, double, one_of, string,
    table, text, uuid,
};
use rstest::rstest;
use workflow::catalog::{Constraint, ForeignKey};

use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    Database, FAMILY,
};

#[rstest]
#[tokio::test]
async fn columns_keys_and_constraints_change_and_no_row_is_lost(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let database = Database::new(backend, FAMILY).await;

    let minutes = big_integer("minutes").default(5_i64).between(0, 99);
    let change = change_table("task")
        .column(string("title", 20))
        .column_from(minutes, "CAST(coalesce(minutes, '0') AS bigint)")
        .reference("owner_id", "owner", SetNull)
        .reference("parent_id", "task", SetNull)
        .index(["owner_id"])
        .check("own_parent", "parent_id <> id");
    for run in ["first", "second"] {
        database.apply(change.clone()).await.unwrap_or_else(|error| panic!("{run} run: {error}"));
    }

    let table = database.table("task").await;
    let column = |name: &str| table.column(name).expect("the column is there").clone();
    let kind = if backend == Sqlite { "integer" } else { "bigint" };
    assert_eq!((column("minutes").kind.as_str(), column("minutes").nullable), (kind, false));
    assert_eq!(column("minutes").default.as_deref(), Some("5"));
    let names: Vec<_> = table.constraints.keys().map(String::as_str).collect();
    let checks = ["ck_task_minutes", "ck_task_own_parent", "ck_task_title"];
    assert_eq!(
        names,
        [&checks[..], &["fk_task_owner_id", "fk_task_parent_id", "pk_task"]].concat()
    );
    let names: Vec<_> = table.indexes.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["ix_task_open", "ix_task_owner_id", "ix_task_parent_id", "uq_task_title_lower"]
    );
    let count = "SELECT count(*) || '' FROM";
    for (name, rows) in [("task", "3"), ("step", "3"), ("detail", "3"), ("flag", "2"), ("pin", "1")]
    {
        assert_eq!(database.rows(&format!("{count} {name}")).await, [rows], "{name}");
    }
    assert_eq!(database.rows(&format!("{count} flag WHERE task_id = 2")).await, ["1"]);
    assert_eq!(
        database.rows("SELECT title || minutes FROM task ORDER BY id").await,
        ["one15", "two30", "three0"]
    );
    assert_eq!(database.rows(&format!("{count} open_child")).await, ["1"]);

    for refused in [
        "UPDATE task SET title = 'of more than twenty characters'",
        "UPDATE task SET minutes = 100",
        "UPDATE task SET parent_id = id",
        "UPDATE task SET owner_id = 9",
        "INSERT INTO step VALUES (4, 9)",
        "DELETE FROM task WHERE id = 3",
    ] {
        database.execute(refused).await.expect_err(refused);
    }
    database.execute("DELETE FROM owner WHERE id = 7").await.expect("the owner goes");
    database.execute("DELETE FROM task WHERE id = 1").await.expect("the task goes");
    database
        .execute("INSERT INTO task (id, title) VALUES (4, 'by default')")
        .await
        .expect("a task");
    assert_eq!(database.rows(&format!("{count} detail")).await, ["2"]);
    assert_eq!(
        database
            .rows("SELECT id || ' ' || minutes FROM task WHERE parent_id IS NULL ORDER BY id")
            .await,
        ["2 30", "4 5"]
    );
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_change_and_its_reverse_leave_the_same_table(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let database = Database::new(backend, FAMILY).await;
    let before = database.table("task").await;

    let up = change_table("task")
        .not_null("title")
        .default("note", "none")
        .not_null("parent_id")
        .drop_reference("parent_id")
        .drop_index(["parent_id"])
        .unique(["title", "id"])
        .check("note", "note <> ''");
    database.execute("UPDATE task SET parent_id = 1").await.expect("the rows are prepared");
    database.apply(up).await.expect("up");
    let between = database.table("task").await;
    let down = change_table("task")
        .no_default("note")
        .nullable("parent_id")
        .reference("parent_id", "task", Cascade)
        .index(["parent_id"])
        .drop_unique(["title", "id"])
        .drop_check("note");
    database.apply(down).await.expect("down");

    assert!(
        between.indexes.contains_key("uq_task_title_id")
            && !between.indexes.contains_key("ix_task_parent_id")
    );
    assert!(
        between.constraints.contains_key("ck_task_note")
            && !between.constraints.contains_key("fk_task_parent_id")
    );
    let mut after = database.table("task").await;
    for index in after.indexes.values_mut() {
        // SQLite keeps the very text.
        index.definition = index.definition.replace('"', "");
    }
    assert_eq!(after, before);
    database.remove().await;
}

#[rstest]
#[case::number(double("minutes").null(), "15")]
#[case::text(text("minutes").null(), "15")]
#[case::listed(one_of("minutes", &["15", "30"]).null(), "15")]
#[tokio::test]
async fn values_keep_their_meaning_in_another_type(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] column: migration::schema::Column,
    #[case] value: &str,
) {
    let database = Database::new(backend, FAMILY).await;

    database.apply(change_table("task").column(column)).await.expect("the column is changed");

    let sql = format!(
        "SELECT title FROM task WHERE minutes = {}",
        match backend {
            Sqlite => format!(
                "CAST('{value}' AS {})",
                database.table("task").await.column("minutes").expect("it is there").kind
            ),
            Postgres => format!("'{value}'"),
        }
    );
    assert_eq!(database.rows(&sql).await, ["one"]);
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_column_goes_with_what_names_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = Database::new(backend, FAMILY).await;
    database
        .execute("ALTER TABLE task ADD COLUMN other bigint CHECK (other > 0 OR other < 0)")
        .await
        .expect("a column");

    database.execute("CREATE INDEX title ON task (parent_id, id)").await.expect("an index");

    let change = change_table("task").drop_column("owner_id").drop_column("title");
    for _run in 0..if backend == Sqlite { 2 } else { 1 } {
        database.apply(change.clone()).await.expect("the columns are dropped");
    }

    let table = database.table("task").await;
    assert!(table.column("owner_id").is_none() && table.column("title").is_none());
    assert_eq!(table.indexes.keys().collect::<Vec<_>>(), ["ix_task_parent_id", "title"]);
    assert!(!table.constraints.contains_key("ck_task_title"));
    let checks = table.constraints.values().filter(|one| matches!(one, Constraint::Check { .. }));
    assert_eq!(checks.count(), 1);
    assert_eq!(database.rows("SELECT count(*) || '' FROM detail").await, ["3"]);
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_row_that_does_not_fit_is_in_the_way(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = Database::new(backend, FAMILY).await;
    database.execute("UPDATE task SET minutes = 'many' WHERE id = 1").await.expect("a row");
    database.execute("INSERT INTO pin VALUES (2, 3)").await.expect("a row");

    for (change, told) in [
        (change_table("task").not_null("minutes"), "1 of the 3 rows of the table task"),
        (
            change_table("task").check("minutes", "minutes <> '30'"),
            "1 of the 3 rows of the table task",
        ),
        (change_table("task").column(string("title", 3)), "1 of the 3 rows of the table task"),
        (change_table("task").column(big_integer("minutes").null()), "1 rows of the table task"),
        (
            change_table("task").reference("owner_id", "pin", Restrict),
            "2 rows of task would refer to rows that pin",
        ),
        (change_table("pin").unique(["task_id"]), "2 rows share their (task_id)"),
        (change_table("pin").nullable("id").unique(["task_id"]), "2 rows share their (task_id)"),
        (change_table("pin").nullable("nothing"), "no column nothing"),
    ] {
        let error = database.apply(change.clone()).await.expect_err(told).to_string();
        assert!(backend == Postgres || error.contains(told), "{error}");
    }

    let count = "SELECT count(*) || '' FROM";
    for (name, rows) in [("task", "3"), ("step", "3"), ("detail", "3"), ("flag", "2"), ("pin", "2")]
    {
        assert_eq!(database.rows(&format!("{count} {name}")).await, [rows], "{name}");
    }
    database.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_reference_is_one_however_it_was_made(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = Database::new(backend, &[]).await;
    let manager = SchemaManager::new(&database.connection);
    table("person", []).create(&manager).await.expect("a table");
    let columns = [uuid("author_id").references("person", Cascade), uuid("editor_id").null()];
    table("book", columns).create(&manager).await.expect("a table");
    let reviewer = || uuid("reviewer_id").references("person", Restrict).null();
    add_column(&manager, "book", reviewer()).await.expect("a column");
    let before = database.catalog().await;
    let keys = async || {
        let book = database.table("book").await;
        let key = |key: &ForeignKey| format!("{} {}", key.columns.concat(), key.on_delete);
        let mut keys: Vec<_> = book.foreign_keys().map(key).collect();
        keys.sort_unstable();
        keys
    };

    let same = change_table("book").reference("author_id", "person", Cascade);
    database.apply(same).await.expect("nothing to do");
    assert_eq!(keys().await, ["author_id CASCADE", "reviewer_id RESTRICT"]);
    let other = change_table("book").reference("author_id", "person", Restrict);
    let other = other.reference("reviewer_id", "person", SetNull);
    for _run in 0..2 {
        let other = other.clone().reference("editor_id", "person", SetNull);
        database.apply(other).await.expect("the keys are changed");
        let wanted = ["author_id RESTRICT", "editor_id SET NULL", "reviewer_id SET NULL"];
        assert_eq!(keys().await, wanted);
    }
    let none = change_table("book").drop_reference("author_id").drop_reference("reviewer_id");
    database.apply(none.drop_reference("editor_id")).await.expect("the keys are dropped");
    assert!(keys().await.is_empty());
    let back = change_table("book").reference("author_id", "person", Cascade);
    database.apply(back.reference("reviewer_id", "person", Restrict)).await.expect("back");
    assert_eq!(database.catalog().await, before);
    database.remove().await;
}
