//! The order of rows and of groups.

use std::cmp::Ordering;
use std::fmt::{Display, Formatter, Result};

use super::world::Row;

/// A key of `sort`, as the caller wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SortKey {
    pub(crate) field: String,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl Display for SortKey {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let minus = if self.descending { "-" } else { "" };
        let nulls = if self.nulls_first { ".nullsfirst" } else { "" };
        write!(out, "{minus}{}{nulls}", self.field)
    }
}

impl SortKey {
    /// Nulls lie last in both directions, unless they shall be first.
    pub(crate) fn compare<T>(
        &self,
        left: Option<T>,
        right: Option<T>,
        compare: impl Fn(T, T) -> Ordering,
    ) -> Ordering {
        let (before, after) = if self.nulls_first {
            (Ordering::Less, Ordering::Greater)
        } else {
            (Ordering::Greater, Ordering::Less)
        };
        match (left, right) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => before,
            (Some(_), None) => after,
            (Some(left), Some(right)) if self.descending => compare(right, left),
            (Some(left), Some(right)) => compare(left, right),
        }
    }
}

/// Sorts rows; the id comes last, in the direction of the key before it. Without a key the newest row is first.
pub(crate) fn sort(rows: &mut [&Row], keys: &[SortKey]) {
    rows.sort_by(|left, right| {
        for key in keys {
            let [left, right] = [left, right].map(|row| row.get(&key.field));
            let order = key.compare(left, right, Ord::cmp);
            if order.is_ne() {
                return order;
            }
        }
        let descending = keys.last().is_none_or(|key| key.descending);
        if descending { right.id().cmp(&left.id()) } else { left.id().cmp(&right.id()) }
    });
}
