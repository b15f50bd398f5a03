//! Queries that nobody would write: each is answered or refused, none is an error of the server, and no byte of a caller
//! comes into a statement.

use rstest::rstest;
use serde_json::json;

use crate::harness::App;
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::model::random::Random;

const QUERIES: usize = 1_500;
/// What no statement of ours has in it.
const MARK: &str = "qzmarkqz";

/// What queries are made of, and what could hurt them.
const PIECES: [&str; 74] = [
    "name",
    "status",
    "isPublic",
    "ownerId",
    "createdAt",
    "clientName",
    "deletedAt",
    "owner",
    "tasks",
    "members",
    "user",
    "id",
    "title",
    "done",
    "eq",
    "ne",
    "gt",
    "lte",
    "like",
    "ilike",
    "contains",
    "in",
    "nin",
    "between",
    "is",
    "not",
    "and",
    "or",
    "null",
    "true",
    "empty",
    "sort",
    "fields",
    "include",
    "page",
    "limit",
    "cursor",
    "count",
    "q",
    "highlight",
    "select",
    "groupBy",
    "having",
    "count()",
    "max(name)",
    "sum(",
    "exact",
    "nullsfirst",
    "day",
    MARK,
    ".",
    ".",
    ".",
    "=",
    "=",
    "&",
    "&",
    "(",
    ")",
    ",",
    "\"",
    "\\",
    "*",
    "-",
    "1",
    "99999999999999999999",
    "2026-01-31T09:00:00Z",
    "'",
    ";--",
    "%00",
    "%FF",
    "%C3%A9",
    "+",
    "\u{1f600}",
];

/// Some that are right, to be broken.
const RIGHT: [&str; 8] = [
    "name=ilike.*qzmarkqz*&sort=-createdAt,name.nullsfirst&fields=id,name&include=owner,tasks&page=1&limit=5",
    "or=(status.eq.active,and(name.in.(a,\"b,c\"),isPublic.is.true),not.and(clientName.is.null))",
    "tasks.title=eq.qzmarkqz&tasks.done=is.false&members.user.name=startswith.a",
    "q=boat+\"red+qzmarkqz\"+-blue+OR+kite*&highlight=true&cursor=",
    "createdAt=between.(2026-01-01T00:00:00Z,2026-12-31T00:00:00Z)&count=bounded",
    "status=nin.(active,inactive)&name=not.contains.qzmarkqz&cursor=&count=none",
    "select=count(),max(name)&groupBy=status,createdAt.month&having=or(count().gt.1,max(name).eq.qzmarkqz)",
    "fields=status&sort=-status&limit=2",
];

fn query(random: &mut Random) -> String {
    let mut text =
        if random.percent(50) { (*random.of(&RIGHT[..])).to_owned() } else { String::new() };
    for _ in 0..random.below(9) {
        let starts: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let at = *random.of(&starts);
        match random.below(4) {
            0 => text.truncate(at),
            1 if at < text.len() => drop(text.remove(at)),
            _ => text.insert_str(at, random.of::<&str>(&PIECES)),
        }
    }
    text
}

#[rstest]
#[tokio::test]
async fn no_query_is_an_error_of_the_server(#[values(Sqlite, Postgres)] backend: Backend) {
    let settings = [("LOG_QUERIES", "true"), ("RUST_LOG", "info,sqlx::query=debug,request=off")];
    let app = App::start_with(backend, &settings).await;
    let [ada] = app.users(["ada"]);
    let tasks = json!([{ "title": MARK }]);
    for name in ["Boat", MARK] {
        let body = json!({ "name": name, "isPublic": true, "tasks": tasks });
        assert_eq!(ada.post("projects", body).await.status, 201);
    }

    let seed = Random::seed();
    let mut random = Random::new(seed);
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..QUERIES {
        let query = query(&mut random);
        let list = ["projects", "tasks", "projects/aggregate", "projects/distinct", "tasks/export"];
        let list = random.of(&list);
        // As bytes of an address, but not yet as the server decodes them.
        let query: String = query
            .bytes()
            .map(|byte| match byte {
                b'!'..=b'~' if !b"\"#<>\\^`{|}".contains(&byte) => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let answer = ada.get(format!("{list}?{query}")).await;
        match answer.status {
            200 => answered += 1,
            400 | 414 | 422 => refused += 1,
            _ => panic!("seed {seed}: {list}?{query}: {answer}"),
        }
    }
    assert!(answered > QUERIES / 20 && refused > QUERIES / 20, "{answered} {refused}, seed {seed}");

    for body in [
        json!({ "where": { "field": MARK, "op": "eq", "value": MARK } }),
        json!({ "where": { "field": "name", "op": MARK, "value": MARK } }),
        json!({ "where": { "field": "name", "op": "in", "value": [MARK, "'; DROP TABLE project; --"] } }),
        json!({ "sort": [MARK], "fields": [MARK], "include": [MARK], "q": MARK }),
    ] {
        let status = ada.post("projects/query", body.clone()).await.status;
        assert!(matches!(status, 200 | 400), "{body}: {status}");
    }
    assert!(app.stop().success());
    let log = app.output();
    assert!(log.contains("SELECT"), "the log has the statements: {log}");
    let leak = log.lines().find(|line| line.contains(MARK));
    assert_eq!(leak, None);
}
