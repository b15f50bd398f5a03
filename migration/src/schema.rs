//! The vocabulary of the migrations: a table gets its key, its times and its names from here.
//!
//! A migration says what a table holds; this module decides how SQLite and PostgreSQL store it, so
//! that both sort, compare and refuse alike, and so that both generate the same entity.
//! Names follow one rule: `pk_`, `uq_`, `fk_`, `ix_` or `ck_`, the table, the columns.
//! Whatever differs by database differs in this file, and nowhere else.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, Value},
};

pub use OnDelete::{Cascade, Restrict, SetNull};

/// What removing a row does to the rows that refer to it.
#[derive(Clone, Copy, Debug)]
pub enum OnDelete {
    /// They go with it.
    Cascade,
    /// It cannot be removed while there are any.
    Restrict,
    /// They no longer refer to anything.
    SetNull,
}

/// A column as a migration describes it: [`string`], [`uuid`] and their siblings make one.
#[derive(Clone, Debug)]
pub struct Column {
    name: &'static str,
    kind: Kind,
    null: bool,
    unique: bool,
    lower_case: bool,
    default: Option<Value>,
    references: Option<(&'static str, OnDelete)>,
}

/// What a column holds, and with it the CHECK that keeps it so on both databases.
#[derive(Clone, Debug)]
enum Kind {
    Uuid,
    Text,
    String(u32),
    OneOf(&'static [&'static str]),
    Boolean,
    SmallInteger,
    BigInteger,
    Double,
    Date,
    Timestamp,
    Json,
}

/// A UUID: `uuid` on PostgreSQL, 16 bytes on SQLite; both sort it by bytes.
pub fn uuid(name: &'static str) -> Column {
    Column::new(name, Kind::Uuid)
}

/// Text without a limit. For what a person types, prefer [`string`].
pub fn text(name: &'static str) -> Column {
    Column::new(name, Kind::Text)
}

/// Text of at most `max` characters, refused beyond that by both databases.
pub fn string(name: &'static str, max: u32) -> Column {
    Column::new(name, Kind::String(max))
}

/// Text that is one of `values`: a status, a role.
pub fn one_of(name: &'static str, values: &'static [&'static str]) -> Column {
    Column::new(name, Kind::OneOf(values))
}

/// True or false.
pub fn boolean(name: &'static str) -> Column {
    Column::new(name, Kind::Boolean)
}

/// A whole number of 16 bits.
pub fn small_integer(name: &'static str) -> Column {
    Column::new(name, Kind::SmallInteger)
}

/// A whole number of 64 bits; money too, in minor units.
pub fn big_integer(name: &'static str) -> Column {
    Column::new(name, Kind::BigInteger)
}

/// A floating point number of 64 bits.
pub fn double(name: &'static str) -> Column {
    Column::new(name, Kind::Double)
}

/// A day.
pub fn date(name: &'static str) -> Column {
    Column::new(name, Kind::Date)
}

/// A moment in UTC.
pub fn timestamp(name: &'static str) -> Column {
    Column::new(name, Kind::Timestamp)
}

/// A JSON document.
pub fn json(name: &'static str) -> Column {
    Column::new(name, Kind::Json)
}

impl Column {
    fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            null: false,
            unique: false,
            lower_case: false,
            default: None,
            references: None,
        }
    }

    /// The column may be null; without this it may not.
    #[must_use]
    pub fn null(mut self) -> Self {
        self.null = true;
        self
    }

    /// No two rows share a value (`uq_<table>_<column>`); nulls do not count.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// ASCII letters are stored in lower case, so that equality ignores case on both databases.
    #[must_use]
    pub fn lower_case(mut self) -> Self {
        self.lower_case = true;
        self
    }

    /// What rows that exist already get. A column added to a table with rows must be null or have one.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Refers to the `id` of `table` (`fk_<table>_<column>`), and says what its removal does here.
    #[must_use]
    pub fn references(mut self, table: &'static str, on_delete: OnDelete) -> Self {
        self.references = Some((table, on_delete));
        self
    }

    fn definition(&self, table: &str, backend: DbBackend) -> ColumnDef {
        let mut column = ColumnDef::new(self.name);
        match &self.kind {
            Kind::Uuid => column.uuid(),
            Kind::Text => column.text(),
            // Not varchar(n): PostgreSQL would refuse it without naming the column, SQLite not at
            // all. The CHECK below is refused by both, by name.
            Kind::String(_) | Kind::OneOf(_) => column.string(),
            Kind::Boolean => column.boolean(),
            Kind::SmallInteger => column.small_integer(),
            Kind::BigInteger => column.big_integer(),
            Kind::Double => column.double(),
            Kind::Date => column.date(),
            Kind::Timestamp => column.timestamp_with_time_zone(),
            Kind::Json => column.json_binary(),
        };
        if self.null {
            column.null();
        } else {
            column.not_null();
        }
        if let Some(value) = &self.default {
            column.default(value.clone());
        }
        if let Some(check) = self.check(backend) {
            column.check(Check::named(format!("ck_{table}_{}", self.name), check));
        }
        if let Some(collation) = self.collation(backend) {
            column.extra(collation);
        }
        column
    }

    /// The condition behind `ck_<table>_<column>`: one per column, so that its name tells the field.
    fn check(&self, backend: DbBackend) -> Option<Expr> {
        let column = || Expr::col(self.name);
        let kind = match (&self.kind, backend) {
            (Kind::String(max), _) => Some(Func::char_length(column()).lte(*max)),
            (Kind::OneOf(values), _) => Some(column().is_in(values.iter().copied())),
            // SQLite compares moments as the text they are stored as, so two offsets would sort
            // wrongly; one offset, in the form SeaORM writes it, keeps text order the order of time.
            (Kind::Timestamp, DbBackend::Sqlite) => {
                Some(column().binary(BinOper::Custom("GLOB"), "*+00:00"))
            }
            _ => None,
        };
        let lower_case = self.lower_case.then(|| column().eq(Func::lower(column())));
        match (kind, lower_case) {
            (Some(kind), Some(lower_case)) => Some(kind.and(lower_case)),
            (kind, lower_case) => kind.or(lower_case),
        }
    }

    /// PostgreSQL sorts text by the database's locale unless told otherwise; SQLite sorts by bytes,
    /// and so does "C". (It also makes `lower` fold ASCII only, as SQLite's does.)
    fn collation(&self, backend: DbBackend) -> Option<&'static str> {
        let textual = matches!(self.kind, Kind::Text | Kind::String(_) | Kind::OneOf(_));
        match backend {
            DbBackend::Postgres if textual => Some(r#"COLLATE "C""#),
            _ => None,
        }
    }

    fn index(&self, table: &'static str) -> Option<IndexCreateStatement> {
        if self.unique {
            Some(index("uq", table, &[self.name]).unique().take())
        } else if self.references.is_some() {
            Some(index("ix", table, &[self.name]))
        } else {
            None
        }
    }
}

/// A table to be created.
///
/// It begins with the primary key `id` and ends with `created_at` and `updated_at`, none of which a
/// database fills in: the application does, with one clock.
#[derive(Debug)]
pub struct NewTable {
    name: &'static str,
    columns: Vec<Column>,
    indexes: Vec<(Kept, Vec<&'static str>)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    Unique,
    Plain,
}

/// Describes the table `name` with the given columns between `id` and the times.
pub fn table(name: &'static str, columns: impl IntoIterator<Item = Column>) -> NewTable {
    let mut all = vec![uuid("id")];
    all.extend(columns);
    all.extend([timestamp("created_at"), timestamp("updated_at")]);
    NewTable { name, columns: all, indexes: Vec::new() }
}

impl NewTable {
    /// No two rows share the values of these columns (`uq_<table>_<columns>`).
    #[must_use]
    pub fn unique(mut self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.indexes.push((Kept::Unique, columns.into_iter().collect()));
        self
    }

    /// An index for lists that filter by the first columns and order by the last.
    #[must_use]
    pub fn index(mut self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.indexes.push((Kept::Plain, columns.into_iter().collect()));
        self
    }

    /// Creates the table and its indexes; a foreign key that leads no index gets one of its own.
    ///
    /// # Errors
    /// What the database refuses, such as a table that exists.
    pub async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let mut statement = Table::create();
        statement.table(self.name);
        for column in &self.columns {
            statement.col(column.definition(self.name, backend));
        }
        statement.primary_key(Index::create().name(format!("pk_{}", self.name)).col("id"));
        for mut key in self.foreign_keys() {
            statement.foreign_key(&mut key);
        }
        manager.create_table(statement).await?;
        for index in self.index_statements() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    /// In descending order of name: SQLite reports keys in reverse, PostgreSQL by name, and the
    /// generator numbers several keys to one table in the order reported.
    fn foreign_keys(&self) -> Vec<ForeignKeyCreateStatement> {
        let mut keys: Vec<_> = self
            .columns
            .iter()
            .filter_map(|column| column.references.map(|reference| (column.name, reference)))
            .collect();
        keys.sort_unstable_by_key(|(column, _)| std::cmp::Reverse(*column));
        keys.into_iter()
            .map(|(column, (target, on_delete))| {
                ForeignKey::create()
                    .name(format!("fk_{}_{column}", self.name))
                    .from(self.name, column)
                    .to(target, "id")
                    .on_delete(on_delete.into())
                    .to_owned()
            })
            .collect()
    }

    fn index_statements(&self) -> Vec<IndexCreateStatement> {
        let declared = self.indexes.iter().map(|(kept, columns)| match kept {
            Kept::Unique => index("uq", self.name, columns).unique().take(),
            Kept::Plain => index("ix", self.name, columns),
        });
        let leads = |column: &Column| {
            self.indexes.iter().any(|(_, columns)| columns.first() == Some(&column.name))
        };
        self.columns
            .iter()
            .filter(|column| column.unique || !leads(column))
            .filter_map(|column| column.index(self.name))
            .chain(declared)
            .collect()
    }
}

/// Drops a table, and with it its keys and indexes.
///
/// # Errors
/// What the database refuses, such as a table that others still refer to.
pub async fn drop_table(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(name).to_owned()).await
}

/// Adds a column to a table that may hold rows, with its keys and its index.
///
/// # Errors
/// What the database refuses, such as a column that is neither null nor has a default.
pub async fn add_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: Column,
) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let mut definition = column.definition(table, backend);
    if let Some((target, on_delete)) = column.references {
        // SQLite adds a foreign key only as part of the column, which PostgreSQL accepts as well.
        definition.extra(format!(
            r#"CONSTRAINT "fk_{table}_{}" REFERENCES "{target}" ("id") ON DELETE {}"#,
            column.name,
            on_delete.sql()
        ));
    }
    manager.alter_table(Table::alter().table(table).add_column(&mut definition).to_owned()).await?;
    match column.index(table) {
        Some(index) => manager.create_index(index).await,
        None => Ok(()),
    }
}

/// Drops a column as [`add_column`] added it.
///
/// # Errors
/// What the database refuses; SQLite cannot drop a column that is a foreign key.
pub async fn drop_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: Column,
) -> Result<(), DbErr> {
    if let Some(index) = column.index(table) {
        // SQLite refuses to drop a column that an index still names.
        let name = index.get_index_spec().get_name().unwrap_or_default().to_owned();
        manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
    }
    manager.alter_table(Table::alter().table(table).drop_column(column.name).to_owned()).await
}

fn index(prefix: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut statement = Index::create();
    statement.name(format!("{prefix}_{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        statement.col(*column);
    }
    statement
}

impl OnDelete {
    fn sql(self) -> &'static str {
        match self {
            Cascade => "CASCADE",
            Restrict => "RESTRICT",
            SetNull => "SET NULL",
        }
    }
}

impl From<OnDelete> for ForeignKeyAction {
    fn from(on_delete: OnDelete) -> Self {
        match on_delete {
            Cascade => Self::Cascade,
            Restrict => Self::Restrict,
            SetNull => Self::SetNull,
        }
    }
}
