//! Pages by cursor are complete: whatever the keys, their directions and their nulls, each row comes once, in order,
//! forwards and backwards, while other rows come and go.

use rstest::rstest;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client};
use crate::model::schema::Kind;
use crate::model::sort::{self, SortKey};
use crate::model::store::{client, insertion};
use crate::model::world::{Caller, Row};
use crate::model::{Query, Random, Table, Value, World, invent};

/// How many of a hundred rows have nulls.
const NULLS: [usize; 6] = [0, 3, 30, 70, 97, 100];
/// How many orders are walked for each of these.
const ORDERS: usize = 10;

/// What the lists are of, and by what they are sorted: everything they can be sorted by.
const TABLES: [&str; 2] = ["project", "task"];

struct Stage {
    app: App,
    root: Client,
    world: World,
    random: Random,
    seed: u64,
}

impl Stage {
    async fn set(backend: Backend) -> Self {
        let seed = Random::seed();
        let mut random = Random::new(seed);
        let app = App::start_with(backend, &[("RUST_LOG", "error")]).await;
        let world = invent::world(&mut random);
        let root = client(&app, Caller(Some(world.all("user")[0].id())));
        Self { app, root, world, random, seed }
    }

    /// Rows of which so many of a hundred have nulls; none is deleted.
    async fn fill(&mut self, backend: Backend, nulls: usize) {
        for rows in self.world.rows.values_mut() {
            for row in rows {
                row.0.remove("deletedAt");
            }
        }
        for name in TABLES {
            let nullable =
                Table::named(name).shown().filter(|column| column.nullable && column.sort);
            for column in nullable.collect::<Vec<_>>() {
                for row in self.world.rows.get_mut(name).expect("the table has rows") {
                    let value = match column.kind {
                        Kind::Integer => Value::Integer(invent::number(&mut self.random)),
                        _ => Value::text(*self.random.of(&["a", "B", "é", "", "\u{10FFFF}"])),
                    };
                    row.0.insert(column.name, value);
                    if self.random.percent(nulls) {
                        row.0.remove(column.name);
                    }
                }
            }
        }
        self.world.store(&self.app, backend).await;
    }

    /// Two different keys of a table, in any directions.
    fn pair(&mut self, table: &Table) -> Vec<SortKey> {
        let mut names: Vec<_> = table
            .shown()
            .filter(|column| column.sort)
            .map(|column| column.name.to_owned())
            .collect();
        let mut keys = Vec::new();
        for _ in 0..2 {
            let field = names.swap_remove(self.random.below(names.len()));
            let (descending, nulls_first) = (self.random.percent(50), self.random.percent(50));
            keys.push(SortKey { field, descending, nulls_first });
        }
        keys
    }

    /// The ids of a table's rows in the order of the keys.
    fn ordered(&self, table: &str, keys: &[SortKey]) -> Vec<String> {
        let mut rows: Vec<_> = self.world.all(table).iter().collect();
        sort::sort(&mut rows, keys);
        rows.iter().map(|row| row.id().to_string()).collect()
    }
}

fn list(table: &str, keys: &[SortKey], limit: usize) -> String {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    format!("{table}s?sort={}&limit={limit}", keys.join(","))
}

async fn page(client: &Client, list: &str, cursor: &str) -> Answer {
    let answer = client.get(format!("{list}&cursor={cursor}")).await;
    assert_eq!(answer.status, 200, "{list}: {answer}");
    answer
}

fn cursor(answer: &Answer, member: &str) -> Option<String> {
    answer.json()[member].as_str().map(str::to_owned)
}

#[rstest]
#[tokio::test]
async fn pages_are_the_whole_in_both_directions(#[values(Sqlite, Postgres)] backend: Backend) {
    let mut stage = Stage::set(backend).await;
    for nulls in NULLS {
        stage.fill(backend, nulls).await;
        for _ in 0..ORDERS {
            let name = *stage.random.of(&TABLES);
            let table = Table::named(name);
            let keys = stage.pair(table);
            let expected = stage.ordered(table.name, &keys);
            // A limit that divides the whole leaves no part of a page at the end.
            let limit = *stage.random.of(&[expected.len() / 2, expected.len(), 7, 13, 29]);
            let list = list(table.name, &keys, limit.min(100));
            let context = format!("TEST_SEED={}: {nulls} % nulls, {list}", stage.seed);

            let mut forwards = vec![page(&stage.root, &list, "").await];
            assert_eq!(cursor(&forwards[0], "prevCursor"), None, "{context}");
            while let Some(next) = forwards.last().and_then(|page| cursor(page, "nextCursor")) {
                forwards.push(page(&stage.root, &list, &next).await);
                assert!(forwards.len() <= expected.len(), "{context}: there is no end");
            }
            let ids: Vec<_> = forwards.iter().map(|page| page.each("id")).collect();
            assert_eq!(ids.concat(), expected, "{context}");

            let mut backwards = vec![forwards.pop().expect("there is a first page")];
            while let Some(previous) = backwards.last().and_then(|page| cursor(page, "prevCursor"))
            {
                backwards.push(page(&stage.root, &list, &previous).await);
                assert!(backwards.len() <= expected.len(), "{context}: there is no start");
            }
            let mut ids: Vec<_> = backwards.iter().map(|page| page.each("id")).collect();
            ids.reverse();
            assert_eq!(ids.concat(), expected, "{context}, backwards");

            // At the start, the way on leads to where it led before.
            let first = backwards.last().expect("there is a first page");
            if let Some(next) = cursor(first, "nextCursor") {
                let again = page(&stage.root, &list, &next).await.each("id");
                let start = first.each("id").len();
                assert_eq!(again, expected[start..][..again.len()], "{context}, on again");
            }
        }
    }
}

/// Whether a row comes after the one with the id, in the order of the keys.
fn comes_after(world: &World, table: &str, id: &str, row: &Row, keys: &[SortKey]) -> bool {
    let mut rows: Vec<_> =
        world.all(table).iter().filter(|row| row.id().to_string() == id).collect();
    rows.push(row);
    sort::sort(&mut rows, keys);
    rows.last().is_some_and(|last| last.id() == row.id())
}

#[rstest]
#[tokio::test]
async fn rows_that_come_during_a_walk_disturb_nobody(#[values(Sqlite, Postgres)] backend: Backend) {
    let mut stage = Stage::set(backend).await;
    for nulls in NULLS {
        let table = Table::named("project");
        stage.fill(backend, nulls).await;
        let keys = stage.pair(table);
        let list = list(table.name, &keys, 6);
        let context = format!("TEST_SEED={}: {nulls} % nulls, {list}", stage.seed);

        let before = stage.ordered(table.name, &keys);
        let mut passed = Vec::new();
        let (mut ids, mut next) = (Vec::new(), Some(String::new()));
        while let Some(cursor_of_page) = next {
            let answer = page(&stage.root, &list, &cursor_of_page).await;
            ids.extend(answer.each("id"));
            next = cursor(&answer, "nextCursor");
            if next.is_some() {
                // A row that is like one that is there, so that it often shares its keys.
                let mut row = stage.random.of(stage.world.all(table.name)).clone();
                row.0.insert("id", Value::Id(stage.random.id()));
                stage.app.execute(&insertion(backend, table, std::slice::from_ref(&row))).await;
                let last = ids.last().expect("a page has rows");
                if !comes_after(&stage.world, table.name, last, &row, &keys) {
                    passed.push(row.id().to_string());
                }
                stage.world.rows.get_mut(table.name).expect("there are rows").push(row);
            }
        }
        let mut expected = stage.ordered(table.name, &keys);
        expected.retain(|id| !passed.contains(id));
        assert_eq!(ids, expected, "{context}");
        assert!(before.iter().all(|id| ids.contains(id)), "{context}");
    }
}

#[rstest]
#[tokio::test]
async fn a_cursor_serves_only_the_list_that_made_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let mut stage = Stage::set(backend).await;
    stage.fill(backend, 50).await;
    let root = &stage.root;
    let [project, other] = [0, 1].map(|place| stage.world.all("project")[place].id());
    let first = page(root, "projects?sort=clientName,-name&isPublic=is.true&limit=3", "").await;
    let made = cursor(&first, "nextCursor").expect("there is more than a page");

    for own in [
        "projects?sort=clientName,-name&isPublic=is.true&limit=3",
        "projects?isPublic=is.true&sort=clientName,-name&limit=100&fields=id&include=owner&count=exact",
    ] {
        page(root, own, &made).await;
    }
    for foreign in [
        "projects?sort=clientName,-name",
        "projects?sort=clientName,-name&isPublic=is.false",
        "projects?sort=clientName,-name&isPublic=is.true&isPublic=is.true",
        "projects?sort=clientName,-name&isPublic=is.true&name=is.notnull",
        "projects?sort=clientName,name&isPublic=is.true",
        "projects?sort=clientName.nullsfirst,-name&isPublic=is.true",
        "projects?sort=-name,clientName&isPublic=is.true",
        "projects?sort=clientName&isPublic=is.true",
        "projects?isPublic=is.true",
        "tasks?sort=title",
        "tasks?limit=3",
        "themes?limit=3",
        "audit-logs?limit=3",
        &format!("projects/{project}/members?limit=3"),
        &format!("users/{}/projects?limit=3", stage.world.all("user")[0].id()),
        "projects/aggregate?select=count()",
        "projects/distinct?fields=status",
    ] {
        let answer = root.get(format!("{foreign}&cursor={made}")).await;
        assert_eq!(answer.status, 400, "{foreign}: {answer}");
    }
    // The same list of another row is another list.
    let members =
        |project, cursor: &str| format!("projects/{project}/members?limit=1&cursor={cursor}");
    let answer = root.get(members(project, "")).await;
    if let Some(made) = cursor(&answer, "nextCursor") {
        assert_eq!(root.get(members(project, &made)).await.status, 200);
        assert_eq!(root.get(members(other, &made)).await.status, 400);
    }

    for place in 0..made.len() {
        let mut altered = made.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).expect("ASCII");
        let list = format!("projects?sort=clientName,-name&isPublic=is.true&cursor={altered}");
        let answer = root.get(&list).await;
        assert_eq!(answer.status, 400, "{list}: {answer}");
    }
    for wrong in
        [&made[1..], &made[..made.len() - 1], &format!("{made}A"), &format!("{made}="), "x", "null"]
    {
        let list = format!("projects?sort=clientName,-name&isPublic=is.true&cursor={wrong}");
        let answer = root.get(&list).await;
        assert_eq!(answer.status, 400, "{list}: {answer}");
    }
    let body = Query::of(crate::model::ask::List::Of("project"), crate::model::ask::Verb::Rows);
    let body = Query { cursor: Some(made), ..body }.body();
    assert_eq!(root.post("projects/query", body).await.status, 400);
}
