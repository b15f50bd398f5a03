//! What a table must say about itself to be served, and what is the same for all of them.

use std::{fmt, marker::PhantomData};

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, ModelTrait, QueryFilter, QuerySelect, TryIntoModel, Value,
    sea_query::LockType,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    Caller, Error, Principal, Result, Transaction,
    field::Field,
    record::uuid_of,
    scope::{Scope, Shape},
    table::{DELETED_AT, RelationField, Table},
    write,
};

/// How much a caller may do with a row. Each right includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Read it.
    See,
    /// Change it.
    Edit,
    /// Delete it, give it away.
    Own,
}

/// A table served over REST, implemented on the generated `Entity`: all that a caller may see of it is said here.
///
/// Nothing that matters for security has a default.
pub trait Resource: EntityTrait<Model: Clone + IntoActiveModel<Self::ActiveModel>> {
    /// Path segment under `/api/v1`: plural, kebab-case.
    const PATH: &'static str;
    /// The columns that exist over HTTP, and for what; `id`, `createdAt` and `updatedAt` always do. A column that is
    /// not listed cannot be read, filtered, sorted or written.
    const FIELDS: &'static [Field<Self>];
    /// What `include` may name.
    const RELATIONS: &'static [RelationField<Self>];
    /// The rows anyone may see without signing in.
    fn public() -> Scope;
    /// The rows on which `user` holds `right`. Platform administrators hold every right on rows whose parents exist.
    fn scope(user: &Principal, right: Right) -> Scope;

    /// The key of a row.
    fn id(row: &Self::Model) -> Uuid {
        uuid_of(&row.get(Self::column_named("id"))).unwrap_or_default()
    }

    /// The column that the database calls `name`.
    ///
    /// # Panics
    /// When the table has no such column; names come from [`Resource::FIELDS`] and the columns that all tables have.
    #[expect(clippy::expect_used, reason = "names come from the entity itself")]
    fn column_named(name: &str) -> Self::Column {
        Self::Column::iter()
            .find(|column| column.as_str() == name)
            .expect("the column is the entity's own")
    }
}

/// A resource whose rows change, and whose changes are recorded.
pub trait Audited:
    Resource<ActiveModel: ActiveModelBehavior + Send + TryIntoModel<<Self as EntityTrait>::Model>>
{
    /// The project, user or organization whose owners may read the row's audit trail.
    fn root(row: &Self::Model) -> Uuid;
}

/// A resource that callers change with the generic verbs.
#[expect(async_fn_in_trait, reason = "an actix worker is one thread: the futures need not be Send")]
pub trait Writable: Audited {
    /// What a creation may set.
    type Create: DeserializeOwned + Validate + ToSchema + 'static;
    /// What an update may set: a JSON merge patch.
    type Update: DeserializeOwned + Validate + ToSchema + 'static;

    /// The row that a creation makes, or why not.
    ///
    /// # Errors
    /// Whatever forbids the creation.
    async fn new_row(
        tx: &Transaction,
        caller: &Caller,
        input: &Self::Create,
    ) -> Result<Self::ActiveModel>;

    /// The columns that an update sets, or why not.
    ///
    /// # Errors
    /// Whatever forbids the update.
    async fn changes(
        tx: &Transaction,
        caller: &Caller,
        before: &Self::Model,
        input: &Self::Update,
    ) -> Result<Self::ActiveModel>;

    /// Creates a row, with whatever is created along with it.
    ///
    /// # Errors
    /// Those of [`Writable::new_row`]; `Taken`.
    async fn create_row(
        tx: &Transaction,
        caller: &Caller,
        input: &Self::Create,
    ) -> Result<Self::Model> {
        let row = Self::new_row(tx, caller, input).await?;
        write::insert::<Self>(tx, caller, "create", row).await
    }

    /// Brings a deleted row back. A row that is not deleted is left as it is.
    ///
    /// # Errors
    /// Those of [`fetch_deleted`].
    async fn restore_row(tx: &Transaction, caller: &Caller, id: Uuid) -> Result<Self::Model> {
        let before = fetch_deleted::<Self>(tx, caller, id).await?;
        let mut restored = <Self::ActiveModel as ActiveModelTrait>::default();
        restored.set(Self::column_named(DELETED_AT), Value::ChronoDateTimeWithTimeZone(None));
        write::update::<Self>(tx, caller, "restore", before, restored).await
    }
}

/// Tells a member that is given from one that is absent: `null` is given.
///
/// # Errors
/// Those of `T`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A `T` that is written as an object: serde would also take an array of the members' values in their order.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// A list of [`Object`]s.
///
/// # Errors
/// Those of `T`.
pub(crate) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(value)| value).collect())
}

/// A list of [`Object`]s, or null.
///
/// # Errors
/// Those of `T`.
pub(crate) fn some_objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let objects = Option::<Vec<Object<T>>>::deserialize(deserializer)?;
    Ok(objects.map(|objects| objects.into_iter().map(|Object(value)| value).collect()))
}

/// The state of a row that the caller has read (`If-Match`, RFC 9110, 13.1.1).
#[derive(Clone, Debug)]
pub enum Expected {
    /// Any state, or no condition at all.
    Any,
    /// One of these versions (see [`crate::Record::version`]).
    Versions(Vec<i64>),
}

impl Expected {
    /// # Errors
    /// `Stale` when the row has changed.
    fn check<E: Resource>(&self, row: &E::Model) -> Result<()> {
        let (Self::Versions(versions), Value::ChronoDateTimeWithTimeZone(Some(time))) =
            (self, row.get(E::column_named("updated_at")))
        else {
            return Ok(());
        };
        if versions.contains(&time.timestamp_micros()) { Ok(()) } else { Err(Error::Stale) }
    }
}

/// The only way from an id to a row. Beyond seeing, the row is locked until the transaction ends.
///
/// # Errors
/// `NotFound` when the row is absent, deleted or invisible; `Forbidden` when it is visible and `right` is not held.
pub async fn fetch<E: Resource>(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: Uuid,
    right: Right,
) -> Result<E::Model> {
    // Weaker than FOR UPDATE: inserting rows that refer to this one need not wait.
    let lock = (right > Right::See).then_some(LockType::NoKeyUpdate);
    fetch_locked::<E>(db, caller, id, right, lock).await
}

/// Like [`fetch`], for a row that the caller refers to: several may refer to it at once, none may change it meanwhile.
///
/// # Errors
/// Those of [`fetch`].
pub async fn refer<E: Resource>(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
    right: Right,
) -> Result<E::Model> {
    fetch_locked::<E>(tx, caller, id, right, Some(LockType::Share)).await
}

async fn fetch_locked<E: Resource>(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: Uuid,
    right: Right,
    lock: Option<LockType>,
) -> Result<E::Model> {
    let table = Table::of::<E>();
    table.admit(caller)?;
    let mut select = find::<E>(id).filter(table.visible(caller, right, Shape::Row));
    if let Some(lock) = lock {
        select = select.lock(lock);
    }
    if let Some(row) = select.one(db).await? {
        return Ok(row);
    }
    if right == Right::See {
        return Err(Error::NotFound);
    }
    match find::<E>(id).filter(table.visible(caller, Right::See, Shape::Row)).one(db).await? {
        // What the public may only see, a signed-in user may perhaps change.
        Some(_) => caller.principal().and(Err(Error::Forbidden)),
        None => Err(Error::NotFound),
    }
}

#[expect(clippy::disallowed_methods, reason = "its two callers add the scope")]
fn find<E: Resource>(id: Uuid) -> sea_orm::Select<E> {
    use sea_orm::ColumnTrait;
    E::find().filter(E::column_named("id").eq(id))
}

/// Changes a row. An update that changes nothing leaves no trace.
///
/// # Errors
/// Those of [`fetch`] and [`Writable::changes`]; `Stale`, `Taken`.
pub async fn update<E: Writable>(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
    expected: &Expected,
    input: &E::Update,
) -> Result<E::Model> {
    let before = fetch::<E>(tx, caller, id, Right::Edit).await?;
    expected.check::<E>(&before)?;
    let changes = E::changes(tx, caller, &before, input).await?;
    write::update::<E>(tx, caller, "update", before, changes).await
}

/// Deletes a row; where the table keeps deleted rows, it can be brought back with [`Writable::restore_row`].
///
/// # Errors
/// Those of [`fetch`]; `Stale`, `InUse`.
pub async fn delete<E: Writable>(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
    expected: &Expected,
) -> Result<()> {
    let before = fetch::<E>(tx, caller, id, Right::Own).await?;
    expected.check::<E>(&before)?;
    if !Table::of::<E>().soft_delete {
        return write::delete::<E>(tx, caller, "delete", before).await;
    }
    let mut deleted = <E::ActiveModel as ActiveModelTrait>::default();
    deleted.set(E::column_named(DELETED_AT), Value::from(caller.at.fixed_offset()));
    write::update::<E>(tx, caller, "delete", before, deleted).await.map(|_| ())
}

/// A row that the caller owns, also if it is deleted.
///
/// # Errors
/// `NotFound` when the row is absent or was never the caller's; `Forbidden` when it is visible and not the caller's.
pub async fn fetch_deleted<E: Resource>(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
) -> Result<E::Model> {
    let held = Table::of::<E>().held(caller, Right::Own, Shape::Row);
    match find::<E>(id).filter(held).lock(LockType::NoKeyUpdate).one(tx).await? {
        Some(row) => Ok(row),
        None => fetch::<E>(tx, caller, id, Right::Own).await,
    }
}
