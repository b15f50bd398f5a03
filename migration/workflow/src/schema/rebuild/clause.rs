//! What `CREATE TABLE` says of one column, or of the table, clause by clause.

use std::fmt;

use crate::definition::identifier;

use super::text::{Kind, Token, grouped, joined, tokens};

/// With what a clause of a column begins, after its type.
const OF_COLUMNS: [&str; 10] = [
    "CONSTRAINT",
    "PRIMARY",
    "NOT",
    "NULL",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "COLLATE",
    "REFERENCES",
    "GENERATED",
];

/// A column, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Column {
    name: String,
    /// Its type.
    pub(crate) kind: String,
    /// What else is said of it, in order.
    pub(crate) clauses: Vec<Clause>,
}

/// Something that is said of a column or a table, such as `NOT NULL`; with its name, where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) name: Option<String>,
    /// All of it, with the name.
    pub(crate) text: String,
}

impl Column {
    /// Reads a column as it stands in `CREATE TABLE`.
    pub(super) fn parse(text: &str) -> Self {
        let all = tokens(text);
        let groups = grouped(&all, |group, token, next| {
            let last = group.last();
            let follows = |keywords: &[&str]| last.is_some_and(|last| last.is_one_of(keywords));
            let continues = token.is("NULL") && follows(&["NOT", "SET", "DEFAULT"])
                || token.is("NOT") && next.is_some_and(|next| next.is("DEFERRABLE"))
                || token.is("DEFAULT") && follows(&["SET"]);
            // `x AS (…)` is short for `x GENERATED ALWAYS AS (…)`.
            let generated = token.is("AS") && !follows(&["ALWAYS"]);
            !group.is_empty() && !continues && (generated || starts(group, token, &OF_COLUMNS))
        });
        let mut groups = groups.iter();
        let head = groups.next().map(Vec::as_slice).unwrap_or_default();
        let (name, kind) = head.split_at_checked(1).unwrap_or_default();
        Self {
            name: joined(name),
            kind: joined(kind),
            clauses: groups.map(|group| Clause::of(&joined(group))).collect(),
        }
    }

    /// The clause that begins with this keyword.
    pub(crate) fn clause(&self, keyword: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.keyword() == keyword)
    }

    /// The clause of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.is_named(name))
    }

    /// Puts a clause where the one of this name is, or takes that out.
    pub(crate) fn set_named(&mut self, name: &str, new: Option<&Clause>) {
        match (self.clauses.iter_mut().find(|clause| clause.is_named(name)), new) {
            (Some(clause), Some(new)) => clause.clone_from(new),
            (None, Some(new)) => self.clauses.push(new.clone()),
            (_, None) => self.clauses.retain(|clause| !clause.is_named(name)),
        }
    }

    /// Puts a clause where one of these keywords is; at the end, if there is none.
    pub(crate) fn set_clause(&mut self, keywords: &[&str], text: &str) {
        let new = Clause::of(text);
        match self.clauses.iter_mut().find(|clause| keywords.contains(&clause.keyword().as_str())) {
            Some(clause) if clause.says(&new) => {}
            Some(clause) => *clause = new,
            None => self.clauses.push(new),
        }
    }

    /// Removes the clauses that begin with this keyword.
    pub(crate) fn drop_clause(&mut self, keyword: &str) {
        self.clauses.retain(|clause| clause.keyword() != keyword);
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let clauses = self.clauses.iter().map(|clause| clause.text.as_str());
        for word in [self.kind.as_str()].into_iter().chain(clauses).filter(|word| !word.is_empty())
        {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

impl Clause {
    pub(crate) fn of(text: &str) -> Self {
        let all = tokens(text);
        let name = match all.as_slice() {
            [constraint, name, ..] if constraint.is("CONSTRAINT") => Some(name.name()),
            _ => None,
        };
        Self { name, text: joined(&all) }
    }

    /// With what it begins, but for its name, in capitals.
    pub(crate) fn keyword(&self) -> String {
        let all = tokens(&self.text);
        let place = if self.name.is_some() { 2 } else { 0 };
        all.get(place).map(|token| token.text.to_uppercase()).unwrap_or_default()
    }

    /// Whether it means the same, whatever its name.
    pub(super) fn says(&self, other: &Self) -> bool {
        let meaning = |clause: &Self| {
            let all = tokens(&clause.text);
            joined(all.get(if clause.name.is_some() { 2 } else { 0 }..).unwrap_or_default())
        };
        meaning(self) == meaning(other)
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// A reference that is said of a column, as one that is said of the table; anything else stays as it is.
    pub(super) fn of_table(self, column: &str) -> Self {
        if self.keyword() != "REFERENCES" {
            return self;
        }
        let all = tokens(&self.text);
        let place = all.iter().position(|token| token.is("REFERENCES")).unwrap_or_default();
        let (name, reference) = all.split_at_checked(place).unwrap_or_default();
        let key = format!("FOREIGN KEY ({}) {}", identifier(column), joined(reference));
        let name = joined(name);
        Self { text: if name.is_empty() { key } else { format!("{name} {key}") }, ..self }
    }
}

/// Whether a token begins a clause: not in the middle of `CONSTRAINT name CHECK`.
pub(super) fn starts(group: &[Token<'_>], token: &Token<'_>, keywords: &[&str]) -> bool {
    let named = |place: usize| {
        place.checked_sub(1).and_then(|place| group.get(place)).is_some_and(|t| t.is("CONSTRAINT"))
    };
    let (last, before_last) = (named(group.len()), named(group.len().saturating_sub(1)));
    token.kind == Kind::Word && token.is_one_of(keywords) && !last && !before_last
}
