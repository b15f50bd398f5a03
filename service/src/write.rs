//! The only functions that change the rows of resources: they set the times and write the audit row.

use chrono::{DateTime, FixedOffset, TimeDelta};
use entity::audit_log;
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait, Set, TryIntoModel, Value,
};
use serde_json::{Map, to_value};
use uuid::Uuid;

use crate::{Audited, Caller, Result, Transaction, record::Shown, search, table::Table};

/// The most parameters of one statement: SQLite's limit, which is the lower one.
pub(crate) const MAX_PARAMETERS: usize = 32_766;

/// Inserts a row under a new id.
///
/// # Errors
/// `Taken`, and whatever else the database refuses.
pub(crate) async fn insert<E: Audited>(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    row: E::ActiveModel,
) -> Result<E::Model> {
    #[expect(clippy::disallowed_methods, reason = "this is the function to use instead")]
    let row = stamp::<E>(caller, row).insert(tx).await?;
    search::index::<E>(tx, None, &row).await?;
    record(tx, entry::<E>(caller, action, None, Some(&row))).await?;
    Ok(row)
}

/// Inserts rows under new ids, in batches; the ids come back in the order of the rows.
///
/// # Errors
/// As [`insert`]; then nothing is inserted.
pub(crate) async fn insert_many<E: Audited>(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    rows: Vec<E::ActiveModel>,
) -> Result<Vec<Uuid>> {
    let models = rows.into_iter().map(|row| stamp::<E>(caller, row).try_into_model());
    let models = models.collect::<Result<Vec<_>, _>>()?;
    let ids = models.iter().map(E::id).collect();
    insert_as_they_are::<E>(tx, caller, action, &models).await?;
    Ok(ids)
}

/// Inserts rows that have their ids and times from elsewhere, in batches.
///
/// # Errors
/// As [`insert`]; then nothing is inserted.
#[expect(clippy::disallowed_methods, reason = "this is the function to use instead")]
pub(crate) async fn insert_as_they_are<E: Audited>(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    models: &[E::Model],
) -> Result<()> {
    for batch in models.chunks(MAX_PARAMETERS / E::Column::iter().count().max(1)) {
        let rows = batch.iter().map(|row| row.clone().into_active_model().reset_all());
        E::insert_many(rows).exec_without_returning(tx).await?;
    }
    search::index_many::<E>(tx, models).await?;
    for batch in models.chunks(MAX_PARAMETERS / audit_log::Column::iter().count()) {
        let entries = batch.iter().map(|row| entry::<E>(caller, action, None, Some(row)));
        audit_log::Entity::insert_many(entries).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Sets the columns in which `changes` differs from `before`. Where there are none, nothing is written.
///
/// # Errors
/// `Taken`, and whatever else the database refuses.
pub(crate) async fn update<E: Audited>(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    before: E::Model,
    changes: E::ActiveModel,
) -> Result<E::Model> {
    let mut row = before.clone().into_active_model();
    let mut changed = false;
    for column in E::Column::iter() {
        if let Set(value) = changes.get(column)
            && value != before.get(column)
        {
            row.set(column, value);
            changed = true;
        }
    }
    if !changed {
        return Ok(before);
    }
    let updated_at = E::column_named("updated_at");
    row.set(updated_at, Value::from(later(caller, &before.get(updated_at))));
    #[expect(clippy::disallowed_methods, reason = "this is the function to use instead")]
    let after = row.update(tx).await?;
    search::index::<E>(tx, Some(&before), &after).await?;
    record(tx, entry::<E>(caller, action, Some(&before), Some(&after))).await?;
    Ok(after)
}

/// Records what was done to a row where none of its declared columns tells: a password that was set, a session that was
/// opened for somebody else.
///
/// # Errors
/// Whatever the database refuses.
pub(crate) async fn note<E: Audited>(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    row: &E::Model,
) -> Result<()> {
    record(tx, entry::<E>(caller, action, Some(row), Some(row))).await
}

/// Deletes a row for good, with what depends on it.
///
/// # Errors
/// `InUse` when rows that do not depend on it refer to it.
#[expect(clippy::disallowed_methods, reason = "this is the function to use instead")]
pub(crate) async fn delete<E: Audited>(
    tx: &Transaction,
    caller: &Caller,
    action: &str,
    row: E::Model,
) -> Result<()> {
    let entry = entry::<E>(caller, action, Some(&row), None);
    row.into_active_model().delete(tx).await?;
    record(tx, entry).await
}

/// The request's time, or just after the last change where that is later: a version never comes twice.
fn later(caller: &Caller, last: &Value) -> DateTime<FixedOffset> {
    let at = caller.at.fixed_offset();
    match last {
        Value::ChronoDateTimeWithTimeZone(Some(last)) if *last >= at => {
            *last + TimeDelta::microseconds(1)
        }
        _ => at,
    }
}

#[expect(clippy::disallowed_methods, reason = "the one home of new ids")]
fn stamp<E: Audited>(caller: &Caller, mut row: E::ActiveModel) -> E::ActiveModel {
    let at = caller.at.fixed_offset();
    row.set(E::column_named("id"), Value::from(Uuid::now_v7()));
    row.set(E::column_named("created_at"), Value::from(at));
    row.set(E::column_named("updated_at"), Value::from(at));
    row
}

#[expect(clippy::disallowed_methods, reason = "the audit log is not itself audited")]
async fn record(tx: &Transaction, entry: audit_log::ActiveModel) -> Result<()> {
    audit_log::Entity::insert(entry).exec_without_returning(tx).await?;
    Ok(())
}

/// Who did what to which row. An update keeps the columns that it changed, and of secrets nothing is kept: only
/// columns that the resource declares are copied.
#[expect(clippy::disallowed_methods, reason = "the one home of new ids")]
fn entry<E: Audited>(
    caller: &Caller,
    action: &str,
    before: Option<&E::Model>,
    after: Option<&E::Model>,
) -> audit_log::ActiveModel {
    let table = Table::of::<E>();
    let (mut old, mut new) = (Map::new(), Map::new());
    for field in table.columns {
        let column = E::column_named(field.column);
        let [old_value, new_value] = [before, after].map(|row| row.map(|row| row.get(column)));
        if old_value == new_value
            || field.column == "updated_at" && before.is_some() && after.is_some()
        {
            continue;
        }
        for (map, value) in [(&mut old, old_value), (&mut new, new_value)] {
            if let Some(value) = value.and_then(|value| to_value(Shown(&value)).ok()) {
                map.insert(field.name.clone(), value);
            }
        }
    }
    let row = after.or(before);
    let at = caller.at.fixed_offset();
    audit_log::ActiveModel {
        id: Set(Uuid::now_v7()),
        created_at: Set(at),
        updated_at: Set(at),
        actor_id: Set(caller.user_id()),
        action: Set(action.to_owned()),
        table_name: Set(table.name.to_owned()),
        row_id: Set(row.map(E::id).unwrap_or_default()),
        root_id: Set(row.map(E::root).unwrap_or_default()),
        before: Set(before.map(|_| old.into())),
        after: Set(after.map(|_| new.into())),
        request_id: Set(caller.request_id.clone()),
        impersonator_id: Set(caller.user.as_ref().and_then(|user| user.impersonated_by)),
    }
}
