//! The steps of a migration that is written: each can be done, undone, told and put into Rust.

use sea_orm::{DbErr, Value};
use sea_orm_migration::SchemaManager;

use crate::schema::{
    Change, Column, Kind, NewTable, OnDelete, add_column, change_table, drop_column, drop_table,
    not_searchable, rename_column, rename_table, searchable,
};

/// A step of a migration, in the vocabulary of [`schema`](crate::schema).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    CreateTable(NewTable),
    DropTable(NewTable),
    /// From one name to another.
    RenameTable(&'static str, &'static str),
    /// Of a table, from one name to another.
    RenameColumn(&'static str, &'static str, &'static str),
    AddColumn(&'static str, Column),
    DropColumn(&'static str, Column),
    /// What changes about a table otherwise.
    Change(&'static str, Vec<Alteration>),
    /// The search of a table, in these of its columns, which a side table is for.
    Searchable(&'static str, Vec<&'static str>),
    NotSearchable(&'static str, Vec<&'static str>),
    /// What cannot be done, and why.
    Refuse(String),
}

/// What changes about a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Alteration {
    /// A column, as it was and as it is to be; with the expression that its values come from.
    Column {
        old: Column,
        new: Column,
        from: Option<&'static str>,
    },
    Nullable(&'static str),
    NotNull(&'static str),
    /// A default: of the column, as it was and as it is to be.
    Default(&'static str, Option<Value>, Option<Value>),
    /// A reference: of the column, as it was and as it is to be.
    Reference(&'static str, Option<Target>, Option<Target>),
    Unique(Vec<&'static str>),
    DropUnique(Vec<&'static str>),
    Index(Vec<&'static str>),
    DropIndex(Vec<&'static str>),
}

/// The table referred to, and what the removal of a row there does.
pub(crate) type Target = (&'static str, OnDelete);

/// How steps are undone.
#[derive(Debug, Default)]
pub(super) struct Undoing {
    pub(super) operations: Vec<Operation>,
    /// What does not come back.
    pub(super) lost: Vec<String>,
}

impl Undoing {
    /// A column that was dropped comes back, without its values.
    fn bring_back(&mut self, table: &'static str, column: Column) {
        let name = column.name;
        let empty = column.null || column.default.is_some();
        if column.unique && (!column.null || column.default.is_some()) {
            self.refuse(table, name, "no two rows may share one");
        } else if empty {
            self.lost.push(format!("the values of `{table}.{name}`"));
            self.operations.push(Operation::AddColumn(table, column));
        } else if let Some(value) = nothing(&column) {
            self.lost.push(format!("the values of `{table}.{name}`: every row gets the same"));
            let mut filled = column;
            filled.default = Some(value.clone());
            self.operations.push(Operation::AddColumn(table, filled));
            let default = Alteration::Default(name, Some(value), None);
            self.operations.push(Operation::Change(table, vec![default]));
        } else {
            self.refuse(table, name, "it may not be null");
        }
    }

    fn refuse(&mut self, table: &str, column: &str, why: &str) {
        self.lost.push(format!("`{table}.{column}`: {why}"));
        let why = format!("the values of {table}.{column} are gone, and {why}");
        self.operations.push(Operation::Refuse(why));
    }
}

/// Does all of them, in order.
pub(super) async fn perform(
    operations: &[Operation],
    manager: &SchemaManager<'_>,
) -> Result<(), DbErr> {
    for operation in operations {
        operation.perform(manager).await?;
    }
    Ok(())
}

/// What undoes all of them.
pub(super) fn undoing(operations: &[Operation]) -> Undoing {
    let mut undoing = Undoing::default();
    for operation in operations.iter().rev() {
        operation.undo(&mut undoing);
    }
    undoing.lost.extend(operations.iter().flat_map(|one| shared_keys(one, operations)));
    let refusal = |one: &Operation| matches!(one, Operation::Refuse(_));
    if undoing.operations.iter().any(refusal) {
        undoing.operations.retain(refusal);
        undoing.operations.truncate(1);
    }
    undoing
}

/// The keys that go with a column, whose values come back as one.
fn shared_keys(change: &Operation, operations: &[Operation]) -> Vec<String> {
    let Operation::Change(table, alterations) = change else { return Vec::new() };
    let same_everywhere = |name: &&str| {
        operations.iter().any(|one| {
            matches!(one, Operation::DropColumn(other, column)
                if other == table && column.name == *name && (!column.null || column.default.is_some()))
        })
    };
    let keys = alterations.iter().filter_map(|alteration| match alteration {
        Alteration::DropUnique(columns) if columns.iter().any(same_everywhere) => {
            let columns = columns.join(", ");
            Some(format!(
                "unique `{table} ({columns})`, where rows share the rest of it: it fails then"
            ))
        }
        _ => None,
    });
    keys.collect()
}

impl Operation {
    async fn perform(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        match self.clone() {
            Self::CreateTable(table) => table.create(manager).await,
            Self::DropTable(table) => drop_table(manager, table.name).await,
            Self::RenameTable(from, to) => rename_table(manager, from, to).await,
            Self::RenameColumn(table, from, to) => rename_column(manager, table, from, to).await,
            Self::AddColumn(table, column) => add_column(manager, table, column).await,
            Self::DropColumn(table, column) => drop_column(manager, table, column).await,
            Self::Change(table, alterations) => {
                let all = alterations.into_iter();
                all.fold(change_table(table), |change, one| one.add_to(change)).apply(manager).await
            }
            Self::Searchable(table, columns) => searchable(manager, table, &columns).await,
            Self::NotSearchable(table, _) => not_searchable(manager, table).await,
            Self::Refuse(why) => Err(DbErr::Migration(why)),
        }
    }

    fn undo(&self, undoing: &mut Undoing) {
        let Undoing { operations, lost } = undoing;
        match self.clone() {
            Self::CreateTable(table) => operations.push(Self::DropTable(table)),
            Self::DropTable(table) => {
                lost.push(format!("the rows of `{}`", table.name));
                operations.push(Self::CreateTable(table));
            }
            Self::RenameTable(from, to) => operations.push(Self::RenameTable(to, from)),
            Self::RenameColumn(table, from, to) => {
                operations.push(Self::RenameColumn(table, to, from));
            }
            Self::AddColumn(table, column) => operations.push(Self::DropColumn(table, column)),
            Self::DropColumn(table, column) => undoing.bring_back(table, column),
            Self::Change(table, alterations) => {
                for alteration in &alterations {
                    let Alteration::Column { old, new, from } = alteration else { continue };
                    let name = new.name;
                    if from.is_some() {
                        lost.push(format!("which rows had no `{table}.{name}`"));
                    }
                    if may_lose(&old.kind, &new.kind) {
                        lost.push(format!("the values of `{table}.{name}` as they were"));
                    }
                }
                let undone = alterations.into_iter().rev().map(Alteration::undone);
                operations.push(Self::Change(table, undone.collect()));
            }
            Self::Searchable(table, columns) => {
                operations.push(Self::NotSearchable(table, columns));
            }
            Self::NotSearchable(table, columns) => {
                operations.push(Self::Searchable(table, columns));
            }
            Self::Refuse(_) => {}
        }
    }

    /// The table that it is about, by its name at the end.
    pub(super) fn table(&self) -> Option<&'static str> {
        match self {
            Self::CreateTable(table) | Self::DropTable(table) => Some(table.name),
            Self::RenameTable(_, table)
            | Self::RenameColumn(table, ..)
            | Self::AddColumn(table, _)
            | Self::DropColumn(table, _)
            | Self::Change(table, _)
            | Self::Searchable(table, _) => Some(table),
            Self::NotSearchable(..) | Self::Refuse(_) => None,
        }
    }

    /// What it destroys, as `table` or `table.column`.
    pub(super) fn destroys(&self) -> Vec<String> {
        match self {
            Self::DropTable(table) => vec![table.name.to_owned()],
            Self::DropColumn(table, column) => vec![format!("{table}.{}", column.name)],
            Self::Change(table, alterations) => {
                let converted = alterations.iter().filter_map(|alteration| match alteration {
                    Alteration::Column { old, new, .. } if may_lose(&old.kind, &new.kind) => {
                        Some(format!("{table}.{}", new.name))
                    }
                    _ => None,
                });
                converted.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether SQLite does all of it or nothing by itself: it is one statement, or one change of a table.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::CreateTable(_)
            | Self::DropTable(_)
            | Self::Searchable(..)
            | Self::NotSearchable(..) => false,
            Self::AddColumn(_, column) => !column.unique && column.references.is_none(),
            Self::DropColumn(_, column) => !column.unique || self.rebuilds(),
            _ => true,
        }
    }

    /// Whether SQLite does it in a transaction of its own kind, in which no foreign key is enforced.
    pub(super) fn rebuilds(&self) -> bool {
        match self {
            Self::Change(..) | Self::RenameTable(..) | Self::RenameColumn(..) => true,
            Self::DropColumn(_, column) => column.references.is_some(),
            // Its rows go first, one by one, where each may hold another.
            Self::DropTable(table) => {
                let own = Some((table.name, OnDelete::Restrict));
                table.columns.iter().any(|column| column.references == own)
            }
            _ => false,
        }
    }
}

/// Whether a conversion may lose something of a value, or of its form.
fn may_lose(old: &Kind, new: &Kind) -> bool {
    match (old, new) {
        (_, Kind::Text | Kind::String(_) | Kind::OneOf(_))
        | (Kind::SmallInteger, Kind::BigInteger | Kind::Double) => false,
        _ => old != new,
    }
}

/// The value of a column whose values are gone.
fn nothing(column: &Column) -> Option<Value> {
    let fits =
        |value: i64| column.between.is_none_or(|(least, most)| (least..=most).contains(&value));
    match column.kind {
        Kind::Text | Kind::String(_) => Some("".into()),
        Kind::OneOf(values) => values.first().map(|value| (*value).into()),
        Kind::Boolean => Some(false.into()),
        Kind::SmallInteger if fits(0) => Some(0_i16.into()),
        Kind::BigInteger if fits(0) => Some(0_i64.into()),
        Kind::Double if fits(0) => Some(0_f64.into()),
        _ => None,
    }
}

impl Alteration {
    fn add_to(self, change: Change) -> Change {
        match self {
            Self::Column { new, from: None, .. } => change.column(new),
            Self::Column { new, from: Some(from), .. } => change.column_from(new, from),
            Self::Nullable(column) => change.nullable(column),
            Self::NotNull(column) => change.not_null(column),
            Self::Default(column, _, Some(value)) => change.default(column, value),
            Self::Default(column, _, None) => change.no_default(column),
            Self::Reference(column, _, Some((table, action))) => {
                change.reference(column, table, action)
            }
            Self::Reference(column, _, None) => change.drop_reference(column),
            Self::Unique(columns) => change.unique(columns),
            Self::DropUnique(columns) => change.drop_unique(columns),
            Self::Index(columns) => change.index(columns),
            Self::DropIndex(columns) => change.drop_index(columns),
        }
    }

    fn undone(self) -> Self {
        match self {
            Self::Column { old, new, .. } => Self::Column { old: new, new: old, from: None },
            Self::Nullable(column) => Self::NotNull(column),
            Self::NotNull(column) => Self::Nullable(column),
            Self::Default(column, old, new) => Self::Default(column, new, old),
            Self::Reference(column, old, new) => Self::Reference(column, new, old),
            Self::Unique(columns) => Self::DropUnique(columns),
            Self::DropUnique(columns) => Self::Unique(columns),
            Self::Index(columns) => Self::DropIndex(columns),
            Self::DropIndex(columns) => Self::Index(columns),
        }
    }
}
