//! The SQL of lists.

use std::collections::BTreeMap;

use sea_orm::{
    Condition, ConnectionTrait,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query, SelectStatement, UnionType},
};

use super::{
    ListQuery, MAX_COUNTED, Position,
    ast::{Count, Window},
    cursor,
    filter::Filter,
    keyset, policy,
    select::Selection,
    sort::{self, Key},
};
use crate::{
    Caller, Error, Page, Record, Result, Right, record::Embed, scope::Shape, search, table::Table,
};

/// The members that the rows of `query` have, in their order.
///
/// # Errors
/// `BadQuery` for a field or a relation that does not exist.
pub fn members<'a>(table: &'a Table, query: &ListQuery) -> Result<Vec<&'a str>> {
    Ok(Selection::of(table, query)?.names(query.highlight))
}

/// A part of a table that is a list of its own.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name among the lists: a cursor of one is of no use in another.
    pub(crate) name: String,
    /// The rows that belong to it.
    pub(crate) condition: Condition,
}

/// A page of the rows that the caller sees. `db` is a snapshot, unless [`ListQuery::is_one_statement`].
///
/// # Errors
/// `Unauthenticated` when the public sees none; `BadQuery`; those of the database.
pub async fn list(
    db: &impl ConnectionTrait,
    caller: &Caller,
    table: &'static Table,
    query: &ListQuery,
) -> Result<Page> {
    let all = Part { name: String::new(), condition: Condition::all() };
    list_part(db, caller, table, query, all).await
}

impl ListQuery {
    /// Whether one statement finds the page, which then is of one moment without a transaction around it.
    pub fn is_one_statement(&self) -> bool {
        let uncounted = match (&self.window, self.count) {
            (Window::Page(_), count) => count == Some(Count::None),
            // Of an order by the id alone, what lies after a row is one range.
            (Window::Cursor(_), count) => {
                self.sort.is_empty() && matches!(count, None | Some(Count::None))
            }
        };
        uncounted && self.include.is_empty()
    }
}

/// Like [`list`], of a part of the table.
///
/// # Errors
/// Those of [`list`].
pub(crate) async fn list_part(
    db: &impl ConnectionTrait,
    caller: &Caller,
    table: &'static Table,
    query: &ListQuery,
    part: Part,
) -> Result<Page> {
    let listing = Listing::new(db, caller, table, query, part)?;
    match &query.window {
        Window::Page(page) => listing.numbered(*page).await,
        Window::Cursor(position) => listing.beside(position.as_ref()).await,
    }
}

/// Which rows there are for this caller, by `query` but for its window.
///
/// # Errors
/// `Unauthenticated` when the public sees none; `BadQuery`.
pub(super) fn selected(
    db: &impl ConnectionTrait,
    caller: &Caller,
    table: &Table,
    query: &ListQuery,
) -> Result<Condition> {
    let asked = asked(db, caller, table, query)?;
    Ok(asked.add(table.visible(caller, Right::See, Shape::Set)))
}

/// Which rows `query` asks for, whether the caller sees them or not.
fn asked(
    db: &impl ConnectionTrait,
    caller: &Caller,
    table: &Table,
    query: &ListQuery,
) -> Result<Condition> {
    table.admit(caller)?;
    let backend = db.get_database_backend();
    let filter = Filter { caller, backend }.condition(table, &query.filter)?;
    let mut condition = Condition::all().add(filter);
    if let Some(search) = &query.search {
        if table.search.is_empty() {
            return Err(Error::bad_query("q", format!("{} cannot be searched", table.path)));
        }
        condition = condition.add(search::condition(table, backend, search));
    }
    Ok(condition)
}

/// A list about to be read.
struct Listing<'a, C> {
    db: &'a C,
    caller: &'a Caller,
    table: &'static Table,
    query: &'a ListQuery,
    selection: Selection<'a>,
    keys: Vec<Key>,
    /// What is asked for, whether the caller sees it or not.
    asked: Condition,
    /// Which list it is, whoever asks and whatever the page: the resource, the part of it, the filter and the order.
    identity: String,
}

impl<'a, C: ConnectionTrait> Listing<'a, C> {
    fn new(
        db: &'a C,
        caller: &'a Caller,
        table: &'static Table,
        query: &'a ListQuery,
        part: Part,
    ) -> Result<Self> {
        if query.aggregate.is_some() {
            let message = format!("belongs to /{}/aggregate", table.path);
            return Err(Error::bad_query("select", message));
        }
        let asked = asked(db, caller, table, query)?.add(part.condition);
        Ok(Self {
            selection: Selection::of(table, query)?,
            keys: sort::keys(table, db.get_database_backend(), query)?,
            identity: [table.path, &part.name, &query.print_selection()].join("\0"),
            asked,
            db,
            caller,
            table,
            query,
        })
    }

    /// Restricts `select` to the first rows of those that the caller sees, up to `most`.
    ///
    /// The parts of what the caller sees are each read in order and no further than that: what is shared with everyone
    /// may be half of the table, and to gather the keys of it all costs more than any page.
    fn first(
        &self,
        select: &mut SelectStatement,
        range: Condition,
        order: impl Fn(&mut SelectStatement),
        most: u64,
    ) {
        let asked = self.asked.clone().add(range);
        let parts = self.table.visible_parts(self.caller);
        order(select);
        if let [part] = parts.as_slice()
            && !part.few
        {
            select.cond_where(asked).cond_where(part.condition.clone());
            return;
        }
        let id = (self.table.name, "id");
        let arms = parts.into_iter().map(|part| {
            let mut rows = Query::select().from(self.table.name).take();
            rows.cond_where(asked.clone()).cond_where(part.condition);
            if part.few {
                // What has a limit of its own is found without regard to the order outside.
                rows.column((self.table.name, Asterisk)).limit(i64::MAX.unsigned_abs());
                rows = Query::select().from_subquery(rows, self.table.name).take();
            }
            order(rows.column(id).limit(most));
            // SQLite has no ORDER BY in an arm of a UNION, but in a query inside of it.
            Query::select().column("id").from_subquery(rows, "_first").take()
        });
        let union = arms.reduce(|mut union, arm| union.union(UnionType::Distinct, arm).take());
        match union {
            Some(union) => select.and_where(Expr::col(id).in_subquery(union)),
            None => select.and_where(Expr::val(false)),
        };
    }

    /// Judges what is asked for, whoever asks: what a caller may see is not the caller's choice.
    async fn judge(
        &self,
        range: Condition,
        order: impl Fn(&mut SelectStatement),
        most: u64,
    ) -> Result<()> {
        let explained = || {
            let mut select = Query::select();
            select.column((self.table.name, "id")).from(self.table.name).limit(most);
            select.cond_where(self.asked.clone().add(range).add(self.table.existing()));
            order(&mut select);
            select
        };
        policy::judge(self.db, self.table, self.query, &self.identity, explained).await
    }

    async fn count(&self, exactness: Count) -> Result<Option<u64>> {
        let rows = || {
            let visible = self.table.visible(self.caller, Right::See, Shape::Set);
            let mut rows = Query::select();
            rows.expr(Expr::val(1)).from(self.table.name);
            rows.cond_where(self.asked.clone().add(visible)).take()
        };
        total(self.db, exactness, rows).await
    }

    /// A page by its number.
    async fn numbered(&self, page: u64) -> Result<Page> {
        let limit = self.query.limit;
        let offset = (page - 1).saturating_mul(limit);
        let order = |select: &mut SelectStatement| {
            self.keys.iter().for_each(|key| key.order(select, false));
        };
        self.judge(Condition::all(), order, offset + limit + 1).await?;
        let total = self.count(self.query.count.unwrap_or(Count::Exact)).await?;
        let mut records = Vec::new();
        if total.is_none_or(|total| offset < total) {
            let mut select = self.selection.select(self.table, &[]);
            self.first(&mut select, Condition::all(), order, offset + limit + 1);
            select.offset(offset).limit(limit + 1);
            records = self.selection.read(self.db, &select, &[]).await?;
        }
        let has_next = cut(&mut records, limit);
        let items = self.finish(records).await?;
        Ok(Page::numbered(self.query, page, total, has_next, items))
    }

    /// The rows beside a position, or the first ones.
    async fn beside(&self, position: Option<&Position>) -> Result<Page> {
        let binding = cursor::binding(&self.identity);
        if let Some(position) = position {
            position.check(binding, self.caller.at)?;
        }
        let backwards = position.is_some_and(|position| position.backwards);
        let keys: Vec<_> = self.keys.iter().map(|key| key.clone().reversed(backwards)).collect();
        let mut records = self.rows_beside(&keys, position).await?;
        let more = cut(&mut records, self.query.limit);
        if backwards {
            records.reverse();
        }
        let place = |record: Option<&Record>, backwards| match (record, position) {
            (Some(record), _) => Some(self.position(binding, record, backwards)),
            // Where there is nothing beside a position, its other side begins at the row itself.
            (None, Some(position)) => {
                Some(Position { backwards, inclusive: !position.inclusive, ..position.clone() })
            }
            (None, None) => None,
        };
        let next = place(records.last(), false).filter(|_| backwards || more);
        let previous = place(records.first(), true)
            .filter(|_| if backwards { more } else { position.is_some() });
        let total = self.count(self.query.count.unwrap_or(Count::None)).await?;
        let items = self.finish(records).await?;
        Ok(Page::beside(self.query, total, [previous, next], items))
    }

    /// One row more than fit on a page, if there are that many. `position` has been checked.
    async fn rows_beside(&self, keys: &[Key], position: Option<&Position>) -> Result<Vec<Record>> {
        let ranges = match position {
            None => keyset::all(keys),
            Some(position) => {
                let kinds = keys.iter().zip(&position.keys);
                let values = kinds.map(|(key, kept)| keyset::restore(key.kind, kept));
                keyset::after(keys, &values.collect::<Result<Vec<_>>>()?, position.inclusive)
            }
        };
        if let Some(range) = ranges.first() {
            let order = |select: &mut SelectStatement| range.order(keys, select);
            self.judge(range.condition.clone(), order, self.query.limit + 1).await?;
        }
        let mut records = Vec::new();
        for range in ranges {
            let missing = (self.query.limit + 1).saturating_sub(to_u64(records.len()));
            if missing == 0 {
                break;
            }
            let mut select = self.selection.select(self.table, keys);
            let order = |select: &mut SelectStatement| range.order(keys, select);
            self.first(&mut select, range.condition.clone(), order, missing);
            select.limit(missing);
            records.extend(self.selection.read(self.db, &select, keys).await?);
        }
        Ok(records)
    }

    fn position(&self, binding: u64, record: &Record, backwards: bool) -> Position {
        let keys = record.values.iter().skip(self.selection.width()).map(keyset::keep).collect();
        let made_at = self.caller.at.timestamp();
        Position { binding, made_at, backwards, inclusive: false, keys }
    }

    /// Adds what is shown of rows beside their columns.
    async fn finish(&self, mut records: Vec<Record>) -> Result<Vec<Record>> {
        self.selection.embed(self.db, self.caller, &mut records).await?;
        if let (true, Some(search)) = (self.query.highlight, &self.query.search) {
            for record in &mut records {
                let texts = record.texts(&self.table.search);
                let found = texts.filter_map(|(name, text)| {
                    Some((name.to_owned(), search::highlight(search, text)?))
                });
                let found: BTreeMap<_, _> = found.collect();
                record.embeds.push(("highlights", Embed::Highlights(found)));
            }
        }
        Ok(records)
    }
}

/// Cuts `records` to a page, and says whether there were more.
fn cut(records: &mut Vec<Record>, limit: u64) -> bool {
    let more = to_u64(records.len()) > limit;
    records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    more
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// How many rows the statement that `rows` makes selects, as exactly as asked for.
///
/// # Errors
/// Those of the database.
pub(super) async fn total(
    db: &impl ConnectionTrait,
    exactness: Count,
    rows: impl FnOnce() -> SelectStatement,
) -> Result<Option<u64>> {
    let rows = match exactness {
        Count::Exact => rows(),
        Count::Bounded => rows().limit(MAX_COUNTED + 1).take(),
        // The usual case of a page beside a cursor, which makes nothing for it.
        Count::None => return Ok(None),
    };
    count(db, rows).await.map(Some)
}

/// How many rows `rows` selects.
///
/// # Errors
/// Those of the database.
pub(super) async fn count(db: &impl ConnectionTrait, rows: SelectStatement) -> Result<u64> {
    let mut select = Query::select();
    select.expr(Func::count(Expr::col(Asterisk))).from_subquery(rows, "_counted");
    number(db, &select).await
}

/// The one number that `select` selects.
pub(super) async fn number(db: &impl ConnectionTrait, select: &SelectStatement) -> Result<u64> {
    let row = db.query_one(select).await?;
    let number: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
}
