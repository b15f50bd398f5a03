//! The vocabulary of the migrations: a table gets its key, its times and its names from here.
//!
//! A migration says what a table holds; this module decides how SQLite and PostgreSQL store it, so
//! that both sort, compare and refuse alike, and so that both generate the same entity.
//! Names follow one rule: `pk_`, `uq_`, `fk_`, `ix_` or `ck_`, the table, the columns.
//! Whatever differs by database differs here, and nowhere else.

mod change;
mod column;
mod names;
mod rebuild;
mod rename;
mod search;

#[cfg(feature = "develop")]
pub(crate) use change::literal;
pub use change::{Change, change_table};
#[cfg(feature = "develop")]
pub(crate) use column::Kind;
pub use column::{
    Column,
    OnDelete::{self, Cascade, Restrict, SetNull},
    big_integer, boolean, date, double, json, one_of, small_integer, string, text, timestamp, uuid,
};
pub(crate) use names::is_old_name;
pub use names::{copy_column, one_name, two_names};
pub use rebuild::all_or_nothing;
pub(crate) use rename::{NAMES_FOLLOW, Rename};
pub use rename::{rename_column, rename_table};
#[cfg(feature = "develop")]
pub(crate) use search::searched;
pub use search::{not_searchable, searchable};

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// A table to be created.
///
/// It begins with the primary key `id` and ends with `created_at` and `updated_at`, none of which a
/// database fills in: the application does, with one clock.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTable {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) uniques: Vec<Vec<&'static str>>,
    pub(crate) indexes: Vec<Vec<&'static str>>,
}

/// Describes the table `name` with the given columns between `id` and the times.
pub fn table(name: &'static str, columns: impl IntoIterator<Item = Column>) -> NewTable {
    let mut all = vec![uuid("id")];
    all.extend(columns);
    all.extend([timestamp("created_at"), timestamp("updated_at")]);
    NewTable { name, columns: all, uniques: Vec::new(), indexes: Vec::new() }
}

impl NewTable {
    /// No two rows share the values of these columns (`uq_<table>_<columns>`).
    #[must_use]
    pub fn unique(mut self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.uniques.push(columns.into_iter().collect());
        self
    }

    /// An index for lists that filter by the first columns and order by the last.
    #[must_use]
    pub fn index(mut self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.indexes.push(columns.into_iter().collect());
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
        let leads = |column: &Column| {
            let mut declared = self.uniques.iter().chain(&self.indexes);
            declared.any(|columns| columns.first() == Some(&column.name))
        };
        let own = self.columns.iter().filter(|column| column.unique || !leads(column));
        own.filter_map(|column| index_of(self.name, column))
            .chain(self.uniques.iter().map(|columns| index("uq", self.name, columns)))
            .chain(self.indexes.iter().map(|columns| index("ix", self.name, columns)))
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
/// A foreign key to a table that others here refer to as well comes from [`Change::reference`]: SQLite
/// puts one that is added before the others, and the two databases generate different entities.
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
    match index_of(table, &column) {
        Some(index) => manager.create_index(index).await,
        None => Ok(()),
    }
}

/// Drops a column as [`add_column`] added it.
///
/// # Errors
/// What the database refuses. On SQLite, where a table is rebuilt to drop a column that is a foreign key, what
/// [`Change::apply`] refuses.
pub async fn drop_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: Column,
) -> Result<(), DbErr> {
    if column.references.is_some() && manager.get_database_backend() == DbBackend::Sqlite {
        return change_table(table).drop_column(column.name).apply(manager).await;
    }
    if let Some(index) = index_of(table, &column) {
        // SQLite refuses to drop a column that an index still names.
        let name = index.get_index_spec().get_name().unwrap_or_default().to_owned();
        manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
    }
    manager.alter_table(Table::alter().table(table).drop_column(column.name).to_owned()).await
}

/// Adds an index as [`NewTable::index`] describes one.
///
/// # Errors
/// What the database refuses.
pub async fn add_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    manager.create_index(index("ix", table, columns)).await
}

/// Drops an index as [`add_index`] added it.
///
/// # Errors
/// What the database refuses.
pub async fn drop_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let name = format!("ix_{table}_{}", columns.join("_"));
    manager.drop_index(Index::drop().name(name).table(table).to_owned()).await
}

/// The index that a column has on its own account.
fn index_of(table: &'static str, column: &Column) -> Option<IndexCreateStatement> {
    if column.unique {
        Some(index("uq", table, &[column.name]))
    } else if column.references.is_some() {
        Some(index("ix", table, &[column.name]))
    } else {
        None
    }
}

fn index(prefix: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut statement = Index::create();
    statement.name(format!("{prefix}_{table}_{}", columns.join("_"))).table(table);
    if prefix == "uq" {
        statement.unique();
    }
    for column in columns {
        statement.col(*column);
    }
    statement
}
