//! Random queries about a world: most can be answered, and find something; some are wrong.

use super::ask::{List, Query, Spelling, Verb};
use super::compare::Operation;
use super::predicate::{Predicate, Test};
use super::random::Random;
use super::schema::{Column, Kind, Table};
use super::sort::SortKey;
use super::world::World;

mod operation;

/// How many of a hundred choices are wrong.
const WRONG: usize = 1;

/// Names that no field has, those of hidden columns and of columns in the database among them.
const STRANGE: &[&str] = &[
    "colour",
    "deletedAt",
    "deleted_at",
    "client_name",
    "email",
    "password",
    "owner",
    "rowid",
    "ID",
    "1",
    "*",
    "a b",
    "project.name",
    "name'",
    "é",
    "emailVerified",
    "q.x",
];

/// Somebody who asks.
pub(crate) struct Wonder<'a> {
    pub(crate) world: &'a World,
    pub(crate) random: Random,
}

impl Wonder<'_> {
    fn wrong(&mut self) -> bool {
        self.random.percent(WRONG)
    }

    pub(crate) fn query(&mut self) -> Query {
        let list = self.list();
        let table = list.table();
        let verb = match (list, self.random.below(10)) {
            (List::Of(_), 0 | 1) => Verb::Groups,
            (List::Of(_), 2) => Verb::Distinct,
            _ => Verb::Rows,
        };
        let mut query = Query::of(list, verb);
        if matches!(list, List::Of(_)) && verb != Verb::Distinct {
            query.spelling =
                *self.random.of(&[Spelling::Url, Spelling::Url, Spelling::Query, Spelling::Post]);
        }
        let parts = *self.random.of(&[0, 1, 1, 1, 1, 1, 2, 3]);
        query.filter = (0..parts).map(|_| self.predicate(table, 0)).collect();
        self.window(&mut query);
        match verb {
            Verb::Rows => self.rows(&mut query, table),
            Verb::Groups => self.groups(&mut query, table),
            Verb::Distinct => query.fields = self.keys(table),
        }
        if verb != Verb::Rows {
            let known = [&query.select, &query.fields, &query.group_by].map(Clone::clone).concat();
            query.sort = self.sort(&known);
        }
        if self.random.percent(1) {
            query.stray =
                Some(self.random.of(&["perPage", "order", "offset", "deletedAt"]).to_string());
        }
        query
    }

    fn list(&mut self) -> List {
        match self.random.below(100) {
            0..40 => List::Of("project"),
            40..62 => List::Of("task"),
            62..68 => List::Of("theme"),
            68..72 => List::Of("audit_log"),
            72..78 => {
                const LISTS: [&str; 3] = ["organization", "member", "invitation"];
                let table: &&str = self.random.of(&LISTS);
                List::Of(table)
            }
            78..88 => List::Members(self.random.of(self.world.all("project")).id()),
            88..94 => List::Memberships(self.random.of(self.world.all("user")).id()),
            _ => List::TaskCounts,
        }
    }

    fn window(&mut self, query: &mut Query) {
        let random = &mut self.random;
        if random.percent(25) {
            let wrong = ["0", "-1", "", "x", "1001", "99999999999999999999"];
            let page = if random.percent(5) {
                *random.of(&wrong)
            } else {
                *random.of(&["1", "1", "2", "3"])
            };
            query.page = Some(page.to_owned());
        } else if query.verb == Verb::Rows && random.percent(20) {
            query.cursor = Some(if random.percent(5) { "x".to_owned() } else { String::new() });
        }
        if random.percent(70) {
            let wrong = ["0", "101", "", "ten"];
            let limit = if random.percent(2) {
                *random.of(&wrong)
            } else {
                *random.of(&["1", "3", "25", "100"])
            };
            query.limit = Some(limit.to_owned());
        }
        if random.percent(20) {
            let count =
                if random.percent(5) { "all" } else { *random.of(&["exact", "bounded", "none"]) };
            query.count = Some(count.to_owned());
        }
    }

    fn rows(&mut self, query: &mut Query, table: &'static Table) {
        let sortable: Vec<_> = table.shown().filter(|column| column.sort).collect();
        let names: Vec<_> = sortable.iter().map(|column| column.name.to_owned()).collect();
        query.sort = self.sort(&names);
        if self.random.percent(25) {
            query.fields =
                self.names(&table.shown().map(|column| column.name).collect::<Vec<_>>(), 5);
        }
        if !table.relations.is_empty() && self.random.percent(15) {
            let names: Vec<_> = table.relations.iter().map(|relation| relation.name).collect();
            query.include = self.names(&names, 3);
            let always = ["user", "project"];
            if query.list != List::Of(table.name) {
                query.include.retain(|name| !always.contains(&name.as_str()));
            }
        }
    }

    /// Some of the names, each once unless that is to be wrong.
    fn names(&mut self, names: &[&str], most: usize) -> Vec<String> {
        let mut chosen: Vec<String> = Vec::new();
        for _ in 0..=self.random.below(most) {
            let name = if self.wrong() { *self.random.of(STRANGE) } else { *self.random.of(names) };
            if !chosen.iter().any(|other| other == name) || self.wrong() {
                chosen.push(name.to_owned());
            }
        }
        chosen
    }

    fn sort(&mut self, names: &[String]) -> Vec<SortKey> {
        let mut keys: Vec<SortKey> = Vec::new();
        for _ in 0..*self.random.of(&[0, 0, 1, 1, 2, 3]) {
            let strange = names.is_empty() || self.wrong();
            let field = if strange {
                (*self.random.of(STRANGE)).to_owned()
            } else {
                self.random.of(names).clone()
            };
            let (descending, nulls_first) = (self.random.percent(50), self.random.percent(30));
            if keys.iter().all(|key| key.field != field) || self.wrong() {
                keys.push(SortKey { field, descending, nulls_first });
            }
        }
        keys
    }

    fn keys(&mut self, table: &Table) -> Vec<String> {
        let columns = table.shown().filter(|column| column.aggregate || self.random.percent(WRONG));
        let mut keys = Vec::new();
        for column in columns.collect::<Vec<_>>() {
            if column.kind == Kind::Time && !self.wrong() {
                keys.extend(
                    [".day", ".month", ".year"].map(|part| format!("{}{part}", column.name)),
                );
            } else {
                keys.push(column.name.to_owned());
            }
        }
        let most = if self.wrong() { 12 } else { 3 };
        self.names(&keys.iter().map(String::as_str).collect::<Vec<_>>(), most)
    }

    fn groups(&mut self, query: &mut Query, table: &Table) {
        let mut figures = vec!["count()".to_owned()];
        for column in table.shown() {
            let functions: &[&str] = match column.kind {
                _ if !column.aggregate && !self.wrong() => &[],
                Kind::Id | Kind::Boolean => &["countDistinct"],
                Kind::Integer => &["countDistinct", "sum", "avg", "min", "max", "sum", "avg"],
                Kind::Text => &["countDistinct", "min", "max"],
                Kind::Time => &["min", "max"],
                Kind::Document | Kind::Fraction => &["count", "sum"],
            };
            figures.extend(functions.iter().map(|function| format!("{function}({})", column.name)));
        }
        if self.wrong() {
            figures = vec!["sum(name)".to_owned(), "count(id)".to_owned(), "median(id)".to_owned()];
        }
        if self.random.percent(90) {
            query.select = self.names(&figures.iter().map(String::as_str).collect::<Vec<_>>(), 4);
        }
        if self.random.percent(70) {
            query.group_by = self.keys(table);
        }
        if self.random.percent(40) {
            let having = self.having(&figures, 0);
            query.having.push(having);
        }
    }

    fn having(&mut self, figures: &[String], depth: usize) -> Predicate {
        if depth < 3 && self.random.percent(25) {
            let parts = (0..2).map(|_| self.having(figures, depth + 1)).collect();
            return self.joined(parts);
        }
        let name = self.random.of(figures).clone();
        let field = name.split_once('(').map_or("", |(_, field)| field.trim_end_matches(')'));
        let kind = match &name[..3] {
            "min" | "max" => {
                self.world.rows.keys().find_map(|table| Table::named(table).column(field))
            }
            _ => None,
        };
        let kind = kind.map_or(Kind::Integer, |column| column.kind);
        let column = Column::result(if name.starts_with("avg") { Kind::Fraction } else { kind });
        let operation = self.operation(&column, &[]);
        let negated = self.random.percent(15);
        Predicate::Test(Test { path: vec![name], negated, operation })
    }

    fn predicate(&mut self, table: &'static Table, depth: usize) -> Predicate {
        let deepest = if self.wrong() { 5 } else { 4 };
        if depth < deepest && self.random.percent(30) {
            let count = 1 + self.random.below(3);
            let parts = (0..count).map(|_| self.predicate(table, depth + 1)).collect();
            return self.joined(parts);
        }
        self.test(table)
    }

    fn joined(&mut self, parts: Vec<Predicate>) -> Predicate {
        let group =
            if self.random.percent(35) { Predicate::All(parts) } else { Predicate::Any(parts) };
        if self.random.percent(25) { Predicate::Not(Box::new(group)) } else { group }
    }

    fn test(&mut self, table: &'static Table) -> Predicate {
        let (mut table, mut path) = (table, Vec::new());
        let negated = self.random.percent(15);
        let longest = if self.wrong() { 3 } else { 2 };
        while !table.relations.is_empty() && path.len() < longest && self.random.percent(35) {
            let relation = self.random.of(table.relations);
            path.push(relation.name.to_owned());
            table = relation.target();
        }
        if !path.is_empty() && self.random.percent(12) {
            let operand = *self.random.of(&["empty", "notempty"]);
            let operation = Operation { operator: "is", operands: vec![operand.to_owned()] };
            return Predicate::Test(Test { path, negated, operation });
        }
        let filterable: Vec<_> = table.shown().filter(|column| column.filter).collect();
        let column = **self.random.of(&filterable);
        let rows = self.world.all(table.name);
        let known: Vec<_> = rows.iter().filter_map(|row| row.get(column.name)).collect();
        let operation = self.operation(&column, &known);
        let strange = self.wrong();
        let name = if strange { *self.random.of(STRANGE) } else { column.name };
        path.extend(name.split('.').map(str::to_owned));
        Predicate::Test(Test { path, negated, operation })
    }
}
