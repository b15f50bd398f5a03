//! Which rows a caller reaches, as a set of ways to reach them, rendered to SQL in the shape that is fastest.
//!
//! For one row, the ways are joined by OR: the row is found by its key and the cheap ways are tried first. For a set,
//! they are a UNION of keys: a database cannot use one index for an OR over several tables and would read them whole,
//! while each arm of the union uses its own. Both shapes say the same; a test compares them.

use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType},
};

use crate::{Principal, Resource, Right, table::Table};

/// A set of rows of one table.
#[derive(Debug)]
pub enum Scope {
    /// Every row.
    Everything,
    /// The rows that at least one way reaches; without a way, none.
    AnyOf(Vec<Way>),
}

/// One reason why a row belongs to a scope.
#[derive(Debug)]
pub enum Way {
    /// The row itself says so.
    Where {
        /// What it says.
        condition: Condition,
        /// Whether it says so to everyone alike, and not to this user.
        shared: bool,
    },
    /// It belongs to a row of another table that does.
    Within {
        /// The column of this table that refers to the other.
        column: &'static str,
        /// The other table.
        parent: &'static Table,
        /// Its rows.
        scope: Scope,
    },
}

/// The rows of a scope that are reached in one way.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) condition: Condition,
    /// Whether everyone reaches them in this way.
    pub(crate) shared: bool,
    /// Whether they are found through the few rows of another table, and not by walking along an order. Databases think
    /// that they will soon meet the first ones on such a walk, and walk to the end of the table.
    pub(crate) few: bool,
}

/// How a scope is going to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// To test one row found by its key.
    Row,
    /// To find all rows.
    Set,
}

impl Scope {
    /// No row. The start of every scope: it only widens.
    pub const fn nothing() -> Self {
        Self::AnyOf(Vec::new())
    }

    /// The rows for which `condition` holds.
    pub fn only(condition: impl Into<Condition>) -> Self {
        Self::nothing().or(condition)
    }

    /// The rows whose `column` refers to a row of `P` on which `user` holds `right`.
    pub fn within<P: Resource>(column: impl ColumnTrait, user: &Principal, right: Right) -> Self {
        Self::nothing().or_within::<P>(column, user, right)
    }

    /// And the rows for which `condition` holds.
    #[must_use]
    pub fn or(self, condition: impl Into<Condition>) -> Self {
        self.with(Way::Where { condition: condition.into(), shared: false })
    }

    /// And the rows for which `condition` holds, which does not depend on who asks. There may be so many of these that
    /// only those of one page are looked for; of the others there may be so few that all are.
    #[must_use]
    pub fn or_shared(self, condition: impl Into<Condition>) -> Self {
        self.with(Way::Where { condition: condition.into(), shared: true })
    }

    /// And the rows whose `column` refers to a row of `P` on which `user` holds `right`.
    #[must_use]
    pub fn or_within<P: Resource>(
        self,
        column: impl ColumnTrait,
        user: &Principal,
        right: Right,
    ) -> Self {
        let parent = Table::of::<P>();
        self.with(Way::Within {
            column: column.as_str(),
            parent,
            scope: parent.scope_of(Some(user), right),
        })
    }

    /// What an administrator reaches: everything, but of rows that belong to others only those whose parent is there,
    /// for what belongs to a deleted row is as invisible as the row.
    pub(crate) fn unrestricted(self) -> Self {
        let Self::AnyOf(mut ways) = self else { return self };
        ways.retain(|way| matches!(way, Way::Within { .. }));
        if ways.is_empty() { Self::Everything } else { Self::AnyOf(ways) }
    }

    fn with(self, way: Way) -> Self {
        match self {
            Self::Everything => Self::Everything,
            Self::AnyOf(mut ways) => {
                ways.push(way);
                Self::AnyOf(ways)
            }
        }
    }

    /// Each way by itself, down to those of other tables.
    pub(crate) fn apart(self, table: &Table) -> Vec<Part> {
        match self {
            Self::Everything => {
                vec![Part { condition: Condition::all(), shared: true, few: false }]
            }
            Self::AnyOf(ways) => ways.into_iter().flat_map(|way| way.apart(table)).collect(),
        }
    }

    pub(crate) fn condition(self, table: &Table, shape: Shape) -> Condition {
        let ways = match self {
            Self::Everything => return Condition::all(),
            Self::AnyOf(ways) => ways,
        };
        let single = ways.len() == 1;
        let mut conditions = ways.into_iter().map(|way| way.condition(table, shape));
        if shape == Shape::Row || single {
            return conditions.fold(Condition::any(), Condition::add);
        }
        let Some(first) = conditions.next() else { return Condition::any() };
        let mut union = keys_of(table, first);
        for condition in conditions {
            union.union(UnionType::Distinct, keys_of(table, condition));
        }
        Condition::all().add(Expr::col((table.name, "id")).in_subquery(union))
    }
}

impl Way {
    fn apart(self, table: &Table) -> Vec<Part> {
        match self {
            Self::Where { condition, shared } => vec![Part { condition, shared, few: false }],
            Self::Within { column, parent, scope } => {
                let part = |part: Part| {
                    // Few rows are found, many are tested where the walk along the order meets them.
                    let shape = if part.shared { Shape::Row } else { Shape::Set };
                    let condition = within((table.name, column), parent, part.condition, shape);
                    Part { condition, shared: part.shared, few: !part.shared }
                };
                scope.apart(parent).into_iter().map(part).collect()
            }
        }
    }

    fn condition(self, table: &Table, shape: Shape) -> Condition {
        match self {
            Self::Where { condition, .. } => condition,
            Self::Within { column, parent, scope } => {
                let condition = scope.condition(parent, shape);
                within((table.name, column), parent, condition, shape)
            }
        }
    }
}

/// That the column refers to a row of `parent` which is there and for which `condition` holds.
fn within(
    column: (&'static str, &'static str),
    parent: &Table,
    condition: Condition,
    shape: Shape,
) -> Condition {
    let rows = parent.existing().add(condition);
    Condition::all().add(match shape {
        Shape::Row => related(column, parent, "id", rows),
        Shape::Set => Expr::col(column).in_subquery(keys_of(parent, rows)),
    })
}

/// That `table` has a row whose `key` equals the column of the row at hand and for which `condition` holds. The
/// condition stands in a query of its own, so that it means `table` even where that is the table at hand.
pub(crate) fn related(
    (outer, column): (&'static str, &str),
    table: &Table,
    key: &str,
    condition: Condition,
) -> Expr {
    let rows = Query::select()
        .expr_as(Expr::col((table.name, Alias::new(key))), "_key")
        .from(table.name)
        .cond_where(condition)
        .take();
    let some = Query::select()
        .expr(Expr::val(1))
        .from_subquery(rows, "_related")
        .and_where(Expr::col(("_related", "_key")).equals((outer, Alias::new(column))))
        .take();
    Expr::exists(some)
}

fn keys_of(table: &Table, condition: Condition) -> SelectStatement {
    Query::select().column((table.name, "id")).from(table.name).cond_where(condition).take()
}
