use super::*;

/// A database with a user of its own, who is no superuser.
struct Owned {
    scratch: Scratch,
    admin: DatabaseConnection,
    name: String,
    role: String,
    url: DatabaseUrl,
}

impl Owned {
    async fn new() -> Self {
        let scratch = empty(Postgres).await;
        let admin = connect(&scratch).await;
        let (name, address) = (scratch.url().name(), scratch.url().reveal());
        let role = format!("{name}_user");
        let (scheme, host) = address.split_once("://").expect("it is a URL");
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let url = format!("{scheme}://{role}:secret@{host}").parse().expect("it is a URL");
        let made = Self { scratch, admin, name, role, url };
        let Self { name, role, .. } = &made;
        made.admin(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await;
        made.admin(&format!("ALTER DATABASE {name} OWNER TO {role}")).await;
        for setting in ["idle_in_transaction_session_timeout = '5min'", "synchronous_commit = on"] {
            made.admin(&format!("ALTER DATABASE {name} SET {setting}")).await;
        }
        made
    }

    async fn admin(&self, sql: &str) {
        execute(&self.admin, &[sql]).await;
    }

    async fn connect(&self) -> DatabaseConnection {
        scratch::connect(&self.url).await.expect("the user may connect")
    }

    /// What is found over a new connection, which has the settings of now.
    async fn findings(&self) -> Vec<Finding> {
        let db = self.connect().await;
        let found = findings(&self.url, &db).await;
        db.close().await.expect("the connection closes");
        of_the_database(found)
    }

    async fn remove(self) {
        self.admin.close().await.expect("the connection closes");
        let role = self.role.clone();
        self.scratch.remove().await.expect("the database can be removed");
        let other = connect_to_server().await;
        execute(&other, &[&format!("DROP ROLE {role}")]).await;
        other.close().await.expect("the connection closes");
    }
}

async fn connect_to_server() -> DatabaseConnection {
    let url = crate::harness::server(Postgres);
    scratch::connect(&url).await.expect("the server can be reached")
}

/// Without what the server that brings the tests has: it may be fast rather than safe, or old.
fn of_the_database(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| {
        let fast = ["fsync = off", "full_page_writes = off"];
        !fast.iter().any(|setting| finding.seen.starts_with(setting))
            && !["version", "replication"].contains(&finding.subject.as_str())
    });
    findings
}

#[tokio::test]
async fn a_healthy_database_has_nothing() {
    let owned = Owned::new().await;
    let db = owned.connect().await;
    execute(&db, &["CREATE TABLE parent (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)"])
        .await;
    db.close().await.expect("the connection closes");

    assert_found(&owned.findings().await, &[]);
    owned.remove().await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of findings")]
async fn what_is_wrong_is_found_and_what_it_says_cures_it() {
    let owned = Owned::new().await;
    let Owned { name, role, .. } = &owned;
    let db = owned.connect().await;
    execute(
        &db,
        &[
            "CREATE TABLE parent (id bigint PRIMARY KEY, amount bigint)",
            "INSERT INTO parent VALUES (1, 2)",
            "ALTER TABLE parent ADD CONSTRAINT later CHECK (amount > 1) NOT VALID",
            "CREATE UNLOGGED TABLE fleeting (id bigint)",
            "CREATE TABLE growing (id bigint) WITH (autovacuum_enabled = off)",
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            "CREATE SEQUENCE few AS smallint",
            "SELECT setval('few', 30000)",
            "CREATE INDEX broken ON parent (amount)",
            "CREATE TABLE seaql_migrations (version text PRIMARY KEY)",
            "INSERT INTO seaql_migrations VALUES ('m9')",
        ],
    )
    .await;
    db.close().await.expect("the connection closes");
    owned
        .admin("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
        .await;
    owned.admin("CREATE TABLE foreign_to_it (id bigint)").await;
    for setting in [
        format!("DATABASE {name} SET synchronous_commit = off"),
        format!("DATABASE {name} SET standard_conforming_strings = off"),
        format!("DATABASE {name} SET idle_in_transaction_session_timeout = 0"),
        format!("ROLE {role} IN DATABASE {name} SET default_transaction_read_only = on"),
        format!("ROLE {role} CONNECTION LIMIT 30"),
    ] {
        owned.admin(&format!("ALTER {setting}")).await;
    }

    let found = owned.findings().await;
    assert_found(
        &found,
        &[
            "error settings: synchronous_commit = off",
            "error settings: standard_conforming_strings = off",
            "error settings: default_transaction_read_only = on",
            "warning timeouts: idle_in_transaction_session_timeout = 0",
            "warning constraints: later of parent has not been checked",
            "error tables: fleeting is unlogged",
            "warning tables: autovacuum is off for growing",
            "warning schema: everybody may make tables",
            "error sequences: public.few has given out 92 % of its numbers",
            "error indexes: broken of parent is invalid",
            "error privileges: ",
            "notice privileges: ",
            "warning max_connections: the 20 connections of one process, or those of two",
            "warning migrations: 1 are applied that this program does not know: m9",
        ],
    );
    for finding in &found {
        if finding.cure.starts_with("ALTER") || finding.cure.starts_with("REVOKE") {
            owned.admin(&finding.cure.replace("current_user", role)).await;
        }
    }
    owned.admin("REINDEX INDEX broken").await;
    owned.admin("DROP SEQUENCE few").await;
    owned.admin(&format!("ALTER TABLE foreign_to_it OWNER TO {role}")).await;
    owned.admin(&format!("ALTER ROLE {role} CONNECTION LIMIT -1")).await;
    owned.admin("DELETE FROM seaql_migrations").await;
    let left = owned.findings().await;
    // Without a setting of its own, the database has those of the server.
    let of_server = |finding: &Finding| finding.subject == "settings";
    let left: Vec<_> = left.into_iter().filter(|finding| !of_server(finding)).collect();
    assert_found(&left, &[]);
    owned.remove().await;
}

#[tokio::test]
async fn a_user_without_rights_and_one_with_all_are_found() {
    let owned = Owned::new().await;
    owned.admin("REVOKE ALL ON SCHEMA public FROM PUBLIC, pg_database_owner").await;
    assert_found(&owned.findings().await, &["error schema: search_path = "]);

    owned.admin(&format!("GRANT USAGE ON SCHEMA public TO {}", owned.role)).await;
    assert_found(&owned.findings().await, &["notice privileges: "]);

    let db = connect(&owned.scratch).await;
    let found = of_the_database(findings(owned.scratch.url(), &db).await);
    db.close().await.expect("the connection closes");
    assert_found(&found, &["warning role: "]);
    owned.remove().await;
}

/// What a test cannot bring about on a server that others use, it pretends: views and functions that stand before the real
/// ones.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of findings")]
async fn what_the_whole_server_suffers_from_is_found() {
    let owned = Owned::new().await;
    let db = owned.connect().await;
    execute(&db, &[
        "CREATE SCHEMA fake",
        "CREATE VIEW fake.pg_settings AS SELECT name, CASE name WHEN 'fsync' THEN 'off' WHEN 'full_page_writes' THEN 'off'
            WHEN 'autovacuum' THEN 'off' WHEN 'max_connections' THEN '12' WHEN 'synchronous_commit' THEN 'on' ELSE setting END AS setting, source
            FROM pg_catalog.pg_settings",
        "CREATE VIEW fake.pg_database AS SELECT oid, datname, 0 AS encoding, '1.0' AS datcollversion,
            ((txid_current() + 4294967296 - 1600000000) % 4294967296)::text::xid AS datfrozenxid FROM pg_catalog.pg_database",
        "CREATE VIEW fake.pg_replication_slots AS SELECT 'it''s'::name AS slot_name, false AS active, '0/1'::pg_lsn AS restart_lsn",
        "CREATE VIEW fake.pg_available_extensions AS SELECT 'ext'::name AS name, '1' AS installed_version, '2' AS default_version",
        "CREATE VIEW fake.pg_prepared_xacts AS SELECT 'two phases' AS gid, current_database() AS database, now() - interval '1 day' AS prepared",
        "CREATE FUNCTION fake.pg_database_collation_actual_version(oid) RETURNS text LANGUAGE sql RETURN '2.0'",
        "CREATE FUNCTION fake.pg_is_in_recovery() RETURNS boolean LANGUAGE sql RETURN true",
        "CREATE FUNCTION fake.pg_last_wal_replay_lsn() RETURNS pg_lsn LANGUAGE sql RETURN pg_lsn '1/0'",
        "CREATE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql RETURN pg_catalog.clock_timestamp() + interval '6 minutes'",
        "SET timezone = 'Europe/Zurich'",
        "SET search_path = fake, pg_catalog",
    ])
    .await;
    let other = owned.connect().await;
    execute(&other, &["BEGIN", "SELECT 1"]).await;
    let busy = owned.connect().await;
    let sleep = tokio::spawn(async move { busy.execute_unprepared("SELECT pg_sleep(60)").await });
    while !busy_sessions(&owned.admin).await {
        tokio::task::yield_now().await;
    }

    let found = findings(&owned.url, &db).await;

    assert_found(
        &found,
        &[
            "error settings: autovacuum = off",
            "error settings: fsync = off",
            "error settings: full_page_writes = off",
            "error max_connections: the 20 connections of one process",
            "error encoding: the database has SQL_ASCII",
            "warning collation: the database was made with version 1.0 of its collation, and the system has 2.0",
            "error wraparound: 1600 million transactions",
            "error standby: ",
            "warning sessions: session ",
            "warning replication: nobody reads from the slot it's, for which 4096 MB of log are kept",
            "warning transactions: the prepared transaction two phases",
            "notice extensions: ext is of version 1",
            "notice time zone: sessions show times of Europe/Zurich",
            "error clock: the server's is 3",
        ],
    );
    let sessions: Vec<_> = found.iter().filter(|finding| finding.subject == "sessions").collect();
    assert!(
        sessions.iter().any(|finding| finding.seen.contains("idle in a transaction")),
        "{sessions:?}"
    );
    assert!(
        sessions.iter().any(|finding| finding.seen.contains("SELECT pg_sleep(60)")),
        "{sessions:?}"
    );
    assert_eq!(
        found
            .iter()
            .find(|finding| finding.subject == "replication")
            .map(|finding| finding.cure.as_str()),
        Some("if its reader is gone for good: SELECT pg_drop_replication_slot('it''s')")
    );
    sleep.abort();
    for connection in [db, other] {
        connection.close().await.expect("the connection closes");
    }
    owned.remove().await;
}

async fn busy_sessions(admin: &DatabaseConnection) -> bool {
    let sql = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND state = 'active'";
    admin.execute_unprepared(sql).await.is_ok_and(|found| found.rows_affected() > 0)
}
