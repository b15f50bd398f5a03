//! A resource without its Rust types. Everything generic works on this, so it is compiled once for all resources.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use sea_orm::{
    Condition, EntityTrait, IdenStatic, Identity, Iterable, Related, RelationDef, RelationType,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    Caller, Error, Principal, Resource, Result, Right,
    error::camel_case,
    field::{Column, Field, Uses},
    scope::{Part, Scope, Shape},
};

/// The column that marks a row as deleted, in the tables that keep deleted rows.
pub(crate) const DELETED_AT: &str = "deleted_at";

/// A resource as data.
#[derive(Debug)]
pub struct Table {
    /// The path segment: plural, kebab-case.
    pub path: &'static str,
    /// The table in the database: singular, in `snake_case`.
    pub name: &'static str,
    /// The columns that exist over HTTP: `id` first, the times last.
    pub columns: &'static [Column],
    /// The same, as a selection.
    pub(crate) all: Arc<[&'static Column]>,
    /// The columns that `q` searches.
    pub search: Vec<&'static Column>,
    /// What can be embedded, and filtered through.
    pub relations: Vec<Relation>,
    /// Whether deleted rows are kept, invisible.
    pub soft_delete: bool,
    public: fn() -> Scope,
    scope: fn(&Principal, Right) -> Scope,
}

/// A way from a row to related rows, by the generated foreign keys.
pub struct RelationField<E: EntityTrait> {
    name: &'static str,
    definition: fn() -> RelationDef,
    target: fn() -> &'static Table,
    entity: std::marker::PhantomData<E>,
}

impl<E: EntityTrait> RelationField<E> {
    /// The relation from `E` to `T`, under the name callers use in `include`.
    pub const fn to<T: Resource>(name: &'static str) -> Self
    where
        E: Related<T>,
    {
        Self {
            name,
            definition: <E as Related<T>>::to,
            target: Table::of::<T>,
            entity: std::marker::PhantomData,
        }
    }
}

/// A relation without its Rust types.
#[derive(Debug)]
pub struct Relation {
    /// How callers name it.
    pub name: &'static str,
    /// Whether there can be more than one related row.
    pub many: bool,
    pub(crate) from: String,
    pub(crate) to: String,
    target: fn() -> &'static Table,
}

impl Relation {
    fn of<E: EntityTrait>(field: &RelationField<E>) -> Self {
        let definition = (field.definition)();
        Self {
            name: field.name,
            many: definition.rel_type == RelationType::HasMany,
            from: column_name(&definition.from_col),
            to: column_name(&definition.to_col),
            target: field.target,
        }
    }

    /// The table of the related rows.
    pub fn target(&self) -> &'static Table {
        (self.target)()
    }
}

/// Every foreign key here has one column: the design rules composite keys out.
fn column_name(identity: &Identity) -> String {
    match identity {
        Identity::Unary(column) | Identity::Binary(column, _) | Identity::Ternary(column, _, _) => {
            column.to_string()
        }
        Identity::Many(columns) => columns.first().map(ToString::to_string).unwrap_or_default(),
    }
}

static TABLES: LazyLock<RwLock<HashMap<TypeId, &'static Table>>> = LazyLock::new(RwLock::default);

impl Table {
    /// The description of `E`, made once.
    pub fn of<E: Resource>() -> &'static Self {
        let known =
            TABLES.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<E>()).copied();
        known.unwrap_or_else(|| {
            let mut tables = TABLES.write().unwrap_or_else(PoisonError::into_inner);
            // Lives as long as the process, like the type that it describes.
            tables
                .entry(TypeId::of::<E>())
                .or_insert_with(|| Box::leak(Box::new(Self::describe::<E>())))
        })
    }

    /// Every table described so far, in the order of names.
    pub(crate) fn described() -> Vec<&'static Self> {
        let tables = TABLES.read().unwrap_or_else(PoisonError::into_inner);
        let mut tables: Vec<_> = tables.values().copied().collect();
        tables.sort_unstable_by_key(|table| table.name);
        tables
    }

    fn describe<E: Resource>() -> Self {
        let everywhere = |name: &str| {
            let column = E::Column::iter().find(|column| column.as_str() == name)?;
            let uses = Uses { filter: true, sort: true, aggregate: true, search: false };
            Some(Column::of(&Field::<E> { column, uses, choices: Vec::new }))
        };
        let declared = E::FIELDS.iter().map(Column::of);
        let times = ["created_at", "updated_at"].into_iter().filter_map(everywhere);
        let columns: Vec<_> = everywhere("id").into_iter().chain(declared).chain(times).collect();
        let columns: &'static [Column] = columns.leak();
        Self {
            path: E::PATH,
            name: E::default().table_name(),
            columns,
            all: columns.iter().collect(),
            search: columns.iter().filter(|column| column.uses.search).collect(),
            relations: E::RELATIONS.iter().map(Relation::of).collect(),
            soft_delete: E::Column::iter().any(|column| column.as_str() == DELETED_AT),
            public: E::public,
            scope: E::scope,
        }
    }

    /// The name of one row's type: `ProjectMember`.
    pub fn type_name(&self) -> String {
        let name = camel_case(self.name);
        let mut letters = name.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect())
            .unwrap_or_default()
    }

    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(crate) fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    /// Sends the public away where it sees nothing: better to be told to sign in than shown an empty list.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<()> {
        match (&caller.user, (self.public)()) {
            (None, Scope::AnyOf(ways)) if ways.is_empty() => Err(Error::Unauthenticated),
            _ => Ok(()),
        }
    }

    /// The rows on which the caller holds `right`, deleted ones left out: part of everything that
    /// reads the table.
    pub(crate) fn visible(&self, caller: &Caller, right: Right, shape: Shape) -> Condition {
        self.existing().add(self.held(caller, right, shape))
    }

    /// The rows that the caller sees, in parts that may overlap.
    pub(crate) fn visible_parts(&self, caller: &Caller) -> Vec<Part> {
        let parts = self.scope_of(caller.user.as_ref(), Right::See).apart(self).into_iter();
        parts.map(|part| Part { condition: self.existing().add(part.condition), ..part }).collect()
    }

    /// The rows that are not deleted.
    pub(crate) fn existing(&self) -> Condition {
        let condition = Condition::all();
        if self.soft_delete {
            condition.add(Expr::col((self.name, DELETED_AT)).is_null())
        } else {
            condition
        }
    }

    /// The rows on which the caller holds `right`, deleted or not.
    pub(crate) fn held(&self, caller: &Caller, right: Right, shape: Shape) -> Condition {
        self.scope_of(caller.user.as_ref(), right).condition(self, shape)
    }

    pub(crate) fn scope_of(&self, user: Option<&Principal>, right: Right) -> Scope {
        match user {
            Some(user) if user.is_admin() => (self.scope)(user, right).unrestricted(),
            Some(user) => (self.scope)(user, right),
            None if right == Right::See => (self.public)(),
            None => Scope::nothing(),
        }
    }
}
