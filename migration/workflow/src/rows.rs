//! The rows of any table, in one form for both databases.
//!
//! What a column holds is decided by its declared type ([`Kind`]); what a row holds is a [`Value`] per column, the same
//! on both databases, however each of them stores it. [`read`] streams the rows of a table and [`write`](write()) adds some;
//! [`Checksum`] is equal for equal rows. A value that is not of its column's kind, which SQLite allows, is carried as it
//! is stored, so that reading never fails on it; writing it to PostgreSQL does, with the name of table, column and row.
//!
//! All functions take a connection that is alone in its pool, for transactions and settings belong to it.

mod checksum;
mod decimal;
mod json;
mod loading;
mod moment;
mod postgres;
mod refusal;
mod sqlite;
mod value;
mod write;

use std::pin::Pin;

use futures_util::{Stream, TryStreamExt};
use sea_orm::{DatabaseConnection, DbBackend};
use serde::{Deserialize, Serialize};

pub use checksum::{Checksum, checksum};
pub use loading::{
    Deferred, Step, check_references, defer, enforce, prepare, restart_counters, snapshot, steps,
};
pub use value::{Row, Value, decode, encode};
pub use write::{empty, tables_with_rows, transaction, write};

use crate::catalog::{Catalog, Table};

/// What a column holds, on either database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// True or false.
    Boolean,
    /// A whole number of at most 64 bits.
    Integer,
    /// A floating point number.
    Double,
    /// An exact number; SQLite keeps a floating point number.
    Decimal,
    /// Text, and what is of no other kind, as text.
    Text,
    /// Bytes.
    Bytes,
    /// A UUID; SQLite keeps its 16 bytes.
    Uuid,
    /// A moment; SQLite keeps text in UTC.
    Moment,
    /// A date and a time of no zone.
    #[strum(serialize = "date and time")]
    DateTime,
    /// A day.
    Date,
    /// A JSON document.
    Json,
}

impl Kind {
    /// What a column of this declared type holds; both databases' names are known.
    pub fn of(declared: &str) -> Self {
        let declared = declared.to_lowercase();
        let (before, rest) = declared.split_once('(').unwrap_or((&declared, ""));
        let has_scale = rest.contains(',');
        let after = rest.split_once(')').map_or("", |(_, after)| after);
        let name = format!("{}{after}", before.trim());
        match name.as_str() {
            "boolean" => Self::Boolean,
            "smallint" | "integer" | "bigint" | "tinyint" | "int" => Self::Integer,
            "real" if has_scale => Self::Decimal,
            "double precision" | "double" | "float" | "real" => Self::Double,
            "numeric" | "decimal" | "real_decimal" | "real_money" => Self::Decimal,
            "bytea" | "blob" | "varbinary_blob" => Self::Bytes,
            "uuid" | "uuid_text" => Self::Uuid,
            "timestamp with time zone" | "timestamp_with_timezone_text" => Self::Moment,
            "timestamp without time zone" | "timestamp_text" | "datetime_text" => Self::DateTime,
            "date" | "date_text" => Self::Date,
            "json" | "jsonb" | "json_text" | "jsonb_text" => Self::Json,
            _ => Self::Text,
        }
    }
}

/// A column that rows are written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Its type in the words of the database.
    pub declared: String,
}

/// A table as a set of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// The name of the table.
    pub name: String,
    /// Its columns by name, without those that the database computes.
    pub fields: Vec<Field>,
    /// The places of the columns of its primary key among them.
    pub key: Vec<usize>,
    /// What SQLite numbers its rows by, where it does.
    pub row_number: Option<String>,
}

impl Relation {
    /// The table of this name; nothing for one that has no rows of its own, such as a partitioned one.
    pub fn of(name: &str, table: &Table, backend: DbBackend) -> Option<Self> {
        if table.options.iter().any(|option| option.starts_with("partition by")) {
            return None;
        }
        let columns = table.columns.iter().filter(|column| column.generated.is_none());
        let mut fields: Vec<_> = columns
            .map(|column| Field {
                name: column.name.clone(),
                kind: Kind::of(&column.kind),
                declared: column.kind.clone(),
            })
            .collect();
        fields.sort_by(|left, right| left.name.cmp(&right.name));
        let place = |column: &String| fields.iter().position(|field| field.name == *column);
        let key = table.primary_key().iter().filter_map(place).collect();
        let numbered = backend == DbBackend::Sqlite
            && !table.options.iter().any(|option| option == "without rowid");
        let free = |name: &&str| table.column(name).is_none();
        let row_number = ["_rowid_", "rowid", "oid"].into_iter().find(free);
        let row_number = row_number.filter(|_| numbered).map(str::to_owned);
        Some(Self { name: name.to_owned(), fields, key, row_number })
    }

    /// Whether reading it can begin after a row: without a key it cannot.
    pub fn is_ordered(&self) -> bool {
        self.row_number.is_some() || !self.key.is_empty()
    }

    /// How a person finds a row: `id=…`.
    pub fn describe(&self, row: &[Value]) -> String {
        let key = self.key.iter().filter_map(|place| {
            Some(format!("{}={}", self.fields.get(*place)?.name, row.get(*place)?))
        });
        let key: Vec<_> = key.collect();
        if key.is_empty() { "a row without a key".to_owned() } else { key.join(", ") }
    }
}

/// The tables of a catalog, each after those that it refers to.
pub fn relations(catalog: &Catalog, backend: DbBackend) -> Vec<Relation> {
    let names = catalog.tables_in_order().into_iter();
    names.filter_map(|name| Relation::of(name, catalog.tables.get(name)?, backend)).collect()
}

/// Whether the rows of a table are made from those of others, and are made anew where they are missing: by convention, its
/// name begins with an underscore.
pub fn is_derived(table: &str) -> bool {
    table.starts_with('_')
}

/// Which rows are read, and in which order.
#[derive(Clone, Copy, Debug)]
pub enum Order<'a> {
    /// All, as they come: the fastest.
    Any,
    /// In order of the key, from the first one, or after this place.
    Key(Option<&'a [Value]>),
}

/// A row, and where reading can begin again after it; nothing unless the rows are read in order.
pub type Placed = (Row, Vec<Value>);

/// Rows as they come from a database.
pub type Rows<'a> = Pin<Box<dyn Stream<Item = anyhow::Result<Placed>> + Send + 'a>>;

/// Reads a table.
pub fn read<'a>(db: &'a DatabaseConnection, relation: &'a Relation, order: Order<'_>) -> Rows<'a> {
    match db.get_database_backend() {
        DbBackend::Sqlite => sqlite::read(db.get_sqlite_connection_pool(), relation, order),
        _ => postgres::read(db.get_postgres_connection_pool(), relation, order),
    }
}

/// Rows that are written at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// At most [`Batch::ROWS`], and some megabytes.
    pub rows: Vec<Row>,
    /// Where reading can begin again after them.
    pub place: Vec<Value>,
}

impl Batch {
    /// The most rows of one.
    pub const ROWS: usize = 5_000;
    /// When it is full, in bytes.
    const BYTES: usize = 8 << 20;

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next(rows: &mut Rows<'_>) -> anyhow::Result<Self> {
        let (mut batch, mut bytes) = (Self::default(), 0_usize);
        while batch.rows.len() < Self::ROWS && bytes < Self::BYTES {
            let Some((row, place)) = rows.try_next().await? else { break };
            bytes = row.iter().fold(bytes, |sum, value| sum.saturating_add(value.size()));
            batch.rows.push(row);
            batch.place = place;
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_a_type_are_one_kind() {
        for (postgres, sqlite, kind) in [
            ("boolean", "boolean", Kind::Boolean),
            ("smallint", "smallint", Kind::Integer),
            ("bigint", "INTEGER", Kind::Integer),
            ("double precision", "double", Kind::Double),
            ("real", "float", Kind::Double),
            ("numeric(20,2)", "real(20, 2)", Kind::Decimal),
            ("numeric", "real_decimal", Kind::Decimal),
            ("character varying(20)", "varchar(20)", Kind::Text),
            ("text", "text", Kind::Text),
            ("bytea", "blob(16)", Kind::Bytes),
            ("uuid", "uuid_text", Kind::Uuid),
            ("timestamp(3) with time zone", "timestamp_with_timezone_text", Kind::Moment),
            ("timestamp without time zone", "datetime_text", Kind::DateTime),
            ("date", "date_text", Kind::Date),
            ("jsonb", "jsonb_text", Kind::Json),
            ("mood", "enum_text", Kind::Text),
        ] {
            assert_eq!((Kind::of(postgres), Kind::of(sqlite)), (kind, kind), "{postgres} {sqlite}");
        }
    }
}
