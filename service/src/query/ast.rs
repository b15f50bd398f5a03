//! A list as asked for: what both spellings parse to, and what the SQL side reads.

use std::fmt;

use super::{DEFAULT_LIMIT, cursor::Position, group::is_name, policy::IndexPolicy};
use crate::{Error, Result, search::Search};

/// A list as asked for. Names and values are still the caller's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// What every row must satisfy.
    pub filter: Predicate,
    /// What every row must contain (`q`).
    pub search: Option<Search>,
    /// Whether to show where the words of `search` were found.
    pub highlight: bool,
    /// The order, most significant key first.
    pub sort: Vec<SortKey>,
    /// The members to answer with, or all.
    pub fields: Option<Vec<String>>,
    /// The relations to embed.
    pub include: Vec<String>,
    /// Which rows of the ordered whole.
    pub window: Window,
    /// The most rows on a page.
    pub limit: u64,
    /// How exactly to count; unless said, exactly with a page number and not at all with a cursor.
    pub count: Option<Count>,
    /// Groups and figures instead of rows.
    pub aggregate: Option<Aggregate>,
    /// What becomes of a query that no index serves. Set by the operator, never by the caller.
    pub index_policy: IndexPolicy,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: Predicate::All(Vec::new()),
            search: None,
            highlight: false,
            sort: Vec::new(),
            fields: None,
            include: Vec::new(),
            window: Window::Page(1),
            limit: DEFAULT_LIMIT,
            count: None,
            aggregate: None,
            index_policy: IndexPolicy::default(),
        }
    }
}

/// Where in the ordered whole a page lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// A page by its number, from 1.
    Page(u64),
    /// The rows beside a position, or the first ones.
    Cursor(Option<Position>),
}

/// How exactly the rows of all pages are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// All of them.
    Exact,
    /// Up to [`super::MAX_COUNTED`].
    Bounded,
    /// Not at all.
    None,
}

impl Count {
    /// Every way to count.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Bounded, Self::None];

    /// Its name in a query.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Bounded => "bounded",
            Self::None => "none",
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
    /// This does not hold. Around a test of a related row's field it is part of the test: some related row fails it.
    Not(Box<Predicate>),
    /// A test of one field.
    Test(Test),
}

/// `field=op.value`.
#[derive(Clone, Debug, Eq)]
pub struct Test {
    /// The parameter, or the JSON pointer, that it came in, for messages; two tests are the same wherever they stood.
    pub parameter: String,
    /// What is tested.
    pub path: Path,
    /// What is asked of it.
    pub operation: Operation,
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.operation == other.operation
    }
}

/// `field`, or `relation.field`: a field of the row or of a related one. In `having`, `count()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The relations to follow, at most [`super::MAX_PATH`].
    pub relations: Vec<String>,
    /// The field; for `is.empty` and `is.notempty`, one more relation.
    pub field: String,
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for relation in &self.relations {
            write!(formatter, "{relation}.")?;
        }
        formatter.write_str(&self.field)
    }
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
    /// `is.empty`: of a relation, no related row that the caller sees.
    IsEmpty,
    /// `is.notempty`: of a relation, some related row that the caller sees.
    IsNotEmpty,
}

impl Operation {
    /// The operator, as it stands in a query.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Eq(_) => "eq",
            Self::Ne(_) => "ne",
            Self::Gt(_) => "gt",
            Self::Gte(_) => "gte",
            Self::Lt(_) => "lt",
            Self::Lte(_) => "lte",
            Self::Like(pattern) => match (pattern.form, pattern.insensitive) {
                (Form::Like, false) => "like",
                (Form::Like, true) => "ilike",
                (Form::Contains, false) => "contains",
                (Form::Contains, true) => "icontains",
                (Form::StartsWith, false) => "startswith",
                (Form::StartsWith, true) => "istartswith",
            },
            Self::In(_) => "in",
            Self::NotIn(_) => "nin",
            Self::Between(..) => "between",
            Self::IsNull
            | Self::IsNotNull
            | Self::IsTrue
            | Self::IsFalse
            | Self::IsEmpty
            | Self::IsNotEmpty => "is",
        }
    }
}

/// A pattern as its operator spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// How `text` is to be read.
    pub form: Form,
    /// The operand: with `*` as the wildcard in [`Form::Like`], literal otherwise.
    pub text: String,
    /// Whether the case of letters does not matter.
    pub insensitive: bool,
}

/// The operators that match text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `like`, `ilike`
    Like,
    /// `contains`, `icontains`
    Contains,
    /// `startswith`, `istartswith`
    StartsWith,
}

impl Pattern {
    /// The literal parts, with a wildcard between each two. An empty first or last part leaves that end open.
    pub fn parts(&self) -> Vec<&str> {
        match self.form {
            Form::Like => self.text.split('*').collect(),
            Form::Contains => vec!["", &self.text, ""],
            Form::StartsWith => vec![&self.text, ""],
        }
    }
}

/// One key of `sort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The field as the caller named it; of an aggregate, also one of its functions.
    pub field: String,
    /// Largest first.
    pub descending: bool,
    /// Nulls before everything else; otherwise after, in both directions.
    pub nulls_first: bool,
}

/// Groups of rows with figures, instead of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The figures of each group. Without any, only the groups: what is distinct.
    pub select: Vec<Figure>,
    /// What the rows of a group have in common. Without any, all rows are one group.
    pub group_by: Vec<GroupKey>,
    /// What a group must satisfy; its tests name figures, such as `count()`.
    pub having: Predicate,
}

/// `count()`, `sum(field)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What is computed.
    pub function: Function,
    /// Of which field; empty for `count()`, which is of the row.
    pub field: String,
}

/// What can be computed of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The number of rows.
    Count,
    /// The number of different values, null not counted.
    CountDistinct,
    /// The sum of whole numbers.
    Sum,
    /// Their mean.
    Avg,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
}

impl Figure {
    /// What a caller calls `name`.
    ///
    /// # Errors
    /// `BadQuery` when it is no figure.
    pub(super) fn named(parameter: &str, name: &str) -> Result<Self> {
        Self::parse(name).ok_or_else(|| {
            let message = format!("{name:?} is not a figure such as count() or max(createdAt)");
            Error::bad_query(parameter, message)
        })
    }

    /// Reads `sum(field)`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, field) = text.strip_suffix(')')?.split_once('(')?;
        let function = Function::ALL.into_iter().find(|function| function.name() == name)?;
        let fits = if function == Function::Count { field.is_empty() } else { is_name(field) };
        fits.then(|| Self { function, field: field.to_owned() })
    }
}

/// One key of `groupBy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupKey {
    /// The field as the caller named it.
    pub field: String,
    /// The part of a time that counts.
    pub part: Option<Part>,
}

impl GroupKey {
    /// Reads `field` or `field.day`; what is no part is left to be refused as a field.
    pub(super) fn parse(text: &str) -> Self {
        let split = text.rsplit_once('.').and_then(|(field, part)| {
            Some((field, Part::ALL.into_iter().find(|known| known.name() == part)?))
        });
        let (field, part) = split.map_or((text, None), |(field, part)| (field, Some(part)));
        Self { field: field.to_owned(), part }
    }
}

/// How much of a time (in UTC) makes a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `2026-01-31`
    Day,
    /// `2026-01`
    Month,
    /// `2026`
    Year,
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 6] =
        [Self::Count, Self::CountDistinct, Self::Sum, Self::Avg, Self::Min, Self::Max];

    /// Its name in a query.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::CountDistinct => "countDistinct",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Year];

    /// Its name in a query.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// As it stands in a query, and in the answer.
impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({})", self.function.name(), self.field)
    }
}

/// As it stands in a query, and in the answer.
impl fmt::Display for GroupKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.field)?;
        self.part.map_or(Ok(()), |part| write!(formatter, ".{}", part.name()))
    }
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
