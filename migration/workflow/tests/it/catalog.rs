//! What is read of a database is what was declared there.

use rstest::rstest;
use workflow::catalog::Catalog;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};

/// What both databases take as it stands.
const COMMON: [&str; 5] = [
    "CREATE TABLE parent (id bigint NOT NULL CONSTRAINT pk_parent PRIMARY KEY, code varchar(8) NOT NULL DEFAULT 'x',
        CONSTRAINT uq_parent_code UNIQUE (code), CONSTRAINT ck_parent_code CHECK (length(code) < 5))",
    "CREATE TABLE child (id bigint NOT NULL PRIMARY KEY, parent_id bigint NOT NULL,
        amount bigint, twice bigint GENERATED ALWAYS AS (amount * 2) STORED,
        CONSTRAINT fk_child_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)",
    "CREATE INDEX ix_child ON child (parent_id, amount DESC) WHERE amount > 0",
    "CREATE UNIQUE INDEX uq_child ON child (abs(amount))",
    "CREATE VIEW rich AS SELECT id FROM child WHERE amount > 1000",
];

#[rstest]
#[case(Sqlite, &[
    "CREATE TABLE strange (a text COLLATE nocase PRIMARY KEY, b any CHECK (b <> 'it''s'), UNIQUE (a, b)) STRICT, WITHOUT ROWID",
    "CREATE TABLE counted (id integer PRIMARY KEY AUTOINCREMENT, price real(16, 4), code text UNIQUE ON CONFLICT REPLACE)",
    "CREATE VIRTUAL TABLE words USING fts5(text)",
    "CREATE TRIGGER child_gone AFTER DELETE ON child BEGIN DELETE FROM parent WHERE id = old.parent_id; END",
])]
#[case(Postgres, &[
    "CREATE TYPE mood AS ENUM ('sad', 'it''s fine')",
    "CREATE DOMAIN short AS text CONSTRAINT short_check CHECK (length(VALUE) < 3)",
    "CREATE SEQUENCE numbers",
    "CREATE TABLE strange (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood mood, name text COLLATE \"C\",
        at timestamptz NOT NULL DEFAULT now(), span int4range, EXCLUDE USING gist (span WITH &&)) WITH (fillfactor = 70)",
    "ALTER TABLE child ADD CONSTRAINT ck_later CHECK (amount > -1) NOT VALID",
    "CREATE INDEX ix_strange ON strange USING gin (to_tsvector('simple', name))",
    "ALTER TABLE strange ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON strange FOR SELECT USING (name = current_user)",
    "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN old; END'",
    "CREATE TRIGGER child_gone AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION gone()",
    "CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM child",
    "CREATE TABLE log (id bigint, at date) PARTITION BY RANGE (at)",
    "CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
])]
#[tokio::test]
async fn a_catalog_has_what_was_declared(#[case] backend: Backend, #[case] own: &[&str]) {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, &COMMON).await;
    execute(&db, own).await;

    let catalog = Catalog::read(&db).await.expect("the catalog can be read");

    insta::assert_json_snapshot!(format!("{backend:?}"), catalog);
    let order = catalog.tables_in_order();
    let place = |name| order.iter().position(|table| *table == name);
    assert!(place("parent") < place("child"), "{order:?}");
    let fingerprint = catalog.fingerprint();
    execute(&db, &["ALTER TABLE child ADD COLUMN note text"]).await;
    let changed = Catalog::read(&db).await.expect("the catalog can be read");
    assert_ne!(changed.fingerprint(), fingerprint);
    execute(&db, &["ALTER TABLE child DROP COLUMN note"]).await;
    let back = Catalog::read(&db).await.expect("the catalog can be read");
    assert_eq!(back.fingerprint(), fingerprint);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
