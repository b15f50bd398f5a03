//! Rows are the same on both databases, and are read and written whole.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use workflow::catalog::Catalog;
use workflow::rows::{
    self, Batch, Checksum, Order, Relation, Row, Value, checksum, prepare, read, steps,
    transaction, write,
};
use workflow::scratch::Scratch;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};

/// One column of each kind, as SeaORM's migrations declare them.
fn table_of_all_kinds(backend: Backend) -> &'static str {
    match backend {
        Sqlite => {
            "CREATE TABLE \"odd \"\"name\" (id uuid_text NOT NULL PRIMARY KEY, flag boolean, small smallint,
                big integer, \"select\" double, amount real_decimal, note varchar, bits blob,
                at timestamp_with_timezone_text, local datetime_text, day date_text, doc jsonb_text)"
        }
        Postgres => {
            "CREATE TABLE \"odd \"\"name\" (doc jsonb, day date, local timestamp, at timestamptz, bits bytea,
                note varchar COLLATE \"C\", amount numeric(20, 2), \"select\" double precision, big bigint,
                small smallint, flag boolean, id uuid NOT NULL PRIMARY KEY)"
        }
    }
}

/// Rows that both databases can hold, the hostile ones included; columns by name: amount, at, big, bits, day, doc, flag, id,
/// local, note, select, small.
fn hostile() -> Vec<Row> {
    let row = |id: u8, note: &str, doc: &str, at: i64| {
        vec![
            Value::Decimal("-1234567.5".to_owned()),
            Value::Moment(at),
            Value::Integer(i64::MIN),
            Value::Bytes((0..=255).collect()),
            Value::Date(-1),
            Value::Json(doc.to_owned()),
            Value::Boolean(id.is_multiple_of(2)),
            Value::Uuid([id; 16]),
            Value::Moment(at),
            Value::Text(note.to_owned()),
            Value::Double(f64::MAX),
            Value::Integer(-32768),
        ]
    };
    let mut nulls = vec![Value::Null; 12];
    nulls[7] = Value::Uuid([0; 16]);
    let mut empty = row(9, "", "\"\"", 0);
    empty[3] = Value::Bytes(Vec::new());
    empty[10] = Value::Double(-0.1);
    vec![
        nulls,
        empty,
        row(1, "\\.\n\\N\t\r\u{1}\u{7f}'\"\\", "{\"a\":[1.50,null],\"b\":\"\\u0001\\\\\"}", 1),
        row(2, "Größe 漢字 😀 \u{202e}", "12345678901234567890123.10", -1),
        row(3, "\\N", "null", 253_402_300_799_999_999),
        row(4, "NULL", "true", -62_135_596_800_000_000),
        row(255, &"long ".repeat(50_000), "[]", 1_234_567_890_120_000),
    ]
}

async fn relation(db: &DatabaseConnection) -> Relation {
    let catalog = Catalog::read(db).await.expect("the catalog can be read");
    let relations = rows::relations(&catalog, db.get_database_backend());
    relations.into_iter().next().expect("there is a table")
}

async fn all(db: &DatabaseConnection, relation: &Relation, order: Order<'_>) -> Vec<Row> {
    let (mut stream, mut rows) = (read(db, relation, order), Vec::new());
    loop {
        let batch = Batch::next(&mut stream).await.expect("rows can be read");
        if batch.rows.is_empty() {
            return rows;
        }
        rows.extend(batch.rows);
    }
}

async fn store(db: &DatabaseConnection, relation: &Relation, rows: &[Row]) -> anyhow::Result<()> {
    prepare(db).await?;
    transaction(db, async || write(db, relation, rows).await).await
}

async fn with_table(backend: Backend, sql: &str) -> (Scratch, DatabaseConnection, Relation) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, &[sql]).await;
    let relation = relation(&db).await;
    (scratch, db, relation)
}

async fn done(scratch: Scratch, db: DatabaseConnection) {
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn what_is_written_is_read_on_both_databases() {
    let mut checksums = Vec::new();
    for backend in [Sqlite, Postgres] {
        let (scratch, db, relation) = with_table(backend, table_of_all_kinds(backend)).await;
        store(&db, &relation, &hostile()).await.expect("both databases can hold these rows");

        assert_eq!(all(&db, &relation, Order::Key(None)).await, sorted(backend), "{backend:?}");
        let sum = checksum(&db, &relation, |_| ()).await.expect("rows can be read");
        let (mut expected, mut buffer) = (Checksum::default(), Vec::new());
        hostile().iter().rev().for_each(|row| expected.add(row, &mut buffer));
        assert_eq!(sum, expected);
        checksums.push(sum);

        execute(
            &db,
            &["UPDATE \"odd \"\"name\" SET note = note || ' ' WHERE small = 0 OR note = ''"],
        )
        .await;
        let changed = checksum(&db, &relation, |_| ()).await.expect("rows can be read");
        assert_ne!(changed, checksums[0]);
        done(scratch, db).await;
    }
    assert_eq!(checksums[0], checksums[1]);
}

/// In the order of the key, which on SQLite is that of writing.
fn sorted(backend: Backend) -> Vec<Row> {
    let mut rows = hostile();
    if backend == Postgres {
        rows.sort_by_key(|row| match row[7] {
            Value::Uuid(id) => id,
            _ => [0; 16],
        });
    }
    rows
}

/// What an application stores in other forms than ours is the same row.
#[tokio::test]
async fn forms_of_the_same_value_are_one_value() {
    let mut sums = Vec::new();
    for (backend, sql) in [
        (Sqlite, "INSERT INTO \"odd \"\"name\" (id, at, local, amount, doc, \"select\") VALUES (zeroblob(16),
            '2026-09-01T14:00:00.120000+02:00', '2026-09-01 12:00:00', 3, '{ \"b\": 1e2, \"a\": 0.10 }', 1)"),
        (Postgres, "INSERT INTO \"odd \"\"name\" (id, at, local, amount, doc, \"select\") VALUES
            ('00000000-0000-0000-0000-000000000000', '2026-09-01 12:00:00.12Z', '2026-09-01 12:00:00.000', 3.00,
            '{\"a\": 0.10, \"b\": 100}', 1)"),
    ] {
        let (scratch, db, relation) = with_table(backend, table_of_all_kinds(backend)).await;
        execute(&db, &[sql]).await;
        sums.push(checksum(&db, &relation, |_| ()).await.expect("rows can be read"));
        done(scratch, db).await;
    }
    assert_eq!(sums[0], sums[1]);
}

#[rstest]
#[case("CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, x text)")]
#[case("CREATE TABLE t (id bigint NOT NULL, x varchar(80) NOT NULL, PRIMARY KEY (x, id))")]
#[case("CREATE TABLE t (id bigint, rowid bigint, x text)")]
#[tokio::test]
async fn reading_goes_on_after_any_row(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] sql: &str,
) {
    let (scratch, db, relation) = with_table(backend, sql).await;
    let texts = ["Zoë", "a", "B", "zoe", "ä", "a b", "_", "A"];
    let filled = |place: usize| match relation.fields.len() {
        2 => vec![Value::Integer(7), Value::Text(texts[place].to_owned())],
        _ => vec![Value::Null, Value::Null, Value::Text(texts[place].to_owned())],
    };
    let rows: Vec<_> = (0..texts.len()).map(filled).collect();
    let rows = match relation.key.as_slice() {
        [0] => {
            (0_i64..).zip(rows).map(|(id, row)| vec![Value::Integer(id), row[1].clone()]).collect()
        }
        _ => rows,
    };
    store(&db, &relation, &rows).await.expect("these are rows");
    assert_eq!(relation.is_ordered(), backend == Sqlite || !relation.key.is_empty());
    if relation.is_ordered() {
        let mut stream = read(&db, &relation, Order::Key(None));
        let mut placed = Vec::new();
        while let Some(row) =
            futures_util::TryStreamExt::try_next(&mut stream).await.expect("a row")
        {
            placed.push(row);
        }
        drop(stream);
        for (number, (_, place)) in placed.iter().enumerate() {
            let rest = all(&db, &relation, Order::Key(Some(place))).await;
            let expected: Vec<_> =
                placed[number + 1..].iter().map(|(row, _)| row.clone()).collect();
            assert_eq!(rest, expected, "after {place:?}");
        }
    } else {
        assert_eq!(all(&db, &relation, Order::Any).await.len(), rows.len());
    }
    done(scratch, db).await;
}

#[rstest]
#[tokio::test]
async fn the_row_that_is_refused_is_named(#[values(Sqlite, Postgres)] backend: Backend) {
    let sql = "CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, x text CONSTRAINT ck_t_x CHECK (x <> 'bad'))";
    let (scratch, db, relation) = with_table(backend, sql).await;
    let row = |id: i64| {
        let text = if id == 3_333 { "bad" } else { "good" };
        vec![Value::Integer(id), Value::Text(text.to_owned())]
    };
    let rows: Vec<_> = (0..Batch::ROWS).map(|id| row(i64::try_from(id).unwrap())).collect();

    let error = store(&db, &relation, &rows).await.expect_err("one row breaks the CHECK");

    let told = format!("{error:#}");
    assert!(told.contains("id=3333 of t") && told.contains("ck_t_x"), "{told}");
    assert_eq!(all(&db, &relation, Order::Any).await.len(), 0, "all or nothing");
    if backend == Postgres {
        let nul = vec![Value::Integer(1), Value::Text("a\0".to_owned())];
        let error = store(&db, &relation, &[nul]).await.expect_err("PostgreSQL has no U+0000");
        assert!(error.to_string().starts_with("t.x of id=1 holds a\\0"), "{error}");
    }
    done(scratch, db).await;
}

/// Tables that refer to themselves and to one another, with no null to begin with.
#[rstest]
#[tokio::test]
async fn circles_are_filled_in_one_step(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    let late = "DEFERRABLE INITIALLY DEFERRED";
    let tables = [
        "CREATE TABLE alone (id bigint NOT NULL PRIMARY KEY)".to_owned(),
        "CREATE TABLE tree (id bigint NOT NULL PRIMARY KEY, up bigint NOT NULL REFERENCES tree (id),
            alone_id bigint NOT NULL REFERENCES alone (id))".to_owned(),
        match backend {
            Sqlite => format!("CREATE TABLE a (id bigint NOT NULL PRIMARY KEY, b_id bigint NOT NULL REFERENCES b (id) {late})"),
            Postgres => "CREATE TABLE a (id bigint NOT NULL PRIMARY KEY, b_id bigint NOT NULL)".to_owned(),
        },
        "CREATE TABLE b (id bigint NOT NULL PRIMARY KEY, a_id bigint NOT NULL REFERENCES a (id))".to_owned(),
    ];
    execute(&db, &tables.each_ref().map(String::as_str)).await;
    if backend == Postgres {
        let key = format!(
            "ALTER TABLE a ADD CONSTRAINT fk_a_b FOREIGN KEY (b_id) REFERENCES b (id) {late}"
        );
        execute(&db, &[&key]).await;
    }
    let catalog = Catalog::read(&db).await.expect("the catalog can be read");
    let steps = steps(&catalog, db.get_database_backend(), |_| true);
    let shape: Vec<_> = steps.iter().map(|step| step.relations.len()).collect();
    assert_eq!(shape, if backend == Postgres { vec![1, 1, 2] } else { vec![1; 4] });
    let [one, two] = [1, 2].map(Value::Integer);
    let first = |relation: &Relation| match relation.name.as_str() {
        "alone" => vec![vec![one.clone()]],
        "tree" => vec![
            vec![one.clone(), one.clone(), two.clone()],
            vec![one.clone(), two.clone(), two.clone()],
        ],
        _ => vec![vec![one.clone(), one.clone()]],
    };
    let fill = async |broken: bool| {
        prepare(&db).await?;
        transaction(&db, async || {
            let deferred = rows::defer(&db, &steps).await?;
            for relation in steps.iter().flat_map(|step| &step.relations) {
                let mut rows = first(relation);
                if broken && relation.name == "b" {
                    rows = vec![vec![two.clone(), one.clone()]];
                }
                write(&db, relation, &rows).await?;
            }
            rows::enforce(&db, deferred).await?;
            rows::check_references(&db).await
        })
        .await
    };
    fill(true).await.expect_err("a row refers to none");
    let full = rows::tables_with_rows(&db, &catalog).await.expect("tables can be read");
    assert!(full.is_empty(), "all or nothing: {full:?}");
    fill(false).await.expect("every reference finds its row in the end");
    let after = Catalog::read(&db).await.expect("the catalog can be read");
    assert_eq!(after, catalog, "every constraint is what it was");
    done(scratch, db).await;
}

#[rstest]
#[tokio::test]
async fn a_snapshot_does_not_see_what_comes_later(#[values(Sqlite, Postgres)] backend: Backend) {
    let (scratch, db, relation) =
        with_table(backend, "CREATE TABLE t (id bigint NOT NULL PRIMARY KEY)").await;
    if backend == Sqlite {
        execute(&db, &["PRAGMA journal_mode = WAL"]).await;
    }
    execute(&db, &["INSERT INTO t VALUES (1)"]).await;
    let other = connect(&scratch).await;

    let catalog = rows::snapshot(&db).await.expect("a snapshot can be taken");
    execute(&other, &["INSERT INTO t VALUES (2)"]).await;

    assert!(catalog.tables.contains_key("t"));
    assert_eq!(checksum(&db, &relation, |_| ()).await.unwrap().rows, 1);
    db.execute_unprepared("COMMIT").await.unwrap();
    assert_eq!(checksum(&db, &relation, |_| ()).await.unwrap().rows, 2);
    other.close().await.expect("the connection closes");
    done(scratch, db).await;
}
