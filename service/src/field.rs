//! What a column may be used for over HTTP. A column that is not declared does not exist there.

use sea_orm::{ActiveEnum, ColumnTrait, ColumnType, EntityTrait, IdenStatic};

use crate::error::camel_case;

/// A declared column of `E`. Declaring it makes it readable; each use beyond that is a word more.
pub struct Field<E: EntityTrait> {
    pub(crate) column: E::Column,
    pub(crate) uses: Uses,
    pub(crate) choices: fn() -> Vec<String>,
}

/// The clauses that may name a field.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each use is a question of its own")]
pub struct Uses {
    /// In filters.
    pub filter: bool,
    /// In `sort`.
    pub sort: bool,
    /// In `groupBy`, `distinct` and the functions of an aggregate.
    pub aggregate: bool,
    /// In `q`.
    pub search: bool,
}

impl Uses {
    const NONE: Self = Self { filter: false, sort: false, aggregate: false, search: false };
}

impl<E: EntityTrait> Field<E> {
    /// A column that can be read.
    pub const fn of(column: E::Column) -> Self {
        Self { column, uses: Uses::NONE, choices: Vec::new }
    }

    /// It may be named in filters.
    #[must_use]
    pub const fn filter(mut self) -> Self {
        self.uses.filter = true;
        self
    }

    /// It may be named in `sort`.
    #[must_use]
    pub const fn sort(mut self) -> Self {
        self.uses.sort = true;
        self
    }

    /// It may be grouped by and computed with.
    #[must_use]
    pub const fn aggregate(mut self) -> Self {
        self.uses.aggregate = true;
        self
    }

    /// `q` looks into it; the table needs the side table that migrations make with `searchable`.
    #[must_use]
    pub const fn search(mut self) -> Self {
        self.uses.search = true;
        self
    }

    /// It holds one of `T`'s values.
    #[must_use]
    pub const fn one_of<T: ActiveEnum<Value = String>>(mut self) -> Self {
        self.choices = T::values;
        self
    }
}

/// What a column holds, as far as a caller can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A UUID.
    Uuid,
    /// Text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// A floating-point number of 64 bits.
    Double,
    /// A date without a time.
    Date,
    /// A moment, shown to the millisecond.
    Time,
    /// Any JSON value.
    Json,
}

/// A declared column without its Rust types: what the query engine works with.
#[derive(Debug)]
pub struct Column {
    /// How callers name it.
    pub name: String,
    /// How the database names it.
    pub column: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it can be null.
    pub nullable: bool,
    /// What it may be used for.
    pub uses: Uses,
    /// The values it may have, where these are declared; else empty.
    pub choices: Vec<String>,
}

impl Column {
    /// Describes `field` by its generated column.
    ///
    /// # Panics
    /// When the column has a type that `docs/entities.md` rules out. Tables are described at start-up.
    #[expect(
        clippy::panic,
        reason = "a developer's mistake, met at start-up and never by a caller"
    )]
    pub(crate) fn of<E: EntityTrait>(field: &Field<E>) -> Self {
        let definition = field.column.def();
        let kind = match definition.get_column_type() {
            ColumnType::Uuid => Kind::Uuid,
            ColumnType::Char(_) | ColumnType::String(_) | ColumnType::Text => Kind::Text,
            ColumnType::Boolean => Kind::Boolean,
            ColumnType::SmallInteger | ColumnType::BigInteger => Kind::Integer,
            ColumnType::Double => Kind::Double,
            ColumnType::Date => Kind::Date,
            ColumnType::TimestampWithTimeZone => Kind::Time,
            ColumnType::Json | ColumnType::JsonBinary => Kind::Json,
            other => panic!(
                "column {:?} has the type {other:?}, which differs between the databases: \
                 docs/entities.md lists the types to use",
                field.column
            ),
        };
        let column = field.column.as_str();
        Self {
            name: camel_case(column),
            column,
            kind,
            nullable: definition.is_null(),
            uses: field.uses,
            choices: (field.choices)(),
        }
    }
}
