//! From one database to the other: the API answers as before, though the copy was killed five times; and a backup of the one
//! is restored on the other.
//!
//! `COPY_ROWS=1000000 tests/run copy::` does it with a million rows.

use rstest::rstest;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::process::{Output, Process, Ran, run, start, try_run};
use crate::harness::{Client, Database, PASSWORD, settings};

/// How many rows there are, about.
const ROWS: u64 = 20_000;
/// How often a copy is killed.
const KILLS: u64 = 5;
/// What an administrator sees of everything: pages, filters, words, figures, whole tables.
const QUESTIONS: [&str; 14] = [
    "users?limit=50&sort=-username",
    "users/export",
    "organizations/export",
    "themes?limit=100&sort=-name",
    "projects?limit=50&sort=-updatedAt&include=owner",
    "projects?status=eq.archived&limit=30",
    "projects/stats",
    "projects/export",
    "projects?q=kite&limit=20",
    "tasks?limit=50&sort=title",
    "tasks?estimateMinutes=gte.100&limit=40&sort=-estimateMinutes",
    "members?limit=50",
    "invitations?limit=50&sort=-createdAt",
    "audit-logs?limit=50",
];

fn rows() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a setting of the tests themselves")]
    std::env::var("COPY_ROWS").map_or(ROWS, |rows| rows.parse().expect("COPY_ROWS is a number"))
}

/// A migrated database in a folder of its own.
struct Side {
    database: Database,
    folder: TempDir,
}

impl Side {
    async fn new(backend: Backend) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let side = Self { database: Database::create(backend, folder.path()).await, folder };
        side.run(&["migrate"]);
        side
    }

    fn run(&self, arguments: &[&str]) -> String {
        run(self.folder.path(), &settings(&self.database, &[]), arguments)
    }

    fn try_run(&self, arguments: &[&str]) -> Ran {
        try_run(self.folder.path(), &settings(&self.database, &[]), arguments, "")
    }

    fn serve(&self) -> Process {
        Process::serve(self.folder.path(), &settings(&self.database, &[]), &Output::default())
    }

    /// What the API answers to an administrator.
    async fn answers(&self, token: &str) -> Vec<String> {
        let mut server = self.serve();
        let mut administrator = Client::nobody(server.address);
        token.clone_into(&mut administrator.token);
        let mut answers = Vec::new();
        for question in QUESTIONS {
            let request = administrator.request("GET", question);
            let answer = request.header("X-Request-Id", "copy").send().await;
            assert_eq!(answer.status, 200, "{question}: {answer}");
            answers.push(format!("{question} {}", answer.text()));
        }
        assert!(server.stop().success(), "the server stops cleanly");
        answers
    }

    /// Signs somebody up and makes them an administrator; gives their token.
    async fn administrator(&self) -> String {
        let mut server = self.serve();
        let body = json!({ "name": "root", "email": "root@example.com", "password": PASSWORD });
        let answer = Client::nobody(server.address).post("/api/auth/sign-up/email", body).await;
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        assert!(server.stop().success(), "the server stops cleanly");
        self.database.execute(r#"UPDATE "user" SET role = 'admin' WHERE name = 'root'"#).await;
        token
    }

    /// How many rows there are in the largest tables.
    async fn size(&self) -> u64 {
        let counts = ["project", "project_member", "session", "task"]
            .map(|table| format!("(SELECT count(*) FROM {table})"));
        let sum = self.database.texts(&format!("SELECT {}", counts.join(" + "))).await;
        sum.concat().parse().expect("a sum is a number")
    }
}

#[rstest]
#[case(Sqlite, Postgres)]
#[case(Postgres, Sqlite)]
#[tokio::test]
async fn the_api_answers_as_before(#[case] from: Backend, #[case] to: Backend) {
    let (from, to) = (Side::new(from).await, Side::new(to).await);
    // All tables together have less than four times the rows of the largest.
    from.run(&["db", "seed", "--rows", &(rows() * 10 / 37).to_string()]);
    let token = from.administrator().await;
    let before = from.answers(&token).await;
    let copy = ["db", "copy", "--json", "--from", &from.database.url, "--to", &to.database.url];

    let size = from.size().await;
    for kill in 0..KILLS {
        // It is somewhere in the next part when it is killed.
        let enough = size * (2 * kill + 1) / (2 * KILLS + 1);
        let mut process = start(to.folder.path(), &settings(&to.database, &[]), &copy);
        while to.size().await <= enough {
            let ended = process.try_wait().expect("a process can be looked at");
            assert!(ended.is_none(), "the copy ended at {enough} of {size} rows: {ended:?}");
        }
        process.kill().expect("the copy runs");
        process.wait().expect("the copy ends");
    }
    let done = to.try_run(&copy);

    assert!(done.success, "{} {}", done.out, done.error);
    let done: Json = serde_json::from_str(&done.out).expect("one document");
    assert!(done["found"].as_u64() > Some(size / 2), "{done}");
    for table in done["tables"].as_array().expect("tables") {
        assert_eq!(table["source"], table["target"], "{}", table["table"]);
    }
    println!(
        "after {KILLS} kills: {} rows were there, {} copied in {} s, compared in {} s",
        done["found"], done["copied"], done["seconds"], done["comparing_seconds"]
    );
    let after = to.answers(&token).await;
    for (before, after) in before.iter().zip(after) {
        assert!(*before == after, "{}\n{}", short(before), short(&after));
    }
    restore_on_the_other(&from, &to).await;
}

fn short(answer: &str) -> String {
    answer.chars().take(600).collect()
}

/// With the side tables of searches, which each database has in its own way.
async fn restore_on_the_other(from: &Side, to: &Side) {
    let file = from.folder.path().join("all.backup");
    let file = file.to_str().expect("the path is text");
    from.run(&["db", "backup", file]);
    for side in [from, to] {
        let verified = side.try_run(&["db", "verify-backup", "--json", file]);
        assert!(verified.success, "{} {}", verified.out, verified.error);
    }
    to.database.execute("DELETE FROM task").await;
    let refused = to.try_run(&["db", "restore", file]);
    assert!(!refused.success && refused.error.contains("--yes-destroy"), "{}", refused.error);
    let name = refused.error.split("--yes-destroy ").nth(1).and_then(|rest| rest.split(' ').next());
    to.run(&["db", "restore", file, "--yes-destroy", name.expect("the name is said")]);
    assert_eq!(to.size().await, from.size().await);
}
