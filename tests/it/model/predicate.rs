//! What a row must satisfy.
//!
//! **Nulls**: a test of null is neither true nor false, as in SQL, and a row is listed only if its predicate is true.
//!
//! **Related rows**: a test through a relation asks for some related row that the caller sees. Tests of one relation
//! that stand in one AND are about the same row, and so are groups that concern only that relation. `not.` in front of
//! an operator belongs to the test; `not.and` and `not.or` negate what stands in them as a whole, related rows included.

use super::compare::{Operation, Wrong};
use super::schema::Table;
use super::world::{Row, View};

/// A condition on a row.
#[derive(Clone, Debug)]
pub(crate) enum Predicate {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// `not.and(…)` or `not.or(…)`.
    Not(Box<Self>),
    Test(Test),
}

/// `relation.field=not.operator.value`.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    /// The relations, then the field; of `is.empty`, relations only.
    pub(crate) path: Vec<String>,
    pub(crate) negated: bool,
    pub(crate) operation: Operation,
}

/// The most relations that a test may follow.
const MAX_PATH: usize = 2;

impl Test {
    /// Whether it is a test of a relation: that there is a related row, or none.
    fn emptiness(&self) -> Option<bool> {
        match (self.operation.operator, self.operation.operands.first()?.as_str()) {
            ("is", "empty") => Some(true),
            ("is", "notempty") => Some(false),
            _ => None,
        }
    }

    fn relations(&self) -> &[String] {
        let last = self.path.len() - 1;
        &self.path[..last]
    }

    fn field(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

impl Predicate {
    /// How many tests there are in it.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum(),
            Self::Not(inner) => inner.size(),
            Self::Test(_) => 1,
        }
    }

    /// How deep groups stand in one another.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                1 + parts.iter().map(Self::depth).max().unwrap_or_default()
            }
            Self::Not(inner) => inner.depth(),
            Self::Test(_) => 0,
        }
    }

    /// # Errors
    /// When it names what there is not, or compares what cannot be compared.
    pub(crate) fn check(&self, table: &'static Table) -> Result<(), Wrong> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().try_for_each(|part| part.check(table))
            }
            Self::Not(inner) => inner.check(table),
            Self::Test(test) => {
                let followed = test.relations().len() + usize::from(test.emptiness().is_some());
                if followed > MAX_PATH {
                    return Err(Wrong);
                }
                let mut table = table;
                for name in test.relations() {
                    table = table.relation(name).ok_or(Wrong)?.target();
                }
                if test.emptiness().is_some() {
                    return table.relation(test.field()).map(|_| ()).ok_or(Wrong);
                }
                let column = table.column(test.field()).filter(|column| column.filter);
                test.operation.on(column.ok_or(Wrong)?).map(|_| ())
            }
        }
    }

    /// The relation that all of its tests go through, after `depth` others.
    fn relation(&self, depth: usize) -> Option<&str> {
        match self {
            Self::Test(test) => test.relations().get(depth).map(String::as_str),
            Self::Not(_) => None,
            Self::All(parts) | Self::Any(parts) => {
                let first = parts.first()?.relation(depth)?;
                parts.iter().all(|part| part.relation(depth) == Some(first)).then_some(first)
            }
        }
    }
}

/// `and` and `or` of three-valued logic.
pub(super) fn all(values: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for value in values {
        match value {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

pub(super) fn any(values: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(values.into_iter().map(|value| value.map(|value| !value))).map(|value| !value)
}

impl View<'_> {
    /// Whether a row satisfies all of these.
    pub(crate) fn satisfies(&self, table: &'static Table, row: &Row, filter: &[Predicate]) -> bool {
        let parts: Vec<_> = filter.iter().collect();
        self.all(table, row, &parts, 0) == Some(true)
    }

    /// AND, of which the parts that concern one relation are about one related row.
    fn all(
        &self,
        table: &'static Table,
        row: &Row,
        parts: &[&Predicate],
        depth: usize,
    ) -> Option<bool> {
        let mut names: Vec<_> = parts.iter().filter_map(|part| part.relation(depth)).collect();
        names.sort_unstable();
        names.dedup();
        let related = names.iter().map(|name| {
            let parts = parts.iter().filter(|part| part.relation(depth) == Some(name));
            let parts: Vec<_> = parts.copied().collect();
            let relation = table.relation(name).expect("checked");
            let mut rows = self.related(relation, row).iter();
            Some(rows.any(|row| self.all(relation.target(), row, &parts, depth + 1) == Some(true)))
        });
        let own = parts.iter().filter(|part| part.relation(depth).is_none());
        all(related.chain(own.map(|part| self.holds(table, row, part, depth))))
    }

    fn holds(
        &self,
        table: &'static Table,
        row: &Row,
        predicate: &Predicate,
        depth: usize,
    ) -> Option<bool> {
        match predicate {
            Predicate::All(parts) => self.all(table, row, &parts.iter().collect::<Vec<_>>(), depth),
            Predicate::Any(parts) => {
                any(parts.iter().map(|part| self.all(table, row, &[part], depth)))
            }
            Predicate::Not(inner) => self.holds(table, row, inner, depth).map(|holds| !holds),
            Predicate::Test(test) => {
                let holds = if let Some(empty) = test.emptiness() {
                    let relation = table.relation(test.field()).expect("checked");
                    Some(self.related(relation, row).is_empty() == empty)
                } else {
                    let column = table.column(test.field()).expect("checked");
                    let comparison = test.operation.on(column).expect("checked");
                    comparison.holds(row.get(column.name))
                };
                holds.map(|holds| holds != test.negated)
            }
        }
    }
}
