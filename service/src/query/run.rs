//! The SQL of lists and of single rows.

use std::sync::Arc;

use sea_orm::{
    Condition, ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement},
};
use uuid::Uuid;

use super::{ListQuery, allowed, ast::Predicate, filter, include, sort};
use crate::{
    Caller, Error, Page, Record, Result, Right, Transaction,
    field::{Column, Kind},
    record::uuid_of,
    scope::Shape,
    table::{Relation, Table},
};

/// The columns to read, those to show first.
struct Selection<'a> {
    shown: Arc<[&'static Column]>,
    relations: Vec<&'a Relation>,
}

impl<'a> Selection<'a> {
    fn of(table: &'a Table, query: &ListQuery) -> Result<Self> {
        let relations = include::resolve(table, &query.include)?;
        let shown = match &query.fields {
            None => Arc::clone(&table.all),
            Some(names) => fields(table, names)?,
        };
        Ok(Self { shown, relations })
    }

    fn select(&self, table: &Table) -> SelectStatement {
        let keys = self.relations.iter().map(|relation| (table.name, Alias::new(&relation.from)));
        let shown = self.shown.iter().map(|column| (table.name, column.column));
        Query::select().columns(shown).columns(keys).from(table.name).take()
    }

    async fn read(
        &self,
        db: &impl ConnectionTrait,
        caller: &Caller,
        select: &SelectStatement,
    ) -> Result<Vec<Record>> {
        let extra = vec![Kind::Uuid; self.relations.len()];
        let rows = db.query_all(select).await?;
        let read = rows.iter().map(|row| Record::read(row, &self.shown, &extra));
        let mut records = read.collect::<Result<Vec<_>, _>>()?;
        for (index, relation) in self.relations.iter().enumerate() {
            let position = self.shown.len() + index;
            let keys: Vec<_> = records
                .iter()
                .map(|record| record.values.get(position).and_then(uuid_of))
                .collect();
            include::embed(db, caller, relation, &mut records, &keys).await?;
        }
        Ok(records)
    }
}

fn fields(table: &Table, names: &[String]) -> Result<Arc<[&'static Column]>> {
    for name in names {
        if table.column(name).is_none() {
            let known = allowed(table.columns.iter().map(|column| &*column.name));
            return Err(Error::bad_query(
                "fields",
                format!("{name:?} is not a field; these are: {known}"),
            ));
        }
    }
    // The id is always there, and the order is the resource's own, so that the same fields give the same bytes.
    let chosen = |column: &&Column| column.column == "id" || names.contains(&column.name);
    Ok(table.columns.iter().filter(chosen).collect())
}

/// A page of the rows that the caller sees.
///
/// # Errors
/// `Unauthenticated` when the public sees none; `BadQuery`; those of the database.
pub async fn list(
    tx: &Transaction,
    caller: &Caller,
    table: &'static Table,
    query: &ListQuery,
) -> Result<Page> {
    list_where(tx, caller, table, query, Condition::all()).await
}

/// Like [`list`], of the rows for which `narrow` also holds.
///
/// # Errors
/// Those of [`list`].
pub(crate) async fn list_where(
    tx: &Transaction,
    caller: &Caller,
    table: &'static Table,
    query: &ListQuery,
    narrow: Condition,
) -> Result<Page> {
    table.admit(caller)?;
    let selection = Selection::of(table, query)?;
    let condition = filter::condition(table, tx.get_database_backend(), &query.filter)?
        .add(narrow)
        .add(table.visible(caller, Right::See, Shape::Set));
    let mut select = selection.select(table);
    select.cond_where(condition.clone());
    sort::order(table, &query.sort, &mut select)?;
    let total = count(tx, table, condition).await?;
    let items = match select_page(&mut select, query, total) {
        Some(select) => selection.read(tx, caller, select).await?,
        None => Vec::new(),
    };
    Ok(Page::of(query, total, items))
}

impl<T> Page<T> {
    pub(crate) fn of(query: &ListQuery, total: u64, items: Vec<T>) -> Self {
        let (page, limit) = (page_of(query), query.limit);
        Self { items, total, page, limit, total_pages: total.div_ceil(limit) }
    }
}

fn page_of(query: &ListQuery) -> u64 {
    if let super::ast::Window::Page(page) = query.window { page } else { 1 }
}

/// Cuts the page out of `select`, or says that there is nothing on it.
pub(crate) fn select_page<'a>(
    select: &'a mut SelectStatement,
    query: &ListQuery,
    total: u64,
) -> Option<&'a mut SelectStatement> {
    let offset = (page_of(query) - 1).saturating_mul(query.limit);
    (offset < total).then(|| select.offset(offset).limit(query.limit))
}

/// How many rows of `table` satisfy `condition`.
///
/// # Errors
/// Those of the database.
pub(crate) async fn count(
    db: &impl ConnectionTrait,
    table: &Table,
    condition: Condition,
) -> Result<u64> {
    let count = Func::count(Expr::col((table.name, "id")));
    let select = Query::select().expr(count).from(table.name).cond_where(condition).take();
    let row = db.query_one(&select).await?;
    let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

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
    let mut select = selection.select(table);
    select.and_where(Expr::col((table.name, "id")).eq(id)).cond_where(table.visible(
        caller,
        Right::See,
        Shape::Row,
    ));
    selection.read(db, caller, &select).await?.pop().ok_or(Error::NotFound)
}

fn refuse_list_parameters(query: &ListQuery) -> Result<()> {
    let plain = ListQuery {
        fields: query.fields.clone(),
        include: query.include.clone(),
        ..ListQuery::default()
    };
    if *query == plain {
        return Ok(());
    }
    let parameter = match &query.filter {
        Predicate::All(tests) => tests.iter().find_map(Predicate::parameter),
        _ => None,
    };
    let parameter = parameter.unwrap_or(if query.sort.is_empty() { "page" } else { "sort" });
    Err(Error::bad_query(parameter, "is not supported here; fields and include are"))
}
