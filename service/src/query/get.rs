//! The SQL of single rows.

use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    ListQuery,
    ast::{Predicate, Window},
    select::Selection,
};
use crate::{Caller, Error, Record, Result, Right, scope::Shape, table::Table};

/// One row with what is to be embedded; of `query` only `fields` and `include` may be set.
///
/// # Errors
/// `NotFound` when the row is absent, deleted or invisible; `BadQuery`.
pub async fn get(
    db: &impl ConnectionTrait,
    caller: &Caller,
    table: &'static Table,
    id: Uuid,
    query: &ListQuery,
) -> Result<Record> {
    table.admit(caller)?;
    refuse_list_parameters(query)?;
    let selection = Selection::of(table, query)?;
    let mut select = selection.select(table, &[]);
    select.and_where(Expr::col((table.name, "id")).eq(id)).cond_where(table.visible(
        caller,
        Right::See,
        Shape::Row,
    ));
    let mut records = selection.read(db, &select, &[]).await?;
    selection.embed(db, caller, &mut records).await?;
    records.pop().ok_or(Error::NotFound)
}

fn refuse_list_parameters(query: &ListQuery) -> Result<()> {
    let plain = ListQuery {
        fields: query.fields.clone(),
        include: query.include.clone(),
        index_policy: query.index_policy.clone(),
        ..ListQuery::default()
    };
    if *query == plain {
        return Ok(());
    }
    let parameter = match &query.filter {
        Predicate::All(tests) => tests.iter().find_map(Predicate::parameter),
        _ => None,
    };
    let others = [
        (query.search.is_some(), "q"),
        (!query.sort.is_empty(), "sort"),
        (query.aggregate.is_some(), "select"),
        (query.count.is_some(), "count"),
        (matches!(query.window, Window::Cursor(_)), "cursor"),
        (query.limit != plain.limit, "limit"),
    ];
    let other = others.iter().find(|(given, _)| *given).map_or("page", |(_, name)| name);
    Err(Error::bad_query(
        parameter.unwrap_or(other),
        "is not supported here; fields and include are",
    ))
}
