//! Embedding related rows: one query per relation, whatever the number of rows.

use std::collections::HashMap;

use sea_orm::{
    ConnectionTrait, Value,
    sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, WindowStatement},
};
use uuid::Uuid;

use super::{MAX_EMBEDDED, allowed};
use crate::{
    Caller, Error, Result, Right,
    field::Kind,
    record::{Embed, Record, uuid_of},
    scope::Shape,
    table::{Relation, Table},
};

/// The relations that `names` name.
///
/// # Errors
/// `BadQuery` for a name that is none or that comes twice.
pub(super) fn resolve<'a>(table: &'a Table, names: &[String]) -> Result<Vec<&'a Relation>> {
    let mut relations: Vec<&Relation> = Vec::with_capacity(names.len());
    for name in names {
        let relation = table.relation(name).ok_or_else(|| {
            let names = allowed(table.relations.iter().map(|relation| relation.name));
            Error::bad_query("include", format!("{name:?} cannot be included; these can: {names}"))
        })?;
        if relations.iter().any(|other| other.name == relation.name) {
            return Err(Error::bad_query("include", format!("{name:?} is named twice")));
        }
        relations.push(relation);
    }
    Ok(relations)
}

/// Embeds `relation` into each of `records`, whose keys for it are in `keys`.
///
/// # Errors
/// Those of the database.
pub(super) async fn embed(
    db: &impl ConnectionTrait,
    caller: &Caller,
    relation: &Relation,
    records: &mut [Record],
    keys: &[Option<Uuid>],
) -> Result<()> {
    let mut wanted: Vec<Uuid> = keys.iter().copied().flatten().collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut related =
        if wanted.is_empty() { HashMap::new() } else { rows(db, caller, relation, wanted).await? };
    for (record, key) in records.iter_mut().zip(keys) {
        let embed = match key {
            // The rows on the one side of a relation may belong to several records.
            Some(key) if !relation.many => {
                Embed::One(related.get(key).and_then(|rows| rows.first()).cloned().map(Box::new))
            }
            Some(key) => Embed::Many(related.remove(key).unwrap_or_default()),
            None if relation.many => Embed::Many(Vec::new()),
            None => Embed::One(None),
        };
        record.embeds.push((relation.name, embed));
    }
    Ok(())
}

async fn rows(
    db: &impl ConnectionTrait,
    caller: &Caller,
    relation: &Relation,
    keys: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<Record>>> {
    let target = relation.target();
    let key = Alias::new(&relation.to);
    let mut select = Query::select();
    select
        .columns(target.columns.iter().map(|column| (target.name, column.column)))
        .expr_as(Expr::col((target.name, key.clone())), "_key")
        .from(target.name)
        .and_where(Expr::col((target.name, key.clone())).is_in(keys.into_iter().map(Value::from)))
        .cond_where(target.visible(caller, Right::See, Shape::Row));
    if relation.many {
        let place = WindowStatement::partition_by((target.name, key))
            .order_by((target.name, "id"), Order::Asc)
            .take();
        let numbered = select.expr_window_as(Func::cust("ROW_NUMBER"), place, "_place").take();
        select = Query::select();
        select
            .columns(target.columns.iter().map(|column| column.column))
            .column("_key")
            .from_subquery(numbered, target.name)
            .and_where(Expr::col("_place").lte(MAX_EMBEDDED))
            .order_by("id", Order::Asc);
    }
    let mut related: HashMap<Uuid, Vec<Record>> = HashMap::new();
    for row in db.query_all(&select).await? {
        let record = Record::read(&row, &target.all, &[Kind::Uuid])?;
        if let Some(key) = record.values.last().and_then(uuid_of) {
            related.entry(key).or_default().push(record);
        }
    }
    Ok(related)
}
