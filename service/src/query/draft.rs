//! What both spellings of a query share: its members, and how they fit together.

use std::collections::HashSet;

use super::{
    Cursors, ListQuery, MAX_FIGURES, MAX_GROUP_KEYS, MAX_INCLUDES, MAX_LIMIT, MAX_PREDICATES,
    MAX_ROWS_DEEP, MAX_SORT_KEYS,
    ast::{Aggregate, Count, Figure, GroupKey, Predicate, SortKey, Window},
    check_count,
    group::is_name,
};
use crate::{Error, Result, search::Search};

/// A query of which some members have been read.
pub(super) struct Draft<'a> {
    cursors: &'a Cursors,
    /// Stands before a member's name in messages: nothing before a parameter, `/` before a member of a body.
    prefix: &'static str,
    list: ListQuery,
    page: Option<u64>,
    /// Beside a cursor, if one is given.
    beside: Option<Window>,
    filter: Vec<Predicate>,
    select: Vec<Figure>,
    group_by: Vec<GroupKey>,
    having: Vec<Predicate>,
    predicates: usize,
}

impl<'a> Draft<'a> {
    pub(super) fn new(cursors: &'a Cursors, prefix: &'static str) -> Self {
        Self {
            cursors,
            prefix,
            list: ListQuery::default(),
            page: None,
            beside: None,
            filter: Vec::new(),
            select: Vec::new(),
            group_by: Vec::new(),
            having: Vec::new(),
            predicates: 0,
        }
    }

    fn error(&self, member: &str, message: impl Into<String>) -> Error {
        Error::bad_query([self.prefix, member].concat(), message)
    }

    /// What is wrong with a member, said of the member as it is spelled here.
    fn of<T>(&self, member: &str, result: Result<T>) -> Result<T> {
        result.map_err(|error| match error {
            Error::BadQuery { message, .. } => self.error(member, message),
            other => other,
        })
    }

    /// A member with one value.
    pub(super) fn text(&mut self, member: &str, text: &str) -> Result<()> {
        match member {
            "page" => self.page = Some(self.number(member, text, u64::MAX)?),
            "limit" => self.list.limit = self.number(member, text, MAX_LIMIT)?,
            "cursor" => {
                let open = |text| self.of(member, self.cursors.open(text)).map(Some);
                let position = if text.is_empty() { None } else { open(text)? };
                self.beside = Some(Window::Cursor(position));
            }
            "count" => {
                let known = Count::ALL.into_iter().find(|count| count.name() == text);
                let message = format!("is {text:?}; give exact, bounded or none");
                self.list.count = Some(known.ok_or_else(|| self.error(member, message))?);
            }
            "q" => self.list.search = Some(self.of(member, Search::parse(text))?),
            _ => {
                let message = format!("is {text:?}; give true or false");
                self.list.highlight =
                    text.parse().map_err(|_invalid| self.error(member, message))?;
            }
        }
        Ok(())
    }

    fn number(&self, member: &str, text: &str, most: u64) -> Result<u64> {
        let number =
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        number.filter(|number| (1..=most).contains(number)).ok_or_else(|| {
            let most = if most == u64::MAX { "up".to_owned() } else { format!("to {most}") };
            self.error(member, format!("is {text:?}; give a whole number from 1 {most}"))
        })
    }

    /// A member that is a list.
    pub(super) fn names(&mut self, member: &str, names: &[&str]) -> Result<()> {
        if names.is_empty() || names.iter().any(|name| name.is_empty() || name.contains(',')) {
            return Err(self.error(member, "is a list of names with commas between them"));
        }
        let mut seen = HashSet::with_capacity(names.len());
        // From the end, so that of several the one is told that comes first.
        let twice = names
            .iter()
            .rev()
            .fold(None, |twice, name| if seen.insert(name) { twice } else { Some(name) });
        if let Some(name) = twice {
            return Err(self.error(member, format!("names {name:?} twice")));
        }
        let most = match member {
            "sort" => MAX_SORT_KEYS,
            "include" => MAX_INCLUDES,
            "select" => MAX_FIGURES,
            "groupBy" => MAX_GROUP_KEYS,
            _ => usize::MAX,
        };
        self.of(member, check_count(member, names.len(), most, "names"))?;
        let owned = || names.iter().map(|name| (*name).to_owned()).collect();
        match member {
            "sort" => self.list.sort = names.iter().map(|name| sort_key(name)).collect(),
            "fields" => self.list.fields = Some(owned()),
            "include" => self.list.include = owned(),
            "select" => {
                let known =
                    "count(), countDistinct(field), sum(field), avg(field), min(field), max(field)";
                self.select = self.each(member, names, Figure::parse, known)?;
            }
            _ => {
                let parse =
                    |name: &str| Some(GroupKey::parse(name)).filter(|key| is_name(&key.field));
                let known = "fields, and the day, month or year of a time, as in createdAt.month";
                self.group_by = self.each(member, names, parse, known)?;
            }
        }
        Ok(())
    }

    fn each<T>(
        &self,
        member: &str,
        names: &[&str],
        parse: impl Fn(&str) -> Option<T>,
        known: &str,
    ) -> Result<Vec<T>> {
        let item = |name: &&str| {
            parse(name).ok_or_else(|| self.error(member, format!("has {name:?}; it takes {known}")))
        };
        names.iter().map(item).collect()
    }

    /// One more condition on the rows. `parameter` is where it stands.
    pub(super) fn filter(&mut self, parameter: &str, predicate: Predicate) -> Result<()> {
        self.count(parameter, &predicate)?;
        self.filter.push(predicate);
        Ok(())
    }

    /// One more condition on the groups.
    pub(super) fn having(&mut self, parameter: &str, predicate: Predicate) -> Result<()> {
        self.count(parameter, &predicate)?;
        self.having.push(predicate);
        Ok(())
    }

    fn count(&mut self, parameter: &str, predicate: &Predicate) -> Result<()> {
        self.predicates += predicate.size();
        check_count(parameter, self.predicates, MAX_PREDICATES, "predicates")
    }

    /// The query, if its members fit together.
    ///
    /// # Errors
    /// `BadQuery` if not.
    pub(super) fn finish(mut self) -> Result<ListQuery> {
        let page = self.page.unwrap_or(1);
        if page.saturating_mul(self.list.limit) > MAX_ROWS_DEEP {
            let message = format!(
                "page × limit may reach {MAX_ROWS_DEEP} rows at most: narrow the filter, or walk with cursor"
            );
            return Err(self.error("page", message));
        }
        self.list.window = match (self.page, self.beside.take()) {
            (Some(_), Some(_)) => {
                return Err(self.error("cursor", "and page exclude each other: give one of them"));
            }
            (_, Some(beside)) => beside,
            (_, None) => Window::Page(page),
        };
        if self.list.highlight && self.list.search.is_none() {
            return Err(self.error("highlight", "shows what q has found: give q as well"));
        }
        if !self.select.is_empty() || !self.group_by.is_empty() {
            self.list.aggregate = Some(Aggregate {
                select: self.select,
                group_by: self.group_by,
                having: Predicate::All(self.having),
            });
        } else if !self.having.is_empty() {
            return Err(
                self.error("having", "is a condition on groups: give select or groupBy as well")
            );
        }
        self.list.filter = Predicate::All(self.filter);
        Ok(self.list)
    }
}

fn sort_key(text: &str) -> SortKey {
    let (text, nulls_first) = match text.strip_suffix(".nullsfirst") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (field, descending) = match text.strip_prefix('-') {
        Some(field) => (field, true),
        None => (text, false),
    };
    SortKey { field: field.to_owned(), descending, nulls_first }
}
