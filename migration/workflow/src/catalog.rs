//! What a database has: a description that can be compared, shown, and hashed.
//!
//! It is read from the system catalogs, and holds what the database itself says of each thing, in words that do not
//! depend on how the thing was made: PostgreSQL's `pg_get_…` functions print definitions from their parsed form, and
//! what SQLite keeps as text is parsed and printed again.

mod postgres;
mod sqlite;

use std::{collections::BTreeMap, fmt::Write as _};

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use sqlite::{
    constraint_of_table, constraints_of_column, name_decimals, own_name, part, plain, ruled_name,
};

/// Where SeaORM records what is applied.
pub const SEAORM: &str = "seaql_migrations";
/// Where this crate records what SeaORM does not; no entity is generated for a table whose name begins so.
pub const HISTORY: &str = "_migration_history";
/// Where a copy records how far it is, in its target.
pub const COPY: &str = "_copy_progress";
/// Where the server records which statements took long.
pub const SLOW_STATEMENT: &str = "_slow_statement";
/// Tables that are about the database, not of its schema.
pub const BOOKKEEPING: [&str; 4] = [SEAORM, HISTORY, COPY, SLOW_STATEMENT];

/// Everything that is declared in one database: on PostgreSQL, in the current schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// The tables that hold rows, by name.
    pub tables: BTreeMap<String, Table>,
    /// What else there is, by kind and name.
    pub objects: BTreeMap<Object, String>,
}

/// The kind and the name of what is not a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name; that of a trigger or a policy begins with its table and a dot.
    pub name: String,
}

/// What a schema has beside tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum ObjectKind {
    /// A type with listed values (PostgreSQL).
    Enum,
    /// A type of another kind: a domain, a composite (PostgreSQL).
    Type,
    /// A sequence that no column owns (PostgreSQL).
    Sequence,
    /// A function or procedure (PostgreSQL).
    Function,
    /// A view.
    View,
    /// A view that holds rows (PostgreSQL).
    #[strum(serialize = "materialized view")]
    MaterializedView,
    /// A table that a module keeps, such as FTS5 (SQLite).
    #[strum(serialize = "virtual table")]
    VirtualTable,
    /// What happens when rows change.
    Trigger,
    /// Who may see or change which rows (PostgreSQL).
    Policy,
}

impl From<Object> for String {
    fn from(object: Object) -> Self {
        format!("{}:{}", object.kind, object.name)
    }
}

impl TryFrom<String> for Object {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (kind, name) = text.split_once(':').ok_or("an object is kind:name")?;
        let kind = kind.parse().map_err(|_unknown| format!("{kind} is no kind of object"))?;
        Ok(Self { kind, name: name.to_owned() })
    }
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its constraints, by name; one that was given no name has the one the database made; on SQLite, a
    /// foreign key that of the rule, `fk_<table>_<columns>`, and anything else its definition.
    pub constraints: BTreeMap<String, Constraint>,
    /// Its indexes by name, without those that a constraint brings.
    pub indexes: BTreeMap<String, Index>,
    /// What else it is: `strict`, `without rowid`, `partition by …`, `row security`; in order of name.
    pub options: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as the database writes it: `character varying(20)`, `uuid_text`.
    pub kind: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// The expression that it has when nothing is said.
    pub default: Option<String>,
    /// The collation, if it is not that of the database.
    pub collation: Option<String>,
    /// The expression that it is always computed from; whether that is stored.
    pub generated: Option<Generated>,
    /// How the database counts it up: `always`, `by default`, `autoincrement`.
    pub identity: Option<String>,
}

/// How a column is computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// From what.
    pub expression: String,
    /// When it is written, rather than when it is read.
    pub stored: bool,
}

/// What every row of a table fulfils.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// Identifies a row.
    PrimaryKey {
        /// By these columns.
        columns: Vec<String>,
    },
    /// No two rows share these values.
    Unique {
        /// Of these columns.
        columns: Vec<String>,
    },
    /// Refers to a row of a table.
    ForeignKey(ForeignKey),
    /// Fulfils a condition.
    Check {
        /// Which must not be false.
        expression: String,
    },
    /// Of another kind (PostgreSQL): `EXCLUDE …`.
    Other {
        /// As the database writes it.
        definition: String,
    },
}

/// A reference to a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to.
    pub table: String,
    /// Its columns; empty: its primary key.
    pub references: Vec<String>,
    /// What happens when the row referred to is deleted: `NO ACTION`, `CASCADE`…
    pub on_delete: String,
    /// What happens when its key changes.
    pub on_update: String,
    /// `deferrable`, `initially deferred`, `not valid`; empty as a rule.
    pub options: Vec<String>,
}

/// An index that no constraint brings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its columns or expressions, in order, with `DESC` and the like.
    pub parts: Vec<String>,
    /// Whether no two rows share them.
    pub unique: bool,
    /// Which rows it has; all, if nothing is said.
    pub condition: Option<String>,
    /// How it is kept: `btree`, `gin`.
    pub method: String,
    /// Whether it is usable: one whose concurrent build broke off is not.
    pub valid: bool,
    /// The statement that makes it.
    pub definition: String,
}

impl Catalog {
    /// Reads the catalog of a database: on PostgreSQL, that of the current schema.
    ///
    /// # Errors
    /// Those of the database; on SQLite also a definition that cannot be parsed.
    pub async fn read(db: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let mut catalog = match db.get_database_backend() {
            DbBackend::Sqlite => sqlite::read(db).await?,
            _ => postgres::read(db).await?,
        };
        catalog.tables.retain(|name, _| !BOOKKEEPING.contains(&name.as_str()));
        Ok(catalog)
    }

    /// The same for equal catalogs, and for them alone: 64 hexadecimal digits. The order of a table's columns does not count,
    /// for the two ways to a table, in one step and in several, give different ones.
    pub fn fingerprint(&self) -> String {
        let mut catalog = self.clone();
        for table in catalog.tables.values_mut() {
            table.columns.sort_by(|left, right| left.name.cmp(&right.name));
        }
        // Its keys are text, so it can be written.
        let text = serde_json::to_vec(&catalog).unwrap_or_default();
        hexadecimal(&Sha256::digest(text))
    }

    /// The tables in an order in which each comes after those it refers to; those of a circle come last, by name.
    pub fn tables_in_order(&self) -> Vec<&str> {
        let mut waiting: Vec<_> = self.tables.iter().collect();
        let mut done: Vec<&str> = Vec::new();
        while !waiting.is_empty() {
            let before = done.len();
            waiting.retain(|(name, table)| {
                let free = table.foreign_keys().all(|key| {
                    key.table == **name
                        || !self.tables.contains_key(&key.table)
                        || done.contains(&key.table.as_str())
                });
                if free {
                    done.push(name);
                }
                !free
            });
            if done.len() == before {
                done.extend(waiting.drain(..).map(|(name, _)| name.as_str()));
            }
        }
        done
    }
}

impl Table {
    /// Its foreign keys, by name of the constraint.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.constraints.values().filter_map(|constraint| match constraint {
            Constraint::ForeignKey(key) => Some(key),
            _ => None,
        })
    }

    /// The columns of its primary key.
    pub fn primary_key(&self) -> &[String] {
        let key = self.constraints.values().find_map(|constraint| match constraint {
            Constraint::PrimaryKey { columns } => Some(columns.as_slice()),
            _ => None,
        });
        key.unwrap_or_default()
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
/// Bytes, two digits each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
