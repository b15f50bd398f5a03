//! Ten thousand random queries have one answer: that of the model, on SQLite and on PostgreSQL.
//!
//! A run takes a new seed; what fails prints it, and `TEST_SEED=… tests/run equality` asks the same again.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::task::JoinSet;

use shrink::shrunk;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client};
use crate::model::ask::Spelling;
use crate::model::store::client;
use crate::model::wonder::Wonder;
use crate::model::world::{Caller, View};
use crate::model::{Expected, Query, Random, World, invent};

mod shrink;

/// How many queries are asked, of how many worlds.
const QUERIES: usize = 10_000;
const WORLDS: usize = 5;
/// How many are asked at the same time.
const WORKERS: usize = 6;

/// Who asks: an administrator, three users of different standing, and nobody in particular.
fn callers(world: &World) -> Vec<Caller> {
    let users = world.all("user").iter().take(4);
    users.map(|user| Caller(Some(user.id()))).chain([Caller(None)]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_and_the_model_agree() {
    let seed = Random::seed();
    let mut random = Random::new(seed);
    let (sqlite, postgres) = tokio::join!(quiet(Sqlite), quiet(Postgres));
    let mut mismatches = Vec::new();
    let mut answered = 0;
    for _ in 0..WORLDS {
        let world = Arc::new(invent::world(&mut random));
        tokio::join!(world.store(&sqlite, Sqlite), world.store(&postgres, Postgres));
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            let wonder = Random::new(u64::from_le_bytes(
                random.id().as_bytes()[..8].try_into().expect("eight bytes"),
            ));
            let clients = callers(&world)
                .into_iter()
                .map(|caller| (caller, [client(&sqlite, caller), client(&postgres, caller)]));
            let clients: Vec<_> = clients.collect();
            workers.spawn(work(Arc::clone(&world), clients, wonder));
        }
        for (found, rows) in workers.join_all().await {
            mismatches.extend(found);
            answered += rows;
        }
    }
    let shown = mismatches.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    let count = mismatches.len();
    assert!(
        mismatches.is_empty(),
        "TEST_SEED={seed}: {count} of {QUERIES} differ, such as\n{shown}"
    );
    // A generator of nothing but refusals and empty pages would agree too.
    assert!(answered > QUERIES / 2, "TEST_SEED={seed}: only {answered} answers have rows");
}

/// A server that does not log requests: there are too many.
async fn quiet(backend: Backend) -> App {
    App::start_with(backend, &[("RUST_LOG", "error")]).await
}

/// Asks a share of the queries; gives the mismatches, and how many answers had rows.
async fn work(
    world: Arc<World>,
    clients: Vec<(Caller, [Client; 2])>,
    random: Random,
) -> (Vec<String>, usize) {
    let views: Vec<_> = clients.iter().map(|(caller, _)| View::new(&world, *caller)).collect();
    let mut wonder = Wonder { world: &world, random };
    let (mut mismatches, mut answered) = (Vec::new(), 0);
    let mut left = QUERIES.div_ceil(WORLDS * WORKERS);
    while left > 0 {
        let query = wonder.query();
        // Nobody in particular seldom sees anything.
        let chance = if wonder.random.percent(4) { clients.len() } else { clients.len() - 1 };
        let place = wonder.random.below(chance);
        let (view, clients) = (&views[place], &clients[place].1);
        let expected = view.answer(&query);
        // What finds nothing tells little, so most of it is not asked.
        let found = has_items(&expected);
        if !found && wonder.random.percent(70) {
            continue;
        }
        left -= 1;
        answered += usize::from(found);
        let outcome = Outcome::of(expected, clients, &query).await;
        if !outcome.agrees() && mismatches.len() < 5 {
            let (query, outcome) = shrunk(view, clients, query, outcome).await;
            mismatches.push(outcome.describe(view.caller, place, &query));
        }
    }
    (mismatches, answered)
}

/// The three answers to a query.
struct Outcome {
    expected: Expected,
    answers: [Answer; 2],
}

impl Outcome {
    async fn of(expected: Expected, clients: &[Client; 2], query: &Query) -> Self {
        let [sqlite, postgres] = clients;
        let (sqlite, postgres) = tokio::join!(ask(sqlite, query), ask(postgres, query));
        Self { expected, answers: [sqlite, postgres] }
    }

    fn agrees(&self) -> bool {
        let [sqlite, postgres] = &self.answers;
        let same = sqlite.status == postgres.status
            && without_cursors(&sqlite.text()) == without_cursors(&postgres.text());
        same && match &self.expected {
            Expected::Problem(statuses) => statuses.contains(&sqlite.status),
            Expected::Page(page) => {
                let body = without_cursors(&sqlite.text());
                sqlite.status == 200
                    && serde_json::from_str::<Json>(&body).is_ok_and(|body| body == *page)
            }
        }
    }

    fn describe(&self, caller: Caller, place: usize, query: &Query) -> String {
        let (method, address) = query.address();
        let body = match query.spelling {
            Spelling::Url => String::new(),
            Spelling::Query | Spelling::Post => query.body().to_string(),
        };
        let mut text = format!("caller {place} {:?}: {method} {address} {body}\n", caller.0);
        let expected = match &self.expected {
            Expected::Problem(statuses) => format!("{statuses:?}"),
            Expected::Page(page) => format!("200 {page}"),
        };
        let [sqlite, postgres] =
            self.answers.each_ref().map(|answer| format!("{} {}", answer.status, answer.text()));
        for (name, answer) in [("model", expected), ("SQLite", sqlite), ("PostgreSQL", postgres)] {
            let short: String = answer.chars().take(600).collect();
            writeln!(text, "  {name:<10} {short}").expect("a String takes text");
        }
        text
    }
}

fn has_items(expected: &Expected) -> bool {
    match expected {
        Expected::Page(page) => page["items"].as_array().is_some_and(|items| !items.is_empty()),
        Expected::Problem(_) => false,
    }
}

async fn ask(client: &Client, query: &Query) -> Answer {
    let (method, address) = query.address();
    let request = client.request(method, address).header("X-Request-Id", "equality");
    match query.spelling {
        Spelling::Url => request.send().await,
        Spelling::Query | Spelling::Post => request.json(&query.body()).send().await,
    }
}

/// A cursor is signed and knows when it was made, so all that can be compared is that there is one.
fn without_cursors(body: &str) -> String {
    let mut parts = body.split("Cursor\":\"");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, rest) = part.split_once('"').unwrap_or_default();
        text = format!("{text}Cursor\":true{rest}");
    }
    text
}
