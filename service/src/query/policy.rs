//! What becomes of a list that no index serves.
//!
//! The database is asked how it would find the page (`EXPLAIN`). A page is served by an index when every large table in
//! that plan is entered through a condition on an index, or walked along one in the order asked for, so that the walk ends
//! with the page. It is not when a large table is read whole, or is sorted whole. Counts and groups are not
//! judged: they read what they count by nature, and the statement timeout bounds them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sea_query::{Expr, Query, SelectStatement},
};
use serde_json::Value;

use super::{
    ListQuery, allowed,
    ast::{Operation, Predicate, Window},
    run::count,
};
use crate::{Error, Result, table::Table};

/// For how long a verdict holds: a table grows, and gets its index, in the meantime.
const LIFETIME: Duration = Duration::from_mins(1);
/// How many verdicts are kept.
const MOST: usize = 1_000;

/// What becomes of a query that would read a large table whole. Clones share what has been found out.
#[derive(Clone, Debug)]
pub struct IndexPolicy {
    /// What is done about it.
    pub action: Action,
    /// How many rows make a table large.
    pub rows: u64,
    known: Arc<Known>,
}

/// What is done about a query that no index serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing; nobody looks.
    Off,
    /// A line in the log.
    Warn,
    /// It is refused.
    Deny,
}

#[derive(Debug, Default)]
struct Known {
    /// By what is asked for, the large table that it reads whole, if any.
    verdicts: Mutex<HashMap<String, (Instant, Option<&'static str>)>>,
    /// Whether a table is large.
    sizes: Mutex<HashMap<String, (Instant, bool)>>,
}

impl IndexPolicy {
    /// A policy that has not looked at anything yet.
    pub fn new(action: Action, rows: u64) -> Self {
        Self { action, rows, known: Arc::default() }
    }
}

impl Default for IndexPolicy {
    fn default() -> Self {
        Self::new(Action::Off, 50_000)
    }
}

/// What has been found out does not make another policy.
impl PartialEq for IndexPolicy {
    fn eq(&self, other: &Self) -> bool {
        (self.action, self.rows) == (other.action, other.rows)
    }
}

impl Eq for IndexPolicy {}

/// Lets a page of `list` pass, or not. `select` makes what would read the page, or the first part of it, for who sees
/// everything.
///
/// # Errors
/// `Unindexed` when it is to be refused; those of the database.
pub(super) async fn judge(
    db: &impl ConnectionTrait,
    table: &Table,
    query: &ListQuery,
    list: &str,
    select: impl FnOnce() -> SelectStatement,
) -> Result<()> {
    let policy = &query.index_policy;
    if policy.action == Action::Off {
        return Ok(());
    }
    let key = key(query, list);
    let known = known(&policy.known.verdicts, &key);
    let is_new = known.is_none();
    let verdict = if let Some(verdict) = known {
        verdict
    } else {
        let verdict = policy.read_whole(db, &select()).await?;
        keep(&policy.known.verdicts, key, verdict);
        verdict
    };
    let Some(whole) = verdict else { return Ok(()) };
    let wanted = wanted(table, query);
    if policy.action == Action::Deny {
        let names = allowed(wanted.iter().map(|(field, _)| field.as_str()));
        return Err(Error::Unindexed { list: table.path, rows: policy.rows, fields: names });
    }
    if is_new {
        let columns: Vec<_> = wanted.iter().map(|(_, column)| column.as_str()).collect();
        let suggestion = format!(r#"CREATE INDEX ON "{}" ({})"#, table.name, columns.join(", "));
        tracing::warn!(list = table.path, whole, suggestion, "a list reads a large table whole");
    }
    Ok(())
}

fn lock<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn known<T: Clone>(map: &Mutex<HashMap<String, (Instant, T)>>, key: &str) -> Option<T> {
    let map = lock(map);
    map.get(key).filter(|(at, _)| at.elapsed() < LIFETIME).map(|(_, value)| value.clone())
}

fn keep<T>(map: &Mutex<HashMap<String, (Instant, T)>>, key: String, value: T) {
    let mut map = lock(map);
    if map.len() >= MOST {
        map.clear();
    }
    map.insert(key, (Instant::now(), value));
}

impl IndexPolicy {
    /// The large table that `select` would read whole.
    async fn read_whole(
        &self,
        db: &impl ConnectionTrait,
        select: &SelectStatement,
    ) -> Result<Option<&'static str>> {
        let read = read_whole(db, select).await?;
        // Plans also name queries within queries.
        for table in Table::described() {
            if read.iter().any(|name| name == table.name) && self.is_large(db, table).await? {
                return Ok(Some(table.name));
            }
        }
        Ok(None)
    }

    async fn is_large(&self, db: &impl ConnectionTrait, table: &Table) -> Result<bool> {
        if let Some(large) = known(&self.known.sizes, table.name) {
            return Ok(large);
        }
        let rows = Query::select()
            .expr(Expr::val(1))
            .from(table.name)
            .limit(self.rows.saturating_add(1))
            .take();
        let large = count(db, rows).await? > self.rows;
        keep(&self.known.sizes, table.name.to_owned(), large);
        Ok(large)
    }
}

/// All of a query that decides how it is answered. With its values: the database plans a rare one otherwise than a
/// common one, and what somebody else asks for must not have a list refused.
fn key(query: &ListQuery, list: &str) -> String {
    let beside = match &query.window {
        Window::Page(_) => "page",
        Window::Cursor(None) => "start",
        Window::Cursor(Some(_)) => "cursor",
    };
    [beside, list].join("\0")
}

/// The fields that an index would need, with its columns: what is compared by equality, then the order; the id comes
/// last, which makes it one for cursors.
fn wanted(table: &Table, query: &ListQuery) -> Vec<(String, String)> {
    let mut wanted: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, backwards: bool| {
        if let Some(column) = table.column(name)
            && wanted.iter().all(|(field, _)| *field != column.name)
        {
            let direction = if backwards { " DESC" } else { "" };
            wanted.push((column.name.clone(), format!("\"{}\"{direction}", column.column)));
        }
    };
    let tests = match &query.filter {
        Predicate::All(tests) => tests.as_slice(),
        _ => &[],
    };
    let tests = tests.iter().filter_map(|predicate| match predicate {
        Predicate::Test(test) if test.path.relations.is_empty() => Some(test),
        _ => None,
    });
    let (equal, others): (Vec<_>, Vec<_>) = tests.partition(|test| {
        use Operation::{Eq, In, IsFalse, IsNull, IsTrue};
        matches!(test.operation, Eq(_) | In(_) | IsNull | IsTrue | IsFalse)
    });
    for test in equal {
        add(&test.path.field, false);
    }
    let first = query.sort.first().is_some_and(|key| key.descending);
    for key in &query.sort {
        add(&key.field, key.descending != first);
    }
    if query.sort.is_empty() {
        for test in others.iter().filter(|test| !matches!(test.operation, Operation::Like(_))) {
            add(&test.path.field, false);
        }
    }
    add("id", false);
    wanted
}

/// The tables that `select` would read or sort whole, large or not.
async fn read_whole(db: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<String>> {
    let backend = db.get_database_backend();
    let Statement { sql, values, .. } = backend.build(select);
    let mut tables = Vec::new();
    if backend == DbBackend::Sqlite {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let rows =
            db.query_all_raw(Statement { sql: explain, values, db_backend: backend }).await?;
        let steps = rows.iter().map(|row| Ok((row.try_get_by_index(1)?, row.try_get_by_index(3)?)));
        sqlite(&steps.collect::<Result<Vec<_>>>()?, &mut tables);
    } else {
        let explain = format!("EXPLAIN (FORMAT JSON) {sql}");
        let row = db.query_one_raw(Statement { sql: explain, values, db_backend: backend }).await?;
        let plan: Option<Value> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        if let Some(plan) = plan.as_ref().and_then(|plan| plan.pointer("/0/Plan")) {
            postgres(plan, false, &mut tables);
        }
    }
    Ok(tables)
}

/// `sorted`: whether something above needs all rows before it gives the first.
fn postgres(plan: &Value, sorted: bool, tables: &mut Vec<String>) {
    let node = plan["Node Type"].as_str().unwrap_or_default();
    let sorted = match node {
        "Limit" => false,
        "Sort" | "Hash" | "Aggregate" | "Materialize" | "SetOp" => true,
        _ => sorted,
    };
    let along_an_index = matches!(node, "Index Scan" | "Index Only Scan");
    let whole =
        node == "Seq Scan" || along_an_index && sorted && Value::is_null(&plan["Index Cond"]);
    if let (true, Some(table)) = (whole, plan["Relation Name"].as_str()) {
        tables.push(table.to_owned());
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        postgres(inner, sorted, tables);
    }
}

/// Of each step of a plan, what it is part of and what it says.
fn sqlite(steps: &[(i64, String)], tables: &mut Vec<String>) {
    for (parent, step) in steps {
        let Some(scan) = step.strip_prefix("SCAN ") else { continue };
        let sorted = steps.iter().any(|(other, step)| {
            other == parent && step.starts_with("USE TEMP B-TREE FOR ORDER BY")
        });
        let along_an_index = scan.contains(" USING ");
        // What has an index of its own, as a search has, is not a table.
        if (sorted || !along_an_index) && !scan.contains(" VIRTUAL TABLE ") {
            tables.extend(scan.split(' ').next().map(str::to_owned));
        }
    }
}
