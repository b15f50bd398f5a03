//! The questions to PostgreSQL that are one query each.

use super::{
    Check,
    Severity::{Error, Notice, Warning},
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        subject: "version",
        severity: Warning,
        since: 0,
        sql: "SELECT format('PostgreSQL %s gets no corrections since %s', number, until), '' FROM (VALUES
                (13, date '2025-11-13'), (14, '2026-11-12'), (15, '2027-11-11'), (16, '2028-11-09'), (17, '2029-11-08'),
                (18, '2030-11-14')) AS known (number, until)
            WHERE number = current_setting('server_version_num')::int / 10000 AND until < current_date",
        cure: "upgrade the server to a newer version (pg_upgrade)",
    },
    Check {
        subject: "settings",
        severity: Error,
        since: 0,
        sql: "SELECT format('%s = %s: %s', name, setting, why), CASE source
                WHEN 'database' THEN format('ALTER DATABASE %I RESET %s', current_database(), name)
                WHEN 'user' THEN format('ALTER ROLE %I RESET %s', current_user, name)
                WHEN 'database user' THEN format('ALTER ROLE %I IN DATABASE %I RESET %s', current_user, current_database(), name)
                ELSE format('ALTER SYSTEM SET %s = %s; SELECT pg_reload_conf()', name, better) END
            FROM pg_settings JOIN (VALUES
                ('fsync', 'off', 'a power cut destroys the database', 'on'),
                ('full_page_writes', 'off', 'a power cut destroys pages', 'on'),
                ('zero_damaged_pages', 'on', 'damaged pages are emptied', 'off'),
                ('autovacuum', 'off', 'tables grow, and in the end the server stops', 'on'),
                ('standard_conforming_strings', 'off', 'a backslash in a text stands for something else', 'on'),
                ('default_transaction_read_only', 'on', 'nothing can be written', 'off'),
                ('synchronous_commit', 'off', 'a power cut loses the last commits', 'on')
            ) AS bad (name, value, why, better) USING (name) WHERE setting = value ORDER BY name",
        cure: "{}",
    },
    Check {
        subject: "timeouts",
        severity: Warning,
        since: 0,
        sql: "SELECT 'idle_in_transaction_session_timeout = 0: a client that hangs in a transaction keeps its locks and holds up VACUUM',
                format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = ''5min''', current_database())
            FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout' AND setting = '0'",
        cure: "{}",
    },
    Check {
        subject: "time zone",
        severity: Notice,
        since: 0,
        // The driver asks for UTC; what stands between may undo that.
        sql: "SELECT format('sessions show times of %s, the API those of UTC', setting), '' FROM pg_settings
            WHERE name = 'TimeZone' AND setting NOT IN ('UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'Universal', 'Zulu')",
        cure: "let the pooler between here and the server keep the TimeZone of each client",
    },
    Check {
        subject: "encoding",
        severity: Error,
        since: 0,
        sql: "SELECT 'the database has ' || pg_encoding_to_char(encoding) || ', which does not have every letter', quote_ident(datname)
            FROM pg_database WHERE datname = current_database() AND pg_encoding_to_char(encoding) <> 'UTF8'",
        cure: "pg_dump {}, CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and pg_restore into that",
    },
    Check {
        subject: "collation",
        severity: Warning,
        since: 150_000,
        sql: "SELECT format('the database was made with version %s of its collation, and the system has %s: indexes may be out of order',
                datcollversion, pg_database_collation_actual_version(oid)), quote_ident(datname)
            FROM pg_database WHERE datname = current_database() AND datcollversion <> pg_database_collation_actual_version(oid)",
        cure: "REINDEX DATABASE {}; ALTER DATABASE {} REFRESH COLLATION VERSION",
    },
    Check {
        subject: "wraparound",
        severity: Warning,
        since: 0,
        sql: "SELECT format('%s million transactions since the oldest was frozen; at 2,100 million the server stops', age(datfrozenxid) / 1000000), ''
            FROM pg_database WHERE datname = current_database()
                AND age(datfrozenxid) BETWEEN 2 * current_setting('autovacuum_freeze_max_age')::bigint AND 1500000000",
        cure: "find what holds autovacuum up (old transactions, replication slots), then VACUUM (FREEZE)",
    },
    Check {
        subject: "wraparound",
        severity: Error,
        since: 0,
        sql: "SELECT format('%s million transactions since the oldest was frozen; at 2,100 million the server stops', age(datfrozenxid) / 1000000), ''
            FROM pg_database WHERE datname = current_database() AND age(datfrozenxid) > 1500000000",
        cure: "VACUUM (FREEZE) now, and find what held autovacuum up (old transactions, replication slots)",
    },
    Check {
        subject: "standby",
        severity: Error,
        since: 0,
        sql: "SELECT 'this server follows another, and takes no writes', '' WHERE pg_is_in_recovery()",
        cure: "name the primary server in DATABASE_URL",
    },
    Check {
        subject: "sessions",
        severity: Warning,
        since: 0,
        sql: "SELECT format('session %s (%s) has been idle in a transaction for %s s', pid, coalesce(nullif(application_name, ''), usename),
                extract(epoch FROM clock_timestamp() - state_change)::int), pid::text
            FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                AND state_change < clock_timestamp() - interval '1 minute' ORDER BY pid",
        cure: "it keeps locks and holds up VACUUM: mend that client; now, SELECT pg_terminate_backend({})",
    },
    Check {
        subject: "sessions",
        severity: Warning,
        since: 0,
        sql: "SELECT format('session %s (%s) has run one statement for %s s: %s', pid, coalesce(nullif(application_name, ''), usename),
                extract(epoch FROM clock_timestamp() - query_start)::int, left(regexp_replace(query, '\\s+', ' ', 'g'), 60)), pid::text
            FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND backend_type = 'client backend'
                AND pid <> pg_backend_pid() AND query_start < clock_timestamp() - interval '5 minutes' ORDER BY pid",
        cure: "see what it waits for (pg_blocking_pids({})); SELECT pg_cancel_backend({})",
    },
    Check {
        subject: "indexes",
        severity: Error,
        since: 0,
        sql: "SELECT format('%s of %s is invalid: it is kept up and never used; its concurrent build broke off', indexrelid::regclass, indrelid::regclass),
                indexrelid::regclass::text
            FROM pg_index i WHERE NOT indisvalid AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
                AND EXISTS (SELECT FROM pg_class c WHERE c.oid = indexrelid AND relkind = 'i') ORDER BY 1",
        cure: "REINDEX INDEX CONCURRENTLY {}; one whose name ends in _ccnew is a remnant: DROP INDEX CONCURRENTLY {}",
    },
    Check {
        subject: "constraints",
        severity: Warning,
        since: 0,
        sql: "SELECT format('%s of %s has not been checked for the rows that were there before it', conname, conrelid::regclass),
                format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname)
            FROM pg_constraint WHERE NOT convalidated AND conrelid <> 0 ORDER BY 1",
        cure: "{}",
    },
    Check {
        subject: "sequences",
        severity: Error,
        since: 0,
        sql: "SELECT format('%I.%I has given out %s %% of its numbers', schemaname, sequencename, (100 * (last_value::numeric / max_value))::int),
                format('%I.%I', schemaname, sequencename)
            FROM pg_sequences WHERE NOT cycle AND increment_by > 0 AND last_value > 0.8 * max_value ORDER BY 1",
        cure: "make the column a bigint, then ALTER SEQUENCE {} AS bigint",
    },
    Check {
        subject: "tables",
        severity: Warning,
        since: 0,
        sql: "SELECT format('autovacuum is off for %s: it grows, and its statistics grow old', oid::regclass), oid::regclass::text
            FROM pg_class WHERE 'autovacuum_enabled=false' = ANY (reloptions) OR 'autovacuum_enabled=off' = ANY (reloptions) ORDER BY 1",
        cure: "ALTER TABLE {} RESET (autovacuum_enabled)",
    },
    Check {
        subject: "tables",
        severity: Error,
        since: 0,
        sql: "SELECT format('%s is unlogged: a crash empties it', oid::regclass), oid::regclass::text
            FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r' ORDER BY 1",
        cure: "ALTER TABLE {} SET LOGGED",
    },
    Check {
        subject: "role",
        severity: Warning,
        since: 0,
        sql: "SELECT format('%s is a superuser: whoever breaks into the server owns the database server, too', current_user), quote_ident(rolname)
            FROM pg_roles WHERE rolname = current_user AND rolsuper",
        cure: "make a role for the server that owns the database and no more, and name it in DATABASE_URL",
    },
    Check {
        subject: "privileges",
        severity: Error,
        since: 0,
        sql: "SELECT format('%s may not read and write %s', current_user, string_agg(relname::text, ', ' ORDER BY relname)), quote_ident(current_user)
            FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND NOT (
                has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
            HAVING count(*) > 0",
        cure: "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA … TO {}",
    },
    Check {
        subject: "privileges",
        severity: Notice,
        since: 0,
        sql: "SELECT format('%s owns not all tables, and cannot migrate: %s', current_user, string_agg(relname::text, ', ' ORDER BY relname)), ''
            FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
                AND NOT pg_has_role(relowner, 'USAGE') HAVING count(*) > 0",
        cure: "migrate as their owner: garboard db migrate --database-url …",
    },
    Check {
        subject: "privileges",
        severity: Notice,
        since: 0,
        sql: "SELECT format('%s may not make tables in the schema %s, and cannot migrate', current_user, current_schema()), ''
            WHERE NOT has_schema_privilege(current_schema(), 'CREATE')",
        cure: "migrate as a role that may: garboard db migrate --database-url …",
    },
    Check {
        subject: "schema",
        severity: Error,
        since: 0,
        sql: "SELECT format('search_path = %s names no schema that there is and that %s may use', current_setting('search_path'), current_user),
                quote_ident(current_database()) WHERE current_schema() IS NULL",
        cure: "ALTER DATABASE {} RESET search_path; GRANT USAGE ON SCHEMA …",
    },
    Check {
        subject: "schema",
        severity: Warning,
        since: 0,
        sql: "SELECT format('everybody may make tables and functions in the schema %s, and so put theirs in the way', nspname), quote_ident(nspname)
            FROM pg_namespace WHERE nspname = current_schema()
                AND EXISTS (SELECT FROM aclexplode(nspacl) WHERE grantee = 0 AND privilege_type = 'CREATE')",
        cure: "REVOKE CREATE ON SCHEMA {} FROM PUBLIC",
    },
    Check {
        subject: "replication",
        severity: Warning,
        since: 0,
        sql: "SELECT format('nobody reads from the slot %s, for which %s of log are kept', slot_name, pg_size_pretty(pg_wal_lsn_diff(
                CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn))), quote_literal(slot_name)
            FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL ORDER BY 1",
        cure: "if its reader is gone for good: SELECT pg_drop_replication_slot({})",
    },
    Check {
        subject: "transactions",
        severity: Warning,
        since: 0,
        sql: "SELECT format('the prepared transaction %s has been waiting since %s', gid, prepared), quote_literal(gid)
            FROM pg_prepared_xacts WHERE database = current_database() AND prepared < clock_timestamp() - interval '5 minutes' ORDER BY 1",
        cure: "it keeps its locks: COMMIT PREPARED {} or ROLLBACK PREPARED {}",
    },
    Check {
        subject: "extensions",
        severity: Notice,
        since: 0,
        sql: "SELECT format('%s is of version %s, and the server has %s', name, installed_version, default_version), quote_ident(name)
            FROM pg_available_extensions WHERE installed_version <> default_version ORDER BY 1",
        cure: "ALTER EXTENSION {} UPDATE",
    },
];
