//! What must come back.

use serde_json::{Map, Value as Json, json};

use super::aggregate::Groups;
use super::ask::{List, Query, Spelling, Verb};
use super::compare::Wrong;
use super::predicate::Predicate;
use super::schema::Table;
use super::sort;
use super::world::{Row, View};

const MAX_PREDICATES: usize = 50;
const MAX_DEPTH: usize = 4;
const MAX_VALUES: usize = 100;
const MAX_LIMIT: usize = 100;
const MAX_ROWS_DEEP: usize = 10_000;
const MAX_QUERY_BYTES: usize = 8 * 1024;
const MAX_EMBEDDED: usize = 100;

/// What must come back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expected {
    /// A problem with one of these statuses.
    Problem(Vec<u16>),
    /// This body. A cursor that leads on is `true`.
    Page(Json),
}

/// The rows or groups of a page.
struct Window {
    /// `None` for the first page beside a cursor.
    page: Option<usize>,
    limit: usize,
    counted: bool,
}

impl View<'_> {
    pub(crate) fn answer(&self, query: &Query) -> Expected {
        let answer = self.page(query);
        let refused = answer.is_err();
        let status = if self.caller.0.is_none() {
            401
        } else if !self.finds(query.list) {
            404
        } else {
            return answer.map_or(Expected::Problem(vec![400]), Expected::Page);
        };
        // What is wrong with a query may be seen before who asks, and whether there is such a list.
        Expected::Problem(if refused { vec![400, status] } else { vec![status] })
    }

    /// Whether there is such a list for this caller.
    fn finds(&self, list: List) -> bool {
        match list {
            List::Members(project) => self.has("project", project),
            List::Memberships(user) => self.has("user", user),
            List::Of(_) | List::TaskCounts => true,
        }
    }

    fn page(&self, query: &Query) -> Result<Json, Wrong> {
        let window = query.window()?;
        query.check_sizes()?;
        let table = query.list.table();
        query.filter.iter().try_for_each(|predicate| predicate.check(table))?;
        let groups = Groups::of(query)?;
        let mut rows = self.rows(table).to_vec();
        if self.caller.0.is_some() {
            rows.retain(|row| query.list.has(row) && self.satisfies(table, row, &query.filter));
        }
        if let Some(groups) = groups {
            return Ok(window.cut(groups.items(&rows)));
        }
        query.check_names(table)?;
        sort::sort(&mut rows, &query.sort);
        let items = rows.iter().map(|row| (*row, query));
        Ok(window.cut_with(items.collect(), |(row, query)| self.item(table, row, query)))
    }

    fn item(&self, table: &'static Table, row: &Row, query: &Query) -> Json {
        let mut item = Map::new();
        for column in table.shown() {
            let chosen =
                query.fields.is_empty() || query.fields.iter().any(|name| name == column.name);
            if chosen || column.name == "id" {
                item.insert(column.name.to_owned(), shown(row, column.name));
            }
        }
        let always = match query.list {
            List::Members(_) => Some("user"),
            List::Memberships(_) => Some("project"),
            List::Of(_) | List::TaskCounts => None,
        };
        for name in query.include.iter().map(String::as_str).chain(always) {
            let relation = table.relation(name).expect("checked");
            let rows = self.related(relation, row).iter().take(MAX_EMBEDDED);
            let mut rows: Vec<_> = rows.map(|row| whole(relation.target(), row)).collect();
            let embedded = if relation.many { Json::from(rows) } else { Json::from(rows.pop()) };
            item.insert(name.to_owned(), embedded);
        }
        if query.list == List::TaskCounts {
            let tasks = table.relation("tasks").expect("a relation of projects");
            return json!({ "project": item, "taskCount": self.related(tasks, row).len() });
        }
        Json::Object(item)
    }
}

fn shown(row: &Row, column: &str) -> Json {
    row.get(column).map_or(Json::Null, super::Value::shown)
}

fn whole(table: &Table, row: &Row) -> Json {
    let members = table.shown().map(|column| (column.name.to_owned(), shown(row, column.name)));
    Json::Object(members.collect())
}

impl List {
    /// Whether a row of the table belongs to it.
    fn has(self, row: &Row) -> bool {
        match self {
            Self::Members(project) => row.reference("projectId") == Some(project),
            Self::Memberships(user) => row.reference("userId") == Some(user),
            Self::Of(_) | Self::TaskCounts => true,
        }
    }
}

impl Window {
    fn cut(&self, items: Vec<Json>) -> Json {
        self.cut_with(items, |item| item)
    }

    fn cut_with<T>(&self, items: Vec<T>, show: impl Fn(T) -> Json) -> Json {
        let total = items.len();
        let start = self.page.map_or(0, |page| (page - 1) * self.limit);
        let pages = self.page.filter(|_| self.counted).map(|_| total.div_ceil(self.limit));
        let more = total > start + self.limit;
        let items: Vec<_> = items.into_iter().skip(start).take(self.limit).map(show).collect();
        let mut page = json!({
            "items": items,
            "total": self.counted.then_some(total),
            "page": self.page,
            "limit": self.limit,
            "totalPages": pages,
        });
        if self.page.is_none() {
            page["prevCursor"] = Json::Null;
            page["nextCursor"] = Json::from(more.then_some(true));
        }
        page
    }
}

impl Query {
    fn window(&self) -> Result<Window, Wrong> {
        let number = |text: &Option<String>, usual: usize| match text {
            None => Ok(usual),
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok().filter(|number| *number > 0).ok_or(Wrong)
            }
            Some(_) => Err(Wrong),
        };
        let (page, limit) = (number(&self.page, 1)?, number(&self.limit, 10)?);
        let deep = page.saturating_mul(limit) > MAX_ROWS_DEEP;
        let twice = self.page.is_some() && self.cursor.is_some();
        let opaque = self.cursor.as_ref().is_some_and(|cursor| !cursor.is_empty());
        if limit > MAX_LIMIT || deep || twice || opaque || self.stray.is_some() {
            return Err(Wrong);
        }
        let counted = match self.count.as_deref() {
            None => self.cursor.is_none(),
            Some("exact" | "bounded") => true,
            Some("none") => false,
            Some(_) => return Err(Wrong),
        };
        Ok(Window { page: self.cursor.is_none().then_some(page), limit, counted })
    }

    fn check_sizes(&self) -> Result<(), Wrong> {
        let parts = || self.filter.iter().chain(&self.having);
        let deep = parts().any(|part| part.depth() > MAX_DEPTH);
        let many = parts().map(Predicate::size).sum::<usize>() > MAX_PREDICATES;
        let long = self.spelling == Spelling::Url && self.parameters().len() > MAX_QUERY_BYTES;
        let sort: Vec<_> = self.sort.iter().map(ToString::to_string).collect();
        for (names, most) in [
            (&sort, 5),
            (&self.fields, usize::MAX),
            (&self.include, 5),
            (&self.select, 10),
            (&self.group_by, 5),
        ] {
            let again = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
            let empty = names.iter().any(|name| name.is_empty() || name.contains(','));
            if again || empty || names.len() > most {
                return Err(Wrong);
            }
        }
        if deep || many || long || !parts().all(sizes_fit) { Err(Wrong) } else { Ok(()) }
    }

    /// That what is named of rows exists; groups have other names.
    fn check_names(&self, table: &Table) -> Result<(), Wrong> {
        let known = self.verb == Verb::Rows || self.spelling != Spelling::Url;
        let fields = self.fields.iter().all(|name| table.column(name).is_some());
        let include = self.include.iter().all(|name| table.relation(name).is_some());
        let sort =
            self.sort.iter().all(|key| table.column(&key.field).is_some_and(|column| column.sort));
        if known && fields && include && sort { Ok(()) } else { Err(Wrong) }
    }
}

/// That operators have as many values as they take.
fn sizes_fit(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => {
            !parts.is_empty() && parts.iter().all(sizes_fit)
        }
        Predicate::Not(inner) => sizes_fit(inner),
        Predicate::Test(test) => match test.operation.operator {
            "in" | "nin" => test.operation.operands.len() <= MAX_VALUES,
            "between" => test.operation.operands.len() == 2,
            _ => true,
        },
    }
}
