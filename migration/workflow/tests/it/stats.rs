//! What a database says of itself is so.

use rstest::rstest;
use workflow::{
    catalog::Catalog,
    report::Report,
    stats::{self, Stats},
};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};

const SCHEMA: &[&str] = &[
    "CREATE TABLE parent (id bigint NOT NULL CONSTRAINT pk_parent PRIMARY KEY, code text, kind text)",
    "CREATE TABLE child (id bigint NOT NULL CONSTRAINT pk_child PRIMARY KEY,
        a bigint CONSTRAINT fk_a REFERENCES parent (id), b bigint CONSTRAINT fk_b REFERENCES parent (id),
        c bigint CONSTRAINT fk_c REFERENCES parent (id), d bigint CONSTRAINT fk_d REFERENCES parent (id))",
    "CREATE INDEX needed ON child (a, id)",
    "CREATE INDEX partial_is_enough ON child (b) WHERE b IS NOT NULL",
    "CREATE INDEX partial_is_not ON child (c) WHERE id > 7",
    "CREATE INDEX only_second ON child (id, d)",
    "CREATE INDEX prefix ON child (a)",
    "CREATE INDEX again ON child (a, id)",
    "CREATE INDEX backwards ON child (a DESC)",
    "CREATE INDEX of_key ON child (id)",
    "CREATE UNIQUE INDEX unique_prefix ON parent (code)",
    "CREATE INDEX longer ON parent (code, kind)",
    "CREATE INDEX expression ON parent (lower(code))",
    "CREATE INDEX expression_again ON parent (lower(code))",
];

#[rstest]
#[tokio::test]
async fn indexes_that_are_missing_and_needless_are_told(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, SCHEMA).await;
    if backend == Postgres {
        execute(
            &db,
            &[
                "CREATE INDEX like_only ON parent (code text_pattern_ops)",
                "CREATE INDEX including ON child (a) INCLUDE (b)",
                "CREATE INDEX hashed ON parent USING hash (code)",
            ],
        )
        .await;
    }
    let catalog = Catalog::read(&db).await.expect("the catalog can be read");

    let redundant = stats::redundant(&catalog, db.get_database_backend());
    let missing = stats::missing(&catalog);

    let mut redundant: Vec<_> =
        redundant.iter().map(|one| format!("{} < {}", one.index, one.because_of)).collect();
    redundant.sort();
    let wanted =
        ["expression_again < expression", "needed < again", "of_key < pk_child", "prefix < again"];
    assert_eq!(redundant, wanted);
    let missing: Vec<_> = missing.iter().map(|one| one.columns.concat()).collect();
    assert_eq!(missing, ["c", "d"]);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

async fn collect(db: &sea_orm::DatabaseConnection, exact: bool) -> Stats {
    stats::collect(db, exact, 5, &Report::new(true)).await.expect("the database answers")
}

#[rstest]
#[tokio::test]
async fn rows_and_sizes_are_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, SCHEMA).await;
    execute(&db, &[
        "CREATE TABLE \"of numbers\" (n bigint)",
        "INSERT INTO \"of numbers\" WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000) SELECT n FROM n",
        "DELETE FROM \"of numbers\" WHERE n > 4000",
        "CREATE INDEX unused ON \"of numbers\" (n)",
    ])
    .await;
    if backend == Postgres {
        // Counters reach the views when a session is idle, or ends.
        execute(&db, &["ANALYZE \"of numbers\"", "SELECT pg_stat_force_next_flush()"]).await;
    }

    let stats = collect(&db, true).await;

    let table = stats.tables.first().expect("there are tables");
    assert_eq!((table.name.as_str(), table.rows, table.exact), ("of numbers", 4000, true));
    assert_eq!(table.dead_rows, (backend == Postgres).then_some(1000));
    assert!(table.bytes > Some(40_000) && table.index_bytes > Some(30_000), "{table:?}");
    let index = stats.indexes.first().expect("there are indexes");
    assert_eq!(
        (index.name.as_str(), index.table.as_str(), index.bytes),
        ("unused", "of numbers", table.index_bytes)
    );
    assert_eq!(index.unused, backend == Postgres);
    assert!(!stats.indexes.iter().any(|index| index.name == "unique_prefix" && index.unused));
    assert!(stats.bytes > 90_000 && !stats.statements_missing.is_empty());
    if let Some(connections) = stats.connections {
        assert!(connections.by_state.iter().any(|(state, count)| state == "active" && *count == 1));
        assert!(connections.server < connections.limit);
    }
    if backend == Postgres {
        execute(
            &db,
            &[
                "SET enable_seqscan = off",
                "SELECT FROM \"of numbers\" WHERE n = 7",
                "SELECT pg_stat_force_next_flush()",
            ],
        )
        .await;
        let again = collect(&db, false).await;
        assert!(
            again
                .indexes
                .iter()
                .any(|index| index.name == "unused" && index.scans == Some(1) && !index.unused)
        );
        let estimate = again.tables.first().expect("there are tables");
        assert_eq!((estimate.rows, estimate.exact), (4000, false));
    }
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
