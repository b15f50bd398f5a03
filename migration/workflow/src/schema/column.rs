//! What a column holds, and how each database is made to hold exactly that.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, Value},
};

use OnDelete::{Cascade, Restrict, SetNull};

/// What removing a row does to the rows that refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// They go with it.
    Cascade,
    /// It cannot be removed while there are any.
    Restrict,
    /// They no longer refer to anything.
    SetNull,
}

/// A column as a migration describes it: [`string`], [`uuid`] and their siblings make one.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) null: bool,
    pub(crate) unique: bool,
    pub(crate) lower_case: bool,
    pub(crate) between: Option<(i64, i64)>,
    pub(crate) default: Option<Value>,
    pub(crate) references: Option<(&'static str, OnDelete)>,
}

/// What a column holds, and with it the CHECK that keeps it so on both databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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
    pub(crate) fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            null: false,
            unique: false,
            lower_case: false,
            between: None,
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

    /// The number is one of these two, or lies between them.
    #[must_use]
    pub fn between(mut self, least: i64, most: i64) -> Self {
        self.between = Some((least, most));
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

    /// The column as `table` has it, but for its foreign key.
    pub(super) fn definition(&self, table: &str, backend: DbBackend) -> ColumnDef {
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
        let between = self.between.map(|(least, most)| column().between(least, most));
        [kind, lower_case, between].into_iter().flatten().reduce(Expr::and)
    }

    /// What a value fulfils that is of this type, which SQLite does not ask for: a condition on a row.
    pub(super) fn fits(&self) -> String {
        let name = format!("\"{}\"", self.name);
        let kept_as = |class: &str| format!("typeof({name}) = '{class}'");
        let fits = match self.kind {
            Kind::Uuid => format!("{} AND length({name}) = 16", kept_as("blob")),
            Kind::Text | Kind::String(_) | Kind::OneOf(_) | Kind::Timestamp => kept_as("text"),
            Kind::Boolean => format!("{name} IN (0, 1)"),
            Kind::SmallInteger => {
                format!("{} AND {name} BETWEEN -32768 AND 32767", kept_as("integer"))
            }
            Kind::BigInteger => kept_as("integer"),
            Kind::Double => kept_as("real"),
            Kind::Date => format!("date({name}) IS {name}"),
            Kind::Json => format!("json_valid({name})"),
        };
        format!("{name} IS NULL OR {fits}")
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
}

impl OnDelete {
    pub(crate) fn sql(self) -> &'static str {
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
