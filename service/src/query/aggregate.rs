//! Groups of rows with figures instead of rows.
//!
//! Three queries stand inside one another: the rows that the caller sees, with keys and operands as columns; the groups,
//! with figures as columns; and those groups that `having` leaves, in their order. So what is asked of a figure is
//! asked of a column, and nothing is written twice.

use sea_orm::{
    Condition, ConnectionTrait, DbBackend, QueryResult,
    sea_query::{Alias, Expr, NullOrdering, Order, Query, SelectStatement},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    ListQuery, MAX_GROUP_KEYS, allowed,
    ast::{Aggregate, Count, Figure, Function, GroupKey, Part, Predicate, SortKey, Test, Window},
    check_count,
    figure::{Cell, Computed, fits, part_of_time},
    run,
};
use crate::{
    Caller, Error, Page, Result, Transaction,
    field::{Column, Kind},
    record::read_value,
    table::Table,
};

/// A group: its keys and its figures, under the names by which they were asked for.
#[derive(Debug)]
pub struct Group(Vec<(String, Cell)>);

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in &self.0 {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}

impl ListQuery {
    /// The groups of which `fields` says what is distinct.
    ///
    /// # Errors
    /// `BadQuery` when it says nothing, or when figures are asked for as well.
    pub fn distinct(mut self) -> Result<Self> {
        if self.aggregate.is_some() {
            return Err(Error::bad_query("select", "belongs to aggregate; distinct takes fields"));
        }
        let fields = self
            .fields
            .take()
            .ok_or_else(|| Error::bad_query("fields", "say which fields, such as fields=status"))?;
        check_count("fields", fields.len(), MAX_GROUP_KEYS, "names")?;
        let group_by = fields.iter().map(|field| GroupKey::parse(field)).collect();
        let having = Predicate::All(Vec::new());
        self.aggregate = Some(Aggregate { select: Vec::new(), group_by, having });
        Ok(self)
    }
}

/// A page of the groups of the rows that the caller sees.
///
/// # Errors
/// `Unauthenticated` when the public sees none; `BadQuery`; those of the database.
pub async fn aggregate(
    tx: &Transaction,
    caller: &Caller,
    table: &'static Table,
    query: &ListQuery,
) -> Result<Page<Group>> {
    let asked = query.aggregate.as_ref().ok_or_else(|| {
        Error::bad_query("select", "say what to compute, such as select=count()&groupBy=status")
    })?;
    let Window::Page(page) = query.window else {
        return Err(Error::bad_query("cursor", "is for rows; groups have pages"));
    };
    refuse_row_parameters(query)?;
    let backend = tx.get_database_backend();
    let mut grouping = Grouping::of(table, asked)?;
    let having = grouping.having(backend, &asked.having)?;
    let order = grouping.order(&query.sort)?;
    let rows = grouping.rows(backend, run::selected(tx, caller, table, query)?);
    let mut groups = grouping.groups(rows);
    groups.cond_where(having);

    let exactness = query.count.unwrap_or(Count::Exact);
    let total = run::total(tx, exactness, || groups.clone()).await?;
    for (expression, direction, nulls) in order {
        groups.order_by_expr_with_nulls(expression, direction, nulls);
    }
    let offset = (page - 1).saturating_mul(query.limit);
    let found = tx.query_all(groups.offset(offset).limit(query.limit + 1)).await?;
    let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let items = found.iter().take(most).map(|row| grouping.read(row)).collect::<Result<_>>()?;
    Ok(Page::numbered(query, page, total, found.len() > most, items))
}

fn refuse_row_parameters(query: &ListQuery) -> Result<()> {
    let given = [
        (query.fields.is_some(), "fields"),
        (!query.include.is_empty(), "include"),
        (query.highlight, "highlight"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, name)) => Err(Error::bad_query(*name, "is for rows, not for groups")),
        None => Ok(()),
    }
}

/// An aggregate with the columns that it names.
struct Grouping {
    table: &'static Table,
    keys: Vec<(GroupKey, &'static Column, Alias)>,
    /// Those that are shown, then those that only `having` or `sort` names.
    figures: Vec<Computed>,
    shown: usize,
}

impl Grouping {
    fn of(table: &'static Table, asked: &Aggregate) -> Result<Self> {
        let mut keys = Vec::with_capacity(asked.group_by.len());
        for (index, key) in asked.group_by.iter().enumerate() {
            let column = column(table, "groupBy", &key.field)?;
            let message = match (column.kind == Kind::Time, key.part.is_some()) {
                (true, false) => "is a time: group by its day, month or year, as in createdAt.day",
                (false, true) => "is not a time: it has no day, month or year",
                _ => {
                    keys.push((key.clone(), column, Alias::new(format!("g{index}"))));
                    continue;
                }
            };
            return Err(Error::bad_query("groupBy", format!("{:?} {message}", key.field)));
        }
        let mut grouping = Self { table, keys, figures: Vec::new(), shown: asked.select.len() };
        for figure in &asked.select {
            grouping.computed("select", figure.clone())?;
        }
        Ok(grouping)
    }

    /// The figure, which is computed from now on.
    fn computed(&mut self, parameter: &str, figure: Figure) -> Result<Computed> {
        if let Some(known) = self.figures.iter().find(|known| known.figure == figure) {
            return Ok(known.clone());
        }
        let column = match figure.function {
            Function::Count => None,
            _ => Some(column(self.table, parameter, &figure.field)?),
        };
        let computed = Computed::new(parameter, self.figures.len(), figure, column)?;
        self.figures.push(computed.clone());
        Ok(computed)
    }

    /// The figure that a caller calls `name`.
    fn named(&mut self, parameter: &str, name: &str) -> Result<Computed> {
        self.computed(parameter, Figure::named(parameter, name)?)
    }

    fn having(&mut self, backend: DbBackend, predicate: &Predicate) -> Result<Condition> {
        let mut joined = |start: Condition, inner: &[Predicate]| {
            inner.iter().try_fold(start, |all, part| Ok(all.add(self.having(backend, part)?)))
        };
        match predicate {
            Predicate::All(inner) => joined(Condition::all(), inner),
            Predicate::Any(inner) => joined(Condition::any(), inner),
            Predicate::Not(inner) => Ok(self.having(backend, inner)?.not()),
            Predicate::Test(test) => Ok(Condition::all().add(self.test(backend, test)?)),
        }
    }

    fn test(&mut self, backend: DbBackend, test: &Test) -> Result<Expr> {
        self.named(&test.parameter, &test.path.to_string())?.compare(backend, test)
    }

    /// The order asked for, made total by the keys.
    fn order(&mut self, sort: &[SortKey]) -> Result<Vec<(Expr, Order, NullOrdering)>> {
        let mut order = Vec::new();
        for key in sort {
            let direction = if key.descending { Order::Desc } else { Order::Asc };
            let nulls = if key.nulls_first { NullOrdering::First } else { NullOrdering::Last };
            let group = self.keys.iter().find(|(group, _, _)| group.to_string() == key.field);
            let expressions = match group {
                Some((_, _, alias)) => vec![Expr::col(alias.clone())],
                None if Figure::parse(&key.field).is_some() => {
                    self.named("sort", &key.field)?.order()
                }
                None => {
                    let names: Vec<_> =
                        self.keys.iter().map(|(key, _, _)| key.to_string()).collect();
                    let names = allowed(names.iter().map(String::as_str));
                    let message = format!(
                        "{:?} is neither a figure such as count() nor one of the keys: {names}",
                        key.field
                    );
                    return Err(Error::bad_query("sort", message));
                }
            };
            order.extend(expressions.into_iter().map(|key| (key, direction.clone(), nulls)));
        }
        let keys = self.keys.iter().map(|(_, _, alias)| Expr::col(alias.clone()));
        order.extend(keys.map(|key| (key, Order::Asc, NullOrdering::Last)));
        Ok(order)
    }

    /// The rows that are grouped, with their keys and operands.
    fn rows(&self, backend: DbBackend, condition: Condition) -> SelectStatement {
        let mut rows = Query::select();
        // One column at least, for count() alone.
        rows.from(self.table.name).cond_where(condition).expr_as(Expr::cust("1"), "_row");
        for (key, column, alias) in &self.keys {
            let value = Expr::col((self.table.name, column.column));
            let value = match key.part {
                Some(part) => part_of_time(backend, value, part),
                None => value,
            };
            rows.expr_as(value, alias.clone());
        }
        for (operand, alias) in
            self.figures.iter().filter_map(|figure| figure.operand(self.table.name))
        {
            rows.expr_as(operand, alias);
        }
        rows
    }

    fn groups(&self, rows: SelectStatement) -> SelectStatement {
        let mut groups = Query::select();
        groups.from_subquery(rows, "_rows");
        let mut chosen = Query::select();
        for (_, _, alias) in &self.keys {
            groups.column(alias.clone()).group_by_col(alias.clone());
            chosen.column(alias.clone());
        }
        for (figure, alias) in self.figures.iter().flat_map(Computed::columns) {
            groups.expr_as(figure, alias.clone());
            chosen.column(alias);
        }
        chosen.from_subquery(groups, "_groups");
        chosen
    }

    fn read(&self, row: &QueryResult) -> Result<Group> {
        let mut cells = Vec::with_capacity(self.keys.len() + self.shown);
        for (index, (key, column, _)) in self.keys.iter().enumerate() {
            let kind = if key.part.is_some() { Kind::Text } else { column.kind };
            cells.push((key.to_string(), Cell::Value(read_value(row, index, kind)?)));
        }
        let mut index = self.keys.len();
        for computed in self.figures.iter().take(self.shown) {
            let (cell, next) = computed.read(row, index)?;
            cells.push((computed.figure.to_string(), cell));
            index = next;
        }
        Ok(Group(cells))
    }
}

fn column(table: &'static Table, parameter: &str, name: &str) -> Result<&'static Column> {
    table.column(name).filter(|column| usable(column)).ok_or_else(|| {
        let fields = table.columns.iter().filter(|column| usable(column));
        let names = allowed(fields.map(|column| &*column.name));
        let message = format!("{name:?} cannot be grouped by or computed with; these can: {names}");
        Error::bad_query(parameter, message)
    })
}

/// What rows of `table` can be grouped by, as callers write it.
pub fn group_keys(table: &Table) -> Vec<String> {
    let columns = table.columns.iter().filter(|column| usable(column));
    let keys = columns.flat_map(|column| {
        let parts = Part::ALL.map(Some);
        let parts = if column.kind == Kind::Time { &parts[..] } else { &[None] };
        let key = |part: &Option<Part>| GroupKey { field: column.name.clone(), part: *part };
        parts.iter().map(|part| key(part).to_string()).collect::<Vec<_>>()
    });
    keys.collect()
}

/// The figures that there are of groups of rows of `table`, as callers write them.
pub fn figures(table: &Table) -> Vec<String> {
    let count = Figure { function: Function::Count, field: String::new() };
    let others = Function::ALL.into_iter().filter(|function| *function != Function::Count);
    let others = others.flat_map(|function| {
        let columns = table.columns.iter().filter(|column| usable(column));
        let fitting = columns.filter(move |column| fits(function, column.kind));
        fitting.map(move |column| Figure { function, field: column.name.clone() }.to_string())
    });
    [count.to_string()].into_iter().chain(others).collect()
}

fn usable(column: &Column) -> bool {
    column.uses.aggregate && column.kind != Kind::Json
}
