//! A schema with a bit of everything, and what can happen to it.

use crate::harness::Backend::{self, Postgres, Sqlite};

/// What both databases take as it stands.
pub(super) const BASE: &[&str] = &[
    "CREATE TABLE parent (id bigint NOT NULL, code varchar(8) NOT NULL DEFAULT 'x', note text,
        CONSTRAINT pk_parent PRIMARY KEY (id), CONSTRAINT uq_parent_code UNIQUE (code),
        CONSTRAINT ck_parent_code CHECK (length(code) < 9))",
    "CREATE TABLE child (id bigint NOT NULL, parent_id bigint NOT NULL, amount bigint, name text NOT NULL DEFAULT 'it''s',
        twice bigint GENERATED ALWAYS AS (amount * 2) STORED, flag boolean,
        CONSTRAINT pk_child PRIMARY KEY (id),
        CONSTRAINT ck_child_amount CHECK (amount > -1),
        CONSTRAINT fk_child_parent_id FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE)",
    "CREATE INDEX ix_child_parent_id ON child (parent_id, amount DESC)",
    "CREATE INDEX ix_child_rich ON child (name) WHERE amount > 100",
    "CREATE UNIQUE INDEX uq_child_name ON child (name, parent_id)",
    "CREATE VIEW rich AS SELECT id, amount FROM child WHERE amount > 1000",
    "CREATE VIEW richest AS SELECT id FROM rich WHERE amount > 100000",
    "CREATE TABLE other (id bigint NOT NULL PRIMARY KEY, child_id bigint REFERENCES child (id) ON DELETE SET NULL)",
    "INSERT INTO parent (id, code) VALUES (1, 'a'), (2, 'b')",
    "INSERT INTO child (id, parent_id, amount, name) VALUES (1, 1, 5, 'one'), (2, 1, 2000, 'two'), (3, 2, 7, 'three')",
    "INSERT INTO other (id, child_id) VALUES (1, 1), (2, 3)",
];

/// What only one of them takes.
pub(super) fn own_base(backend: Backend) -> &'static [&'static str] {
    match backend {
        Sqlite => &[
            "CREATE TABLE log (id integer PRIMARY KEY AUTOINCREMENT, at text)",
            "CREATE TABLE strange (a text COLLATE nocase PRIMARY KEY, b any CHECK (b <> 'it''s'), UNIQUE (a, b)) STRICT, WITHOUT ROWID",
            "CREATE TABLE page (number integer NOT NULL PRIMARY KEY, body text NOT NULL)",
            "CREATE VIRTUAL TABLE words USING fts5(body, content='page', content_rowid='number')",
            "CREATE TRIGGER page_insert AFTER INSERT ON page BEGIN INSERT INTO words (rowid, body) VALUES (new.number, new.body); END",
            "CREATE TRIGGER child_gone AFTER DELETE ON child BEGIN INSERT INTO log (at) VALUES (old.name); END",
            "CREATE TRIGGER rich_insert INSTEAD OF INSERT ON rich BEGIN INSERT INTO log (at) VALUES ('rich'); END",
            "INSERT INTO log (at) VALUES ('x')",
            "INSERT INTO page VALUES (1, 'hello world')",
        ],
        Postgres => &[
            "CREATE TYPE mood AS ENUM ('sad', 'it''s fine')",
            "CREATE DOMAIN short AS text CONSTRAINT short_check CHECK (length(VALUE) < 30)",
            "CREATE TYPE pair AS (a integer, b text)",
            "CREATE SEQUENCE numbers",
            "CREATE TABLE strange (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood mood NOT NULL DEFAULT 'sad',
                name text COLLATE \"C\", short short, pair pair, at timestamptz NOT NULL DEFAULT now(), span int4range,
                many mood[], CONSTRAINT strange_span EXCLUDE USING gist (span WITH &&),
                CONSTRAINT ck_strange_mood CHECK (mood <> 'sad' OR name IS NOT NULL)) WITH (fillfactor = 70)",
            "INSERT INTO strange (mood, name, short, span) VALUES ('sad', 'a', 'b', '[1,2)'), ('it''s fine', NULL, 'c', '[2,3)')",
            "CREATE INDEX ix_strange_name ON strange USING gin (to_tsvector('simple', name))",
            "CREATE INDEX ix_strange_mood ON strange (name) WHERE mood = 'sad'",
            "ALTER TABLE strange ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY own ON strange FOR SELECT USING (name = current_user)",
            "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN old; END'",
            "CREATE FUNCTION total(who bigint) RETURNS bigint LANGUAGE sql AS 'SELECT sum(amount)::bigint FROM child WHERE parent_id = who'",
            "CREATE TRIGGER child_gone AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION gone()",
            "CREATE TRIGGER child_named AFTER UPDATE OF name ON child FOR EACH ROW EXECUTE FUNCTION gone()",
            "CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n, max(amount) AS most FROM child",
            "CREATE UNIQUE INDEX ix_counts_n ON counts (n)",
            "CREATE INDEX ix_counts_most ON counts (most)",
            "CREATE TABLE counted (id serial PRIMARY KEY, name text)",
            "CREATE TABLE log (id bigint NOT NULL, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
            "CREATE INDEX ix_log_at ON log (at)",
            "CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        ],
    }
}

/// What can happen to both.
pub(super) const COMMON: &[&[&str]] = &[
    &[
        "CREATE TABLE extra (id bigint NOT NULL PRIMARY KEY, parent_id bigint REFERENCES parent (id))",
    ],
    &["DROP TABLE other"],
    &["ALTER TABLE parent ADD COLUMN extra text"],
    &[
        "ALTER TABLE parent ADD COLUMN extra text NOT NULL DEFAULT 'y' CONSTRAINT ck_extra CHECK (extra <> 'z')",
    ],
    &[
        "ALTER TABLE parent ADD COLUMN child_id bigint CONSTRAINT fk_round REFERENCES child (id) ON UPDATE CASCADE",
    ],
    &["ALTER TABLE parent DROP COLUMN note"],
    &["ALTER TABLE child DROP COLUMN flag"],
    &["ALTER TABLE parent RENAME COLUMN note TO remark"],
    &["ALTER TABLE child DROP COLUMN twice"],
    &["DROP INDEX ix_child_rich"],
    &["DROP INDEX ix_child_rich", "CREATE INDEX ix_child_rich ON child (name) WHERE amount > 200"],
    &["DROP INDEX uq_child_name", "CREATE INDEX uq_child_name ON child (name, parent_id)"],
    &[
        "DROP INDEX ix_child_parent_id",
        "CREATE INDEX ix_child_parent_id ON child (parent_id, amount)",
    ],
    &["CREATE UNIQUE INDEX extra ON parent (lower(code))"],
    &["DROP VIEW richest"],
    &["DROP VIEW richest", "CREATE VIEW richest AS SELECT id FROM rich WHERE amount > 7"],
    &["CREATE VIEW extra AS SELECT r.id, p.note FROM richest r JOIN parent p ON p.id = r.id"],
    &["ALTER TABLE other RENAME TO others"],
    &[
        "ALTER TABLE child ADD COLUMN extra bigint",
        "CREATE INDEX ix_extra ON child (extra)",
        "CREATE VIEW extra AS SELECT extra FROM child",
    ],
];

/// What SQLite does not alter: the table is made again, as a person would have.
pub(super) const SQLITE: &[&[&str]] = &[
    &["DROP TRIGGER child_gone"],
    &[
        "DROP TRIGGER child_gone",
        "CREATE TRIGGER child_gone BEFORE DELETE ON child BEGIN SELECT 1; END",
    ],
    &["CREATE TRIGGER extra AFTER INSERT ON parent BEGIN DELETE FROM log; END"],
    &["DROP TRIGGER rich_insert"],
    &["DROP TABLE words", "DROP TRIGGER page_insert"],
    &[
        "DROP TABLE words",
        "CREATE VIRTUAL TABLE words USING fts5(body, content='page', content_rowid='number', tokenize='ascii')",
    ],
    &["CREATE VIRTUAL TABLE extra USING fts5(a)"],
    &["ALTER TABLE log ADD COLUMN by text COLLATE rtrim"],
    &["DROP TABLE log", "CREATE TABLE log (id integer PRIMARY KEY, at text)"],
    &[
        "DROP TABLE log",
        "CREATE TABLE log (id integer PRIMARY KEY AUTOINCREMENT, at text NOT NULL DEFAULT (1 + 1))",
    ],
    &[
        "DROP TABLE log",
        "CREATE TABLE log (id integer CONSTRAINT pk_log PRIMARY KEY AUTOINCREMENT, at integer UNIQUE)",
    ],
    &["DROP TABLE strange", "CREATE TABLE strange (a text PRIMARY KEY, b any, UNIQUE (a, b))"],
    &[
        "DROP TABLE page",
        "CREATE TABLE page (number integer NOT NULL PRIMARY KEY, body text, upper text GENERATED ALWAYS AS (upper(body)) VIRTUAL)",
    ],
    &[
        "DROP TABLE other",
        "CREATE TABLE other (id bigint NOT NULL PRIMARY KEY, child_id bigint NOT NULL REFERENCES child (id) ON DELETE CASCADE)",
    ],
    &["DROP TABLE other", "CREATE TABLE other (id bigint NOT NULL PRIMARY KEY, child_id bigint)"],
    &[
        "DROP TABLE other",
        "CREATE TABLE other (id text NOT NULL CONSTRAINT pk_other PRIMARY KEY, child_id bigint, CHECK (id <> ''))",
    ],
    &[
        "DROP TABLE other",
        "CREATE TABLE other (id bigint NOT NULL PRIMARY KEY, child_id bigint REFERENCES child (id) ON DELETE SET NULL, at text DEFAULT CURRENT_TIMESTAMP)",
    ],
];

/// What PostgreSQL has beside.
pub(super) const POSTGRES: &[&[&str]] = &[
    &["ALTER TABLE parent DROP CONSTRAINT ck_parent_code"],
    &[
        "ALTER TABLE parent DROP CONSTRAINT ck_parent_code",
        "ALTER TABLE parent ADD CONSTRAINT ck_parent_code CHECK (length(code) < 10) NOT VALID",
    ],
    &["ALTER TABLE parent DROP CONSTRAINT uq_parent_code"],
    &[
        "ALTER TABLE parent DROP CONSTRAINT uq_parent_code",
        "ALTER TABLE parent ADD CONSTRAINT uq_parent_code UNIQUE (code) DEFERRABLE",
    ],
    &["ALTER TABLE child DROP CONSTRAINT fk_child_parent_id"],
    &[
        "ALTER TABLE child DROP CONSTRAINT fk_child_parent_id",
        "ALTER TABLE child ADD CONSTRAINT fk_child_parent_id FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED",
    ],
    &["ALTER TABLE child DROP CONSTRAINT pk_child CASCADE"],
    &[
        "ALTER TABLE child DROP CONSTRAINT pk_child CASCADE",
        "ALTER TABLE child ADD CONSTRAINT pk_child PRIMARY KEY (id, parent_id)",
    ],
    &["ALTER TABLE parent ALTER code DROP NOT NULL", "ALTER TABLE parent ALTER code DROP DEFAULT"],
    &[
        "ALTER TABLE parent ALTER code SET DEFAULT 'y'",
        "ALTER TABLE parent ALTER note SET DEFAULT now()::text",
    ],
    &["ALTER TABLE parent ALTER code TYPE text"],
    &["ALTER TABLE parent ALTER code TYPE varchar(20)"],
    &[
        "DROP VIEW rich CASCADE",
        "DROP MATERIALIZED VIEW counts",
        "ALTER TABLE child DROP COLUMN twice",
        "ALTER TABLE child ALTER amount TYPE integer",
    ],
    &["ALTER TABLE parent ALTER note TYPE bytea USING note::bytea"],
    &["DROP TRIGGER child_named ON child", "ALTER TABLE child ALTER name TYPE text COLLATE \"C\""],
    &["ALTER TABLE child ALTER twice DROP EXPRESSION"],
    &[
        "ALTER TABLE child DROP COLUMN twice",
        "ALTER TABLE child ADD COLUMN twice bigint GENERATED ALWAYS AS (amount * 3) STORED",
    ],
    &["ALTER TABLE strange ALTER id SET GENERATED BY DEFAULT"],
    &["ALTER TABLE strange ALTER id DROP IDENTITY"],
    &["ALTER TABLE counted ALTER id DROP DEFAULT", "DROP SEQUENCE counted_id_seq"],
    &["DROP TABLE counted"],
    &[
        "ALTER TYPE mood ADD VALUE 'glad' BEFORE 'it''s fine'",
        "ALTER TYPE mood ADD VALUE 'mad' BEFORE 'sad'",
    ],
    &["ALTER TYPE mood RENAME VALUE 'it''s fine' TO 'it is fine'", "DELETE FROM strange"],
    &[
        "CREATE TYPE extra AS ENUM ('a')",
        "CREATE DOMAIN more AS integer NOT NULL",
        "CREATE TYPE most AS (x more)",
    ],
    &[
        "ALTER DOMAIN short DROP CONSTRAINT short_check",
        "ALTER DOMAIN short ADD CONSTRAINT short_check CHECK (length(VALUE) < 40)",
    ],
    &["ALTER TYPE pair ADD ATTRIBUTE c text"],
    &["ALTER SEQUENCE numbers INCREMENT BY 5 CYCLE"],
    &["DROP SEQUENCE numbers", "CREATE SEQUENCE extra"],
    &["DROP FUNCTION total(bigint)"],
    &[
        "CREATE OR REPLACE FUNCTION total(who bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    ],
    &[
        "DROP FUNCTION total(bigint)",
        "CREATE FUNCTION total(who bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ],
    &["DROP TRIGGER child_gone ON child"],
    &["ALTER TABLE child DISABLE TRIGGER child_gone"],
    &[
        "DROP TRIGGER child_gone ON child",
        "DROP TRIGGER child_named ON child",
        "DROP FUNCTION gone()",
    ],
    &[
        "DROP POLICY own ON strange",
        "CREATE POLICY own ON strange AS RESTRICTIVE FOR ALL TO PUBLIC USING (true) WITH CHECK (name <> 'x')",
    ],
    &["DROP POLICY own ON strange", "ALTER TABLE strange DISABLE ROW LEVEL SECURITY"],
    &[
        "ALTER TABLE strange FORCE ROW LEVEL SECURITY",
        "ALTER TABLE strange SET (fillfactor = 80, autovacuum_enabled = off)",
    ],
    &["ALTER TABLE parent SET (fillfactor = 50)", "ALTER TABLE other SET UNLOGGED"],
    &["DROP MATERIALIZED VIEW counts"],
    &["DROP INDEX ix_counts_most"],
    &["DROP TABLE log_2026"],
    &["ALTER TABLE log ADD COLUMN what text", "CREATE INDEX ix_log_what ON log (what)"],
    &[
        "DROP TABLE log",
        "CREATE TABLE log (id bigint NOT NULL, at date NOT NULL) PARTITION BY LIST (id)",
        "CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1)",
    ],
    &["DROP TABLE log", "CREATE TABLE log (id bigint NOT NULL, at date NOT NULL)"],
    &["CREATE TABLE heir (more text) INHERITS (other)"],
    &["ALTER TABLE strange DROP CONSTRAINT strange_span", "ALTER TABLE strange DROP COLUMN span"],
];
