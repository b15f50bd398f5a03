//! The order of a list: total, and the same on every page.

use sea_orm::{
    DbBackend,
    sea_query::{Expr, NullOrdering, Order, SelectStatement},
};

use super::{ListQuery, allowed};
use crate::{
    Error, Result,
    field::{Column, Kind},
    search,
    table::Table,
};

/// One key of the order.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) expression: Expr,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
}

impl Key {
    /// The same key, read from the other end.
    pub(super) fn reversed(self, reversed: bool) -> Self {
        Self {
            descending: self.descending != reversed,
            nulls_first: self.nulls_first != reversed,
            ..self
        }
    }

    /// Orders `select` by it. Where its nulls lie is said only where it can have any (`bare`: here it has none),
    /// because an index serves an order only when its nulls lie where they are asked for.
    pub(super) fn order(&self, select: &mut SelectStatement, bare: bool) {
        let order = if self.descending { Order::Desc } else { Order::Asc };
        if self.nullable && !bare {
            let nulls = if self.nulls_first { NullOrdering::First } else { NullOrdering::Last };
            select.order_by_expr_with_nulls(self.expression.clone(), order, nulls);
        } else {
            select.order_by_expr(self.expression.clone(), order);
        }
    }
}

/// The order that `query` asks for. The id comes last, in the direction of the key before it, so the order is total.
/// Without a sort, what was found best comes first, and then the newest row (ids are made in the order of time).
///
/// # Errors
/// `BadQuery` for a field that does not exist or may not be sorted by.
pub(super) fn keys(table: &Table, backend: DbBackend, query: &ListQuery) -> Result<Vec<Key>> {
    let mut keys = Vec::with_capacity(query.sort.len() + 2);
    let mut total = false;
    for key in &query.sort {
        let column =
            table.column(&key.field).filter(|column| column.uses.sort).ok_or_else(|| {
                let fields = table.columns.iter().filter(|column| column.uses.sort);
                let names = allowed(fields.map(|column| &*column.name));
                let message = format!("{:?} cannot be sorted by; these can: {names}", key.field);
                Error::bad_query("sort", message)
            })?;
        // After the id nothing is left to order, but what is asked for must exist all the same.
        if !total {
            let of_column = of_column(table, column, key.descending);
            keys.push(Key { nulls_first: key.nulls_first, ..of_column });
        }
        total |= column.column == "id";
    }
    if total {
        return Ok(keys);
    }
    if let (true, Some(search)) = (keys.is_empty(), &query.search) {
        keys.push(Key {
            expression: search::rank(table, backend, search),
            kind: Kind::Integer,
            nullable: false,
            descending: true,
            nulls_first: false,
        });
    }
    let descending = keys.last().is_none_or(|key| key.descending);
    keys.extend(table.column("id").map(|id| of_column(table, id, descending)));
    Ok(keys)
}

fn of_column(table: &Table, column: &'static Column, descending: bool) -> Key {
    Key {
        expression: Expr::col((table.name, column.column)),
        kind: column.kind,
        nullable: column.nullable,
        descending,
        nulls_first: false,
    }
}
