//! Random rows: few enough to be compared quickly, odd enough to tell two meanings apart.

use std::collections::BTreeMap;

use serde_json::json;

use super::random::Random;
use super::schema::{Column, Kind, TABLES, Table};
use super::value::Value;
use super::world::{Row, World};

/// How many rows a table gets.
const ROWS: &[(&str, usize)] = &[
    ("user", 7),
    ("organization", 3),
    ("member", 9),
    ("invitation", 12),
    ("theme", 6),
    ("project", 40),
    ("project_member", 60),
    ("task", 90),
    ("audit_log", 40),
];

/// More than are embedded of one relation.
const MANY_TASKS: usize = 110;

/// What texts are put together from: letters with several forms of case, marks that combine, what patterns, quotes and
/// separators are made of, and what several bytes or UTF-16 units stand for.
const FRAGMENTS: &[&str] = &[
    "a",
    "A",
    "b",
    "B",
    "z",
    "Z",
    "k",
    "K",
    "\u{212A}",
    "s",
    "S",
    "ſ",
    "ß",
    "ẞ",
    "i",
    "I",
    "ı",
    "İ",
    "é",
    "É",
    "e\u{301}",
    "ñ",
    "Ñ",
    "σ",
    "ς",
    "Σ",
    "ǆ",
    "ǅ",
    "Ǆ",
    "µ",
    "Μ",
    "ÿ",
    "Ÿ",
    "Å",
    "\u{212B}",
    "ﬁ",
    "я",
    "Я",
    "😀",
    "👩‍🚀",
    "日本",
    "%",
    "_",
    "*",
    "?",
    "[",
    "]",
    "[a-z]",
    "^",
    "\\",
    "\"",
    "'",
    ",",
    "(",
    ")",
    ".",
    "null",
    "not.",
    "true",
    "1",
    "10",
    "9",
    " ",
    "  ",
    "\t",
    "\n",
    "+",
    "&",
    "=",
    "#",
    ";",
    "--",
    "/",
    "~",
    "-",
    "|",
    "$1",
    "{",
    "}",
    "\u{1}",
    "\u{7F}",
    "\u{A0}",
    "\u{200D}",
    "\u{FEFF}",
    "\u{FFFD}",
    "\u{FFFE}",
    "\u{FFFF}",
    "\u{1FFFF}",
    "\u{10FFFF}",
];

/// Moments at which days, years, signs and the digits that are shown change, in microseconds.
const MOMENTS: &[i64] = &[
    0,
    -1,
    999,
    1_000,
    1_001,
    -62_135_596_800_000_000,
    946_684_799_999_999,
    946_684_800_000_000,
    951_782_400_000_000,
    951_868_799_999_999,
    1_483_228_799_999_999,
    1_483_228_800_000_000,
    1_767_225_599_999_500,
    1_769_850_000_000_000,
    1_769_850_000_000_001,
    1_769_850_000_000_999,
    1_769_850_000_001_000,
    1_772_323_199_999_999,
    253_370_764_799_999_999,
];

/// A short text.
pub(crate) fn text(random: &mut Random) -> String {
    let length = *random.of(&[0, 1, 1, 2, 2, 3, 4, 6]);
    (0..length).map(|_| *random.of(FRAGMENTS)).collect()
}

pub(crate) fn moment(random: &mut Random) -> i64 {
    let moment = *random.of(MOMENTS);
    if random.percent(50) { moment } else { moment.abs() + *random.of(&[1, 500, 86_400_000_000]) }
}

pub(crate) fn number(random: &mut Random) -> i64 {
    *random.of(&[0, 1, 2, 3, 7, 10, 60, 90, 525_600])
}

/// Rows for all tables. The first user is an administrator.
pub(crate) fn world(random: &mut Random) -> World {
    let mut world = World::default();
    for table in TABLES {
        let (_, count) = ROWS.iter().find(|(name, _)| *name == table.name).expect("a count");
        // How often each column is null, from never to always; most rows are not deleted.
        let shares = |name| if name == "deletedAt" { [60, 80, 90, 100] } else { [0, 10, 50, 100] };
        let columns = table.columns.iter().map(|column| column.name);
        let nulls: BTreeMap<_, _> = columns.map(|name| (name, *random.of(&shares(name)))).collect();
        let mut pool: Vec<_> = (0..15).map(|_| text(random)).collect();
        pool.push(pool.concat());
        for number in 0..*count {
            let mut row = Row::default();
            for column in table.columns {
                let null = column.nullable && random.percent(nulls[column.name]);
                if !null {
                    let value = value(random, &world, &pool, table, column, number);
                    row.0.insert(column.name, value);
                }
            }
            add(&mut world, table, row);
        }
    }
    if random.percent(30) {
        let project = world.all("project")[0].get("id").cloned().expect("a row has an id");
        let tasks = world.rows.get_mut("task").expect("there are tasks");
        let task = tasks[0].clone();
        tasks.extend((0..MANY_TASKS).map(|_| {
            let mut task = task.clone();
            task.0.insert("id", Value::Id(random.id()));
            task.0.insert("projectId", project.clone());
            task
        }));
    }
    world
}

/// Adds a row, unless it says of two what can be said only once.
fn add(world: &mut World, table: &Table, row: Row) {
    let rows = world.rows.entry(table.name).or_default();
    let pair = match table.name {
        "member" => ["organizationId", "userId"],
        "project_member" => ["projectId", "userId"],
        _ => ["id", "id"],
    };
    if rows.iter().all(|other| pair.map(|name| other.get(name)) != pair.map(|name| row.get(name))) {
        rows.push(row);
    }
}

fn value(
    random: &mut Random,
    world: &World,
    pool: &[String],
    table: &Table,
    column: &Column,
    number: usize,
) -> Value {
    let mut one_of = |names: &[&str]| {
        let rows: Vec<_> = names.iter().flat_map(|name| world.all(name)).collect();
        Value::Id(random.of(&rows).id())
    };
    match (table.name, column.name) {
        (_, "ownerId" | "userId" | "actorId" | "inviterId") => one_of(&["user"]),
        (_, "organizationId") => one_of(&["organization"]),
        (_, "themeId") => one_of(&["theme"]),
        (_, "projectId") => one_of(&["project"]),
        ("audit_log", "rootId") => one_of(&["project", "user", "theme", "organization"]),
        ("user", "role") => Value::text(if number == 0 { "admin" } else { "user" }),
        ("user", "banned") => Value::Boolean(false),
        ("user", "email" | "username") | ("organization", "slug") | ("invitation", "email") => {
            Value::text(format!("{}{number}", random.of(&["u", "é", "%", "ß"])))
        }
        ("theme", "name") => Value::text(format!("{}{number}", random.of(pool))),
        ("theme", "primaryColor") => Value::text(*random.of(&["#000000", "#FFffFF", "#éé"])),
        ("member" | "invitation", "role") => {
            Value::text(*random.of(&["owner", "admin", "member", "member,owner", "owners"]))
        }
        _ => plain(random, pool, column),
    }
}

fn plain(random: &mut Random, pool: &[String], column: &Column) -> Value {
    match column.kind {
        _ if !column.choices.is_empty() => Value::text(*random.of(column.choices)),
        Kind::Id => Value::Id(random.id()),
        Kind::Text => {
            let text = if random.percent(70) { random.of(pool).clone() } else { text(random) };
            Value::Text(text.chars().take(50).collect())
        }
        Kind::Boolean => Value::Boolean(random.percent(50)),
        Kind::Integer => Value::Integer(number(random)),
        Kind::Time => Value::Time(moment(random)),
        Kind::Document => {
            let document = json!({ "name": random.of(pool), "isPublic": true, "b": [1, null] });
            Value::Document(document.to_string())
        }
        Kind::Fraction => panic!("no column is a mean"),
    }
}
