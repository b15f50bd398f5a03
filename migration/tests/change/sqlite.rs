//! What a rebuilt table keeps on SQLite.

use migration::SchemaManager;
use migration::schema::{
    self, Cascade, SetNull, big_integer, boolean, change_table, string, text, uuid,
};
use workflow::catalog::Catalog;

use crate::harness::{Backend::Sqlite, Database, FAMILY};

#[tokio::test]
async fn triggers_on_it_and_elsewhere_go_on() {
    let database = Database::new(Sqlite, FAMILY).await;
    for sql in [
        "CREATE TABLE log (line text)",
        "CREATE TRIGGER task_new AFTER INSERT ON task BEGIN INSERT INTO log VALUES ('new ' || new.id); END",
        "CREATE TRIGGER task_old AFTER UPDATE OF title ON \"task\" WHEN old.title <> new.title BEGIN INSERT INTO log VALUES (old.title); END",
        "CREATE TRIGGER step_gone AFTER DELETE ON step BEGIN UPDATE task SET note = 'gone' WHERE id = old.task_id; END",
        "CREATE TRIGGER open_task_gone INSTEAD OF DELETE ON open_task BEGIN DELETE FROM task WHERE id = old.id; END",
    ] {
        database.execute(sql).await.expect(sql);
    }
    let objects =
        Catalog::read(&database.connection).await.expect("the catalog can be read").objects;

    database.apply(change_table("task").column(string("title", 9))).await.expect("it is changed");

    assert_eq!(
        Catalog::read(&database.connection).await.expect("the catalog can be read").objects,
        objects
    );
    assert!(
        database.rows("SELECT line FROM log").await.is_empty(),
        "a trigger fired for a copied row"
    );
    for sql in [
        "INSERT INTO task (id, title) VALUES (4, 'four')",
        "UPDATE task SET title = 'fourth' WHERE id = 4",
        "DELETE FROM step WHERE id = 3",
        "DELETE FROM open_task WHERE id = 4",
    ] {
        database.execute(sql).await.expect(sql);
    }
    assert_eq!(database.rows("SELECT line FROM log").await, ["new 4", "four"]);
    assert_eq!(
        database
            .rows("SELECT id || coalesce(note, '') FROM task ORDER BY id")
            .await
            .get(2)
            .map(String::as_str),
        Some("3gone")
    );
    assert_eq!(database.rows("SELECT count(*) || '' FROM task").await, ["3"]);
    database.remove().await;
}

#[tokio::test]
async fn counters_numbers_of_rows_and_options_stay() {
    let database = Database::new(Sqlite, &[
        "CREATE TABLE task (id integer PRIMARY KEY AUTOINCREMENT, x text)",
        "INSERT INTO task (id, x) VALUES (3, 'a'), (41, 'b')",
        "DELETE FROM task WHERE id = 41",
        "CREATE TABLE emptied (id integer PRIMARY KEY AUTOINCREMENT, x text)",
        "INSERT INTO emptied (id) VALUES (9)",
        "DELETE FROM emptied",
        "CREATE TABLE numbered (x text)",
        "INSERT INTO numbered (rowid, x) VALUES (5, 'five'), (900, 'words')",
        "CREATE VIRTUAL TABLE words USING fts5(x, content='numbered')",
        "INSERT INTO words (words) VALUES ('rebuild')",
        "CREATE TABLE strict (a text PRIMARY KEY, b any, c integer AS (length(a)) VIRTUAL, d integer GENERATED ALWAYS AS (b + 1) STORED)
            STRICT, WITHOUT ROWID -- both",
        "INSERT INTO strict (a, b) VALUES ('aa', 1)",
    ]).await;

    for table in ["task", "emptied", "numbered"] {
        database.apply(change_table(table).default("x", "y")).await.expect(table);
    }
    database.apply(change_table("strict").not_null("b")).await.expect("strict");

    database.execute("INSERT INTO task DEFAULT VALUES").await.expect("a row");
    assert_eq!(database.rows("SELECT id || x FROM task ORDER BY id").await, ["3a", "42y"]);
    database.execute("INSERT INTO emptied DEFAULT VALUES").await.expect("a row");
    assert_eq!(database.rows("SELECT id || x FROM emptied").await, ["10y"]);
    assert_eq!(
        database.rows("SELECT name || seq FROM sqlite_sequence ORDER BY name").await,
        ["emptied10", "task42"]
    );
    assert_eq!(
        database.rows("SELECT rowid || x FROM words WHERE words MATCH 'words'").await,
        ["900words"]
    );
    assert_eq!(database.table("strict").await.options, ["strict", "without rowid"]);
    assert_eq!(database.rows("SELECT a || b || c || d FROM strict").await, ["aa122"]);
    database.execute("INSERT INTO strict (a) VALUES ('b')").await.expect_err("b may not be null");
    database.remove().await;
}

#[tokio::test]
async fn what_is_not_named_is_left_as_it_was_written() {
    let written = "CREATE TABLE [task] (
        id INTEGER PRIMARY KEY, -- a number, of (course)
        \"a \"\"b\"\"\" TEXT COLLATE NOCASE DEFAULT 'it''s, (so)' /* here, too */ NOT NULL,
        c double precision DEFAULT -1.5 CONSTRAINT c_c CHECK (c > -2 AND c IN (1, -1.5)),
        d int CONSTRAINT d_null NOT NULL ON CONFLICT ABORT CONSTRAINT fk_z REFERENCES task (id) ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE INITIALLY IMMEDIATE,
        e AS (c * 2),
        UNIQUE (c, d) ON CONFLICT IGNORE
        CONSTRAINT forgotten_comma CHECK (d <> 7),
        -- the last
        FOREIGN KEY (d) REFERENCES task
    )";
    let database = Database::new(Sqlite, &[written]).await;

    database
        .apply(change_table("task").nullable("d").default("c", 2.5))
        .await
        .expect("it is changed");

    let wanted = written
        .replace("[task]", "\"task\"")
        .replace("DEFAULT -1.5", "DEFAULT 2.5")
        .replace("CONSTRAINT d_null NOT NULL ON CONFLICT ABORT", "NULL")
        .replace("IGNORE\n        ", "IGNORE\n        ,");
    assert_eq!(database.rows("SELECT sql FROM sqlite_schema WHERE name = 'task'").await, [wanted]);
    database.apply(change_table("task").nullable("d").default("c", 2.5)).await.expect("twice");
    database
        .apply(change_table("task").reference("d", "task", Cascade).drop_constraint("c_c"))
        .await
        .expect("keys");
    let keys =
        database.rows("SELECT \"from\" || on_delete FROM pragma_foreign_key_list('task')").await;
    assert_eq!(keys, ["dCASCADE", "dSET NULL"]);
    let sql = database.rows("SELECT sql FROM sqlite_schema WHERE name = 'task'").await.concat();
    assert!(!sql.contains("c_c") && sql.contains("CONSTRAINT fk_z REFERENCES"), "{sql}");
    database.remove().await;
}

#[tokio::test]
async fn a_column_that_is_a_foreign_key_is_dropped_by_the_vocabulary() {
    let database = Database::new(Sqlite, FAMILY).await;
    let manager = SchemaManager::new(&database.connection);
    let before = database.table("task").await;
    let reviewer = || uuid("reviewer_id").references("owner", SetNull).null();

    schema::add_column(&manager, "task", reviewer()).await.expect("the column is added");
    assert_ne!(database.table("task").await, before);
    for run in ["first", "second"] {
        schema::drop_column(&manager, "task", reviewer())
            .await
            .unwrap_or_else(|error| panic!("{run}: {error}"));
    }

    assert_eq!(database.table("task").await, before);
    assert_eq!(database.rows("SELECT count(*) || '' FROM detail").await, ["3"]);
    database.remove().await;
}

#[tokio::test]
async fn violations_that_were_there_are_no_reason_to_refuse() {
    let database = Database::new(Sqlite, FAMILY).await;
    for sql in [
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO step VALUES (90, 91)",
        "INSERT INTO detail VALUES (90, 91)",
        "UPDATE task SET parent_id = 92 WHERE id = 3",
        "PRAGMA foreign_keys = ON",
    ] {
        database.execute(sql).await.expect(sql);
    }

    database
        .apply(change_table("task").nullable("title").column(boolean("owner_id").null()))
        .await
        .expect_err("7 is no truth");
    database
        .apply(change_table("task").nullable("title").column(text("note").null()))
        .await
        .expect("it is changed");

    assert_eq!(database.rows("SELECT count(*) || '' FROM pragma_foreign_key_check").await, ["3"]);
    let error =
        database.refusal(change_table("task").column_from(big_integer("id"), "id + 10")).await;
    assert!(error.contains("rows of "), "{error}");
    database.remove().await;
}
