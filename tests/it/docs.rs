//! What the documentation says is so: its commands are run, its examples asked, its links followed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rstest::rstest;
use serde_json::{Deserializer, Value, json};
use tempfile::TempDir;
use tokio::time;

use self::guide::Workspace;
use self::page::{Page, ROOT};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Database, assert_snapshot};

mod guide;
mod page;
mod workflow;

/// A server as a newcomer starts it, in development, on an empty database; first what must be dropped after it.
async fn newcomer(backend: Backend) -> ((Database, TempDir), App) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let database = Database::create(backend, folder.path()).await;
    let url = database.url.clone().leak();
    let app = App::start_with(backend, &[("APP_ENV", "development"), ("DATABASE_URL", url)]).await;
    ((database, folder), app)
}

/// Runs commands as somebody pastes them; the JSON that they print.
fn paste(commands: &str, address: SocketAddr) -> Vec<Value> {
    let commands = commands.replace("127.0.0.1:8080", &address.to_string());
    let folder = TempDir::new().expect("a temporary folder can be made");
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &commands]).current_dir(folder.path());
    let done = bash.output().expect("bash starts");
    let [said, errors] = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(done.status.success(), "{commands}\nsaid:\n{said}{errors}");
    let answers = Deserializer::from_str(&said).into_iter::<Value>();
    answers.map(|answer| answer.unwrap_or_else(|error| panic!("{error}: {said}"))).collect()
}

/// The lines of the tour that sign in.
fn sign_in() -> String {
    let tour = Page::read("README.md").commands("sign-in");
    tour.split("\n\n").next().unwrap_or_default().to_owned() + "\n"
}

/// The names of the projects on a page, or the problem.
fn names(answer: &Value) -> String {
    let Some(items) = answer["items"].as_array() else { return answer["detail"].to_string() };
    let names = items.iter().map(|row| row["name"].as_str().unwrap_or("[no name]"));
    names.collect::<Vec<_>>().join(", ")
}

#[rstest]
#[tokio::test]
async fn the_tour_of_the_readme_does_what_it_says(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_kept, app) = newcomer(backend).await;

    let answers = paste(&Page::read("README.md").commands("sign-in"), app.address());

    let told = [
        (0, "/owner/name", json!("Ada Lovelace")),
        (0, "/tasks/0/title", json!("Survey")),
        (0, "/tasks/1/title", json!("Paint")),
        (1, "/total", json!(1)),
        (1, "/items/0/owner/name", json!("Ada Lovelace")),
        (2, "/clientName", json!("Harbour")),
        (3, "", json!({ "total": 8, "active": 5, "inactive": 2, "archived": 1 })),
        (4, "/status", json!("archived")),
        (5, "/status", json!("active")),
        (6, "/items/0/action", json!("restore")),
        (6, "/items/0/before", json!({ "status": "archived" })),
        (6, "/items/3/action", json!("create")),
        (7, "/status", json!(422)),
        (7, "/errors/0/pointer", json!("/colour")),
    ];
    assert_eq!(answers.len(), 8, "{answers:#?}");
    for (number, pointer, value) in told {
        assert_eq!(answers[number].pointer(pointer), Some(&value), "{:#}", answers[number]);
    }
}

#[rstest]
#[tokio::test]
async fn the_greeting_of_the_server_can_be_pasted(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_kept, app) = newcomer(backend).await;
    while !app.output().contains("curl -b") {
        time::sleep(Duration::from_millis(10)).await;
    }
    let greeting = app.output();
    let commands: Vec<_> =
        greeting.lines().map(str::trim).filter(|line| line.starts_with("curl ")).collect();

    let answers = paste(&commands.join("\n"), app.address());

    assert_eq!(answers[0]["user"]["email"], "ada@example.com");
    assert_eq!(answers[1]["items"][0]["owner"]["name"], "Ada Lovelace");
}

#[rstest]
#[tokio::test]
async fn the_examples_of_the_lists_find_what_they_should(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let (_kept, app) = newcomer(backend).await;
    let page = Page::read("docs/lists.md");

    let list = paste(&(sign_in() + &page.commands("fields=id")), app.address());
    assert_eq!([&list[0]["total"], &list[0]["totalPages"]], [3, 1]);

    let mut queries = page.spans();
    queries.retain(|span| {
        // The sign itself, a header, and how tests are written in general.
        let other =
            ["=", "rel=", "field=", "relation."].iter().any(|start| span.starts_with(start));
        span.contains('=') && !span.contains('…') && !other
    });
    let command = |query: &String| format!("api \"$API/projects?{}\"\n", query.replace('"', "%22"));
    let commands: String = queries.iter().map(command).collect();
    let answers = paste(&(sign_in() + &commands), app.address());
    let found =
        queries.iter().zip(answers).map(|(query, answer)| format!("{query}: {}\n", names(&answer)));
    let found: String = found.collect();
    assert_snapshot!(found, @r#"
    status=eq.active: Website relaunch, Garden planner, Tide tables, Recipe box
    status=ne.archived: Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box
    name=gt.T: Website relaunch, Tide tables, Trade fair stand
    name=gte.T: Website relaunch, Tide tables, Trade fair stand
    name=lt.B: Annual report
    name=lte.B: Annual report
    name=like.*report: Annual report
    clientName=ilike.harbour*: Website relaunch, Tide tables
    description=contains.May: Trade fair stand
    name=startswith.R: Reading list, Recipe box
    name=icontains.PLAN: Garden planner
    name=istartswith.r: Reading list, Recipe box
    status=in.(active,inactive): Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box
    status=nin.(active,inactive): Trade fair stand
    name=between.(A,H): Garden planner, Annual report
    themeId=is.null: Reading list
    themeId=is.notnull: Website relaunch, Garden planner, Tide tables, Annual report, Recipe box, Trade fair stand
    isPublic=is.true: Garden planner, Recipe box
    isPublic=is.false: Website relaunch, Reading list, Tide tables, Annual report, Trade fair stand
    name=not.like.*a*: Recipe box
    name=gte.R&name=lt.S: Reading list, Recipe box
    or=(status.eq.archived,and(name.ilike.*a*,isPublic.is.true)): Garden planner, Trade fair stand
    name=in.("Reading+list","a,b"): Reading list
    owner.name=startswith.Ada: Website relaunch, Garden planner, Reading list, Annual report, Trade fair stand
    tasks.done=is.true: Website relaunch, Garden planner, Tide tables, Annual report, Recipe box, Trade fair stand
    members.user.name=startswith.B: Website relaunch
    tasks.title=icontains.e&tasks.done=is.true: Website relaunch, Garden planner, Tide tables, Annual report, Recipe box, Trade fair stand
    tasks=is.empty: Reading list
    tasks=is.notempty: Website relaunch, Garden planner, Tide tables, Annual report, Recipe box, Trade fair stand
    tasks.done=not.is.true: Website relaunch, Garden planner, Tide tables, Annual report, Recipe box
    not.and=(tasks.done.is.true): Reading list
    sort=clientName.nullsfirst: Recipe box, Reading list, Garden planner, Tide tables, Website relaunch, Trade fair stand, Annual report
    sort=-createdAt,name: Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box, Trade fair stand
    fields=id,name: Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box, Trade fair stand
    include=owner,tasks: Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box, Trade fair stand
    count=exact: Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box, Trade fair stand
    count=bounded: Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box, Trade fair stand
    count=none: Website relaunch, Garden planner, Reading list, Tide tables, Annual report, Recipe box, Trade fair stand
    q=harbour: Website relaunch, Tide tables
    q=tide+harbour: Tide tables
    q="trade+fair": Trade fair stand
    q=plan*: Garden planner
    q=garden+OR+recipe: Garden planner, Recipe box
    q=harbour+-relaunch: Tide tables
    q=harbour&highlight=true: Website relaunch, Tide tables
    "#);
}

#[rstest]
#[tokio::test]
async fn the_commands_of_the_lists_answer_as_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_kept, app) = newcomer(backend).await;
    let page = Page::read("docs/lists.md");
    let answers = |text: &str| paste(&(sign_in() + &page.commands(text)), app.address());

    let [next] = &answers("NEXT=")[..] else { panic!("one page") };
    assert_eq!(names(next), "Annual report, Recipe box, Reading list");
    let [status, tasks, months] = &answers("/aggregate")[..] else { panic!("three pages") };
    assert_eq!(status["items"][0]["count()"], 4);
    assert_eq!(status["items"][0]["status"], "active");
    assert_eq!(tasks["total"], 2);
    assert!(tasks["items"][0]["sum(estimateMinutes)"].is_u64(), "{tasks:#}");
    assert!(months["items"][0]["createdAt.month"].is_string(), "{months:#}");
    let [or, cursor] = &answers("QUERY")[..] else { panic!("two pages") };
    assert_snapshot!(names(or), @"Annual report, Garden planner, Reading list, Recipe box, Trade fair stand");
    assert_snapshot!(names(cursor), @"Website relaunch, Trade fair stand, Reading list, Garden planner, Annual report");
    let rows = answers("/export");
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[0]["name"], "Annual report");
}

#[tokio::test]
async fn a_column_and_a_table_are_added_as_the_guide_says() {
    let guide = Page::read("docs/add-a-resource.md");
    let workspace = Workspace::copy();
    workspace.follow(&guide);

    let server = workspace.serve();
    let commands = guide.blocks().into_iter().filter(|block| block.language == "bash");
    let commands = commands.map(|block| block.text).collect::<String>();
    let answers = paste(&(sign_in() + &commands), server.address);

    assert_eq!(answers[0]["dueOn"], "2026-11-30");
    assert_eq!(answers[1]["items"], json!([answers[0]]));
    assert_eq!(answers[3]["labels"], json!([answers[2]]));
    let document = "curl -s http://127.0.0.1:8080/openapi.json";
    let schemas = paste(document, server.address)[0]["components"]["schemas"].take();
    for name in ["Task", "CreateTask", "UpdateTask"] {
        assert_eq!(schemas[name]["properties"]["dueOn"]["format"], "date", "{name}");
    }
    assert_eq!(schemas["Label"]["properties"]["name"]["type"], "string");
}

#[test]
fn links_lead_to_files_and_files_that_are_named_exist() {
    for page in Page::all() {
        let folders = [
            "api/",
            "benches/",
            "docs/",
            "entity/",
            "migration/",
            "service/",
            "src/",
            "tests/",
            ".",
        ];
        let spans = page.spans().into_iter().filter(|span| {
            let made_up =
                span.contains(['…', '[', '*']) || span.contains("label") || span.ends_with("/x.rs");
            folders.iter().any(|folder| span.starts_with(folder)) && span.contains('/') && !made_up
        });
        let named = spans.map(|span| span.split([' ', ':']).next().unwrap_or_default().into());
        for path in page.links().into_iter().chain(named) {
            let exists = Path::new(ROOT).join(&path).exists();
            assert!(exists, "{} names {}", page.path.display(), path.display());
        }
    }
}

#[test]
fn every_command_that_is_named_exists() {
    for page in Page::all() {
        for span in page.spans() {
            let command = span.replace("cargo run -- ", "garboard ");
            let mut words = command.split(' ').skip_while(|word| word.contains('='));
            if words.next() != Some("garboard") {
                continue;
            }
            let (options, commands): (Vec<_>, Vec<_>) =
                words.partition(|word| word.starts_with('-'));
            let help = garboard(&[&*commands, &["--help"]].concat());
            for option in options {
                assert!(help.contains(option), "{}: {span}", page.path.display());
            }
        }
    }
}

#[test]
fn every_variable_that_is_named_exists() {
    let settings: Vec<Value> =
        serde_json::from_str(&garboard(&["config", "--json"])).expect("JSON");
    let scripts = Page::read("tests/run").text + &Page::read(".ci/run").text;
    // Written by a test; what is a code of identity is on it.
    let codes = Page::read("docs/identity-routes.md");
    for page in Page::all().into_iter().filter(|page| page.path != codes.path) {
        let words =
            page.text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let variables = words.filter(|word| {
            let begins = word.starts_with(|letter: char| letter.is_ascii_alphabetic());
            begins
                && word.contains('_')
                && !word.contains(|letter: char| letter.is_ascii_lowercase())
        });
        for variable in variables {
            let known = settings.iter().any(|setting| setting["name"] == variable)
                || scripts.contains(variable)
                || codes.text.contains(&format!("`{variable}`"))
                || variable == "CURRENT_TIMESTAMP";
            assert!(known, "{} names {variable}", page.path.display());
        }
    }
}

/// What a command prints that needs no settings.
fn garboard(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_garboard"));
    let done = command.args(arguments).env_clear().output().expect("the binary starts");
    assert!(done.status.success(), "garboard {arguments:?}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}
