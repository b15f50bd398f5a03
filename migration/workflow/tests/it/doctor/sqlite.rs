use std::{
    fs::{File, OpenOptions, Permissions, set_permissions},
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use rstest::rstest;

use super::*;

const TABLES: &[&str] = &[
    "CREATE TABLE parent (id integer PRIMARY KEY)",
    "CREATE TABLE child (id integer PRIMARY KEY, parent_id bigint REFERENCES parent (id))",
    "CREATE VIEW fine AS SELECT id FROM child",
];

fn path(scratch: &Scratch) -> PathBuf {
    scratch.url().sqlite_file().expect("it is a file")
}

/// A file that only its owner may read, in a folder that others may enter.
fn permit(scratch: &Scratch, file: u32, folder: u32) {
    let path = path(scratch);
    let above = path.parent().expect("it is in a folder").to_owned();
    set_permissions(&path, Permissions::from_mode(file)).expect("the file is ours");
    set_permissions(above, Permissions::from_mode(folder)).expect("the folder is ours");
}

#[tokio::test]
async fn a_healthy_file_has_nothing() {
    let scratch = empty(Sqlite).await;
    let db = connect(&scratch).await;
    execute(&db, &["PRAGMA journal_mode = WAL"]).await;
    execute(&db, TABLES).await;

    permit(&scratch, 0o600, 0o755);
    assert_found(&findings(scratch.url(), &db).await, &[]);
    permit(&scratch, 0o666, 0o700);
    assert_found(&findings(scratch.url(), &db).await, &[]);

    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn settings_permissions_and_rows_that_are_wrong_are_found() {
    let scratch = empty(Sqlite).await;
    let db = connect(&scratch).await;
    execute(&db, &["PRAGMA page_size = 512", "PRAGMA encoding = 'UTF-16'"]).await;
    execute(&db, TABLES).await;
    execute(&db, &[
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO child VALUES (1, 7), (2, 7), (3, NULL)",
        "CREATE VIEW broken AS SELECT missing FROM parent",
        "CREATE TABLE filler (x)",
        "INSERT INTO filler WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900) SELECT zeroblob(400) FROM n",
        "DROP TABLE filler",
        "CREATE TABLE seaql_migrations (version text PRIMARY KEY, applied_at bigint)",
        "INSERT INTO seaql_migrations VALUES ('m9', 0)",
        "PRAGMA foreign_keys = ON",
    ])
    .await;
    permit(&scratch, 0o666, 0o777);

    let found = findings(scratch.url(), &db).await;

    assert_found(
        &found,
        &[
            "error permissions: every user of this machine can write to the file",
            "error permissions: every user of this machine can replace the file",
            "error foreign keys: 2 rows of child refer to rows that parent does not have, such as rowid 1",
            "error views: broken cannot be read",
            "warning journal: journal_mode = delete",
            "warning migrations: 1 are applied that this program does not know: m9",
            "notice encoding: text is kept as UTF-16",
            "notice page size: pages have 512 bytes",
            "notice free pages: ",
        ],
    );
    permit(&scratch, 0o604, 0o755);
    let again = lines(&findings(scratch.url(), &db).await);
    assert!(again.iter().any(|line| line == "warning permissions: every user of this machine can read the file"), "{again:?}");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn a_foreign_key_to_no_key_and_a_log_that_is_never_taken_in_are_found() {
    let scratch = empty(Sqlite).await;
    let db = connect(&scratch).await;
    execute(&db, &["PRAGMA journal_mode = WAL", "CREATE TABLE parent (id bigint)"]).await;
    execute(&db, &["CREATE TABLE child (id bigint PRIMARY KEY REFERENCES parent (id))"]).await;
    permit(&scratch, 0o600, 0o755);
    let mut log = path(&scratch).into_os_string();
    log.push("-wal");
    let log = OpenOptions::new().write(true).open(log).expect("there is a log");
    log.set_len(65 << 20).expect("it is made longer");

    let found = findings(scratch.url(), &db).await;

    let wanted = ["error foreign keys: ", "warning wal: the log beside the database has 65.0 MiB"];
    assert_found(&found, &wanted);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[case::inside(9 * 4096)]
#[case::schema(100)]
#[case::header(16)]
#[tokio::test]
async fn a_page_that_was_overwritten_is_found(#[case] place: u64) {
    let scratch = empty(Sqlite).await;
    let db = connect(&scratch).await;
    execute(&db, TABLES).await;
    execute(
        &db,
        &[
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE words (word text)",
            "CREATE INDEX by_word ON words (word)",
        ],
    )
    .await;
    execute(&db, &["INSERT INTO words WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000) SELECT 'word ' || n FROM n"]).await;
    db.close().await.expect("the connection closes");
    let mut file: File = OpenOptions::new().write(true).open(path(&scratch)).expect("it is a file");
    file.seek(SeekFrom::Start(place)).expect("it has pages");
    file.write_all(&[0xFF; 1000]).expect("a page is overwritten");
    permit(&scratch, 0o600, 0o755);

    let found = doctor::visit(&project(scratch.url()), 20, &Report::new(true)).await;

    let found = found.expect("the database can be examined").findings;
    assert_found(&found, &["error damage: "]);
    assert!(found.iter().all(|finding| finding.cure.contains("restore")));
    scratch.remove().await.expect("the database can be removed");
}
