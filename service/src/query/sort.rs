//! The order of a list.

use sea_orm::sea_query::{Expr, NullOrdering, Order, SelectStatement};

use super::{allowed, ast::SortKey};
use crate::{Error, Result, table::Table};

/// Orders `select`. The id comes last, so the order is total and the same on every page; without a sort, the newest
/// row comes first (ids are made in the order of time).
///
/// # Errors
/// `BadQuery` for a field that does not exist or may not be sorted by.
pub(super) fn order(table: &Table, keys: &[SortKey], select: &mut SelectStatement) -> Result<()> {
    let mut by_id = false;
    for key in keys {
        let column =
            table.column(&key.field).filter(|column| column.uses.sort).ok_or_else(|| {
                let names = allowed(
                    table
                        .columns
                        .iter()
                        .filter(|column| column.uses.sort)
                        .map(|column| &*column.name),
                );
                Error::bad_query(
                    "sort",
                    format!("{:?} cannot be sorted by; these can: {names}", key.field),
                )
            })?;
        let order = if key.descending { Order::Desc } else { Order::Asc };
        let expression = Expr::col((table.name, column.column));
        // An index serves an order only when its nulls lie where they are asked for: say nothing where there are none.
        if column.nullable {
            let nulls = if key.nulls_first { NullOrdering::First } else { NullOrdering::Last };
            select.order_by_expr_with_nulls(expression, order, nulls);
        } else {
            select.order_by_expr(expression, order);
        }
        by_id |= column.column == "id";
    }
    if !by_id {
        let order = if keys.is_empty() { Order::Desc } else { Order::Asc };
        select.order_by((table.name, "id"), order);
    }
    Ok(())
}
