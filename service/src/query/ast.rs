//! A list as asked for: what both the parser and the SQL side speak of.

use super::DEFAULT_LIMIT;

/// A list as asked for. Names and values are still the caller's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// What every row must satisfy.
    pub filter: Predicate,
    /// The order, most significant key first.
    pub sort: Vec<SortKey>,
    /// The members to answer with, or all.
    pub fields: Option<Vec<String>>,
    /// The relations to embed.
    pub include: Vec<String>,
    /// The page, from 1.
    pub page: u64,
    /// The most rows on a page.
    pub limit: u64,
}

impl Default for ListQuery {
    fn default() -> Self {
        let filter = Predicate::All(Vec::new());
        Self {
            filter,
            sort: Vec::new(),
            fields: None,
            include: Vec::new(),
            page: 1,
            limit: DEFAULT_LIMIT,
        }
    }
}

/// A condition on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// All of these hold.
    All(Vec<Predicate>),
    /// At least one of these holds.
    Any(Vec<Predicate>),
    /// This does not hold.
    Not(Box<Predicate>),
    /// A test of one field.
    Test(Test),
}

/// `field=op.value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The parameter it came in, for messages.
    pub parameter: String,
    /// The field as the caller named it.
    pub field: String,
    /// What is asked of it.
    pub operation: Operation,
}

/// An operator with its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Equal, by value.
    Eq(String),
    /// Not equal; null is neither equal nor unequal.
    Ne(String),
    /// Greater.
    Gt(String),
    /// Greater or equal.
    Gte(String),
    /// Less.
    Lt(String),
    /// Less or equal.
    Lte(String),
    /// Like a pattern.
    Like(Pattern),
    /// One of the values.
    In(Vec<String>),
    /// None of the values.
    NotIn(Vec<String>),
    /// Between the two, both included.
    Between(String, String),
    /// `is.null`
    IsNull,
    /// `is.notnull`
    IsNotNull,
    /// `is.true`
    IsTrue,
    /// `is.false`
    IsFalse,
}

/// A pattern: literal parts with anything between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The literal parts; there is a wildcard between each two. An empty first or last part leaves that end open.
    pub parts: Vec<String>,
    /// Whether the case of ASCII letters does not matter.
    pub insensitive: bool,
}

/// One key of `sort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The field as the caller named it.
    pub field: String,
    /// Largest first.
    pub descending: bool,
    /// Nulls before everything else; otherwise after, in both directions.
    pub nulls_first: bool,
}

impl Predicate {
    /// How many tests it has.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().map(Self::size).sum(),
            Self::Not(inner) => inner.size(),
            Self::Test(_) => 1,
        }
    }

    /// The parameter that (the first part of) it came in.
    pub(super) fn parameter(&self) -> Option<&str> {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.first().and_then(Self::parameter),
            Self::Not(inner) => inner.parameter(),
            Self::Test(test) => Some(&test.parameter),
        }
    }

    pub(super) fn negate(self, negated: bool) -> Self {
        if negated { Self::Not(Box::new(self)) } else { self }
    }
}
