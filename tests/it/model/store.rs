//! The same rows in both databases.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::schema::{TABLES, Table};
use super::value::Value;
use super::world::{Caller, Row, World};
use crate::harness::{App, Backend, Client};

/// A moment long after every test.
const NEVER: i64 = 253_370_764_800_000_000;

impl World {
    /// Makes these rows, and no others, the content of the server's database.
    pub(crate) async fn store(&self, app: &App, backend: Backend) {
        let deletions =
            TABLES.iter().rev().map(|table| format!("DELETE FROM \"{}\";\n", table.name));
        let insertions = TABLES.iter().map(|table| insertion(backend, table, self.all(table.name)));
        let sessions = self.all("user").iter().map(|user| session(backend, user.id()));
        let sql: Vec<_> = deletions.chain(insertions).chain(sessions).collect();
        let sql = sql.concat();
        app.execute(&sql).await;
    }
}

/// The statement that signs a user in.
fn session(backend: Backend, user: Uuid) -> String {
    let id = literal(backend, &Value::Id(user));
    let [now, end] = [0, NEVER].map(|time| literal(backend, &Value::Time(time)));
    let hash = Sha256::digest(token(user)).iter().fold(String::new(), |mut hash, byte| {
        write!(hash, "{byte:02x}").expect("a String takes text");
        hash
    });
    format!(
        "INSERT INTO session (id, user_id, token_hash, expires_at, created_at, updated_at) \
         VALUES ({id}, {id}, '{hash}', {end}, {now}, {now});\n"
    )
}

/// The client of a caller.
pub(crate) fn client(app: &App, caller: Caller) -> Client {
    let mut client = app.anonymous();
    client.token = caller.0.map(token).unwrap_or_default();
    client
}

/// What a user of the world signs in with.
fn token(user: Uuid) -> String {
    user.simple().to_string()
}

/// The statement that adds rows to a table.
pub(crate) fn insertion(backend: Backend, table: &Table, rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let names: Vec<_> = table.columns.iter().map(super::Column::sql).collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let values = table.columns.iter().map(|column| {
                row.get(column.name).map_or("NULL".to_owned(), |value| literal(backend, value))
            });
            format!("({})", values.collect::<Vec<_>>().join(", "))
        })
        .collect();
    format!("INSERT INTO \"{}\" ({}) VALUES {};\n", table.name, names.join(", "), rows.join(",\n"))
}

fn literal(backend: Backend, value: &Value) -> String {
    match (backend, value) {
        (_, Value::Boolean(value)) => value.to_string(),
        (_, Value::Integer(value)) => value.to_string(),
        (Backend::Sqlite, Value::Id(id)) => format!("X'{}'", id.simple()),
        (Backend::Postgres, Value::Id(id)) => format!("'{id}'"),
        // SQLite compares times as text, so they must be in the form in which the server writes them.
        (_, Value::Time(micros)) => {
            let time = DateTime::from_timestamp_micros(*micros).expect("a time of the tests");
            format!("'{}'", time.to_rfc3339_opts(SecondsFormat::AutoSi, false))
        }
        (_, Value::Text(text) | Value::Document(text)) => format!("'{}'", text.replace('\'', "''")),
    }
}
