//! Messages: each is sent, whatever happens to the server or to the mail server, and none shows in the log.

use std::fs;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};
use service::identity::seal::Sealer;
use tokio::time::sleep;

use self::smtp::{ACCEPT, Smtp};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, SECRET};

mod smtp;

const FROM: (&str, &str) = ("MAIL_FROM", "Harbour <no-reply@harbour.example>");
const URL: &str = "https://example.com/link?token=hush";

async fn start(backend: Backend, smtp: &Smtp) -> App {
    App::start_with(backend, &[FROM, ("SMTP_URL", smtp.url())]).await
}

/// Writes messages as the server does, sealed with `secret`.
async fn queue(app: &App, secret: &str, count: u32) {
    let message = json!({ "kind": "magic-link", "url": URL }).to_string();
    let sealed = Sealer::new(secret).seal("email", &message).expect("there is randomness");
    for number in 1..=count {
        let id = app.literal(&format!("00000000-0000-7000-8000-{number:012}"));
        app.execute(&format!(
            "INSERT INTO email (id, recipient, kind, sealed, attempts, due_at, failed, created_at, updated_at) \
             SELECT {id}, 'reader{number}@example.com', 'magic-link', '{sealed}', 0, created_at, false, created_at, \
             updated_at FROM \"user\" WHERE name = 'root'"
        ))
        .await;
    }
}

/// Waits until something is so.
async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_mins(1), "not in time: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn is_empty(app: &App) -> bool {
    app.count("email").await == 0
}

/// Lets the time of what was put off come.
async fn make_due(app: &App) {
    app.execute("UPDATE email SET due_at = created_at").await;
}

fn assert_discreet(app: &App) {
    let log = app.output();
    for told in ["hush", "reader1@"] {
        assert!(!log.contains(told), "{told} in the log:\n{log}");
    }
}

#[rstest]
#[tokio::test]
async fn a_message_that_is_put_off_arrives_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let smtp = Smtp::start(Some("451 reader1@example.com: later")).await;
    let app = start(backend, &smtp).await;
    queue(&app, SECRET, 1).await;
    eventually("a warning", async || app.output().contains("message not sent")).await;
    assert_eq!(app.sql("SELECT attempts FROM email WHERE NOT failed").await, ["1"]);

    smtp.answer(ACCEPT);
    make_due(&app).await;
    eventually("the row is gone", async || is_empty(&app).await).await;

    let messages = smtp.messages();
    let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    for part in [
        "From: Harbour <no-reply@harbour.example>",
        "To: reader1@example.com",
        "Subject: Sign in to Harbour",
        "Message-ID: <00000000-0000-7000-8000-000000000001@harbour.example>",
        "Auto-Submitted: auto-generated",
        "Content-Type: multipart/alternative",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        "hush",
    ] {
        assert!(message.contains(part), "{part} in\n{message}");
    }
    assert!(app.output().contains("the mail server answered 451"));
    assert_discreet(&app);
}

#[rstest]
#[tokio::test]
async fn a_message_that_is_refused_or_unreadable_is_kept_for_the_operator(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let smtp = Smtp::start(Some("550 reader1@example.com: unknown")).await;
    let app = start(backend, &smtp).await;
    for (secret, reason) in [
        (SECRET, "the mail server answered 550"),
        ("another secret", "it was written with another AUTH_SECRET"),
    ] {
        queue(&app, secret, 1).await;
        eventually(reason, async || app.output().contains(reason)).await;
        assert_eq!(app.sql("SELECT attempts FROM email WHERE failed").await, ["1"]);
        make_due(&app).await;
        sleep(Duration::from_millis(1500)).await;
        assert_eq!(app.sql("SELECT attempts FROM email WHERE failed").await, ["1"]);
        app.execute("DELETE FROM email").await;
    }
    assert_eq!(smtp.asked(), 1);
    assert_discreet(&app);
}

#[rstest]
#[tokio::test]
async fn a_message_outlives_the_server_that_was_sending_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let smtp = Smtp::start(None).await;
    let app = start(backend, &smtp).await;
    queue(&app, SECRET, 3).await;
    eventually("three are on their way", async || smtp.asked() == 3).await;
    app.kill();
    assert_eq!(app.count("email").await, 3);

    smtp.answer(ACCEPT);
    app.restart();
    // The claims of the process that is gone hold, until they lapse.
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(smtp.messages().len(), 0);
    make_due(&app).await;
    eventually("all are sent", async || is_empty(&app).await).await;
    assert_eq!(smtp.messages().len(), 3);
}

#[rstest]
#[tokio::test]
async fn two_processes_send_each_message_once(#[values(Sqlite, Postgres)] backend: Backend) {
    const COUNT: u32 = 60;
    let smtp = Smtp::start(ACCEPT).await;
    let app = start(backend, &smtp).await;
    app.stop();
    queue(&app, SECRET, COUNT).await;
    app.restart();
    let _other = app.another();
    eventually("all are sent", async || is_empty(&app).await).await;

    let messages = smtp.messages();
    let mut ids: Vec<_> = messages
        .iter()
        .filter_map(|message| message.lines().find(|line| line.starts_with("Message-ID")))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((messages.len(), ids.len()), (60, 60));
}

#[rstest]
#[tokio::test]
async fn no_more_messages_are_taken_than_can_be_sent(#[values(Sqlite, Postgres)] backend: Backend) {
    let smtp = Smtp::start(None).await;
    let app = start(backend, &smtp).await;
    queue(&app, SECRET, 40).await;
    eventually("all that can be are on their way", async || smtp.asked() == 8).await;
    // Long enough to look at the table again.
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(smtp.asked(), 8);
    assert_eq!(app.sql("SELECT recipient FROM email WHERE attempts > 0").await.len(), 8);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_the_message_that_is_on_its_way(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let smtp = Smtp::start(ACCEPT).await;
    let app = start(backend, &smtp).await;
    queue(&app, SECRET, 1).await;
    eventually("it is on its way", async || smtp.asked() == 1).await;
    assert!(app.stop().success());
    assert_eq!((smtp.messages().len(), app.count("email").await), (1, 0));
}

#[rstest]
#[tokio::test]
async fn without_a_mail_server_messages_go_to_a_folder(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start_with(backend, &[("EMAIL_OUTBOX", "outbox"), ("SMTP_URL", "")]).await;
    let body = json!({ "email": "ada@example.com", "redirectTo": "/new-password" });
    let answer = app.anonymous().post("/api/auth/request-password-reset", body).await;
    assert_eq!(answer.status, 200, "{answer}");
    eventually("the row is gone", async || is_empty(&app).await).await;

    let files: Vec<_> = fs::read_dir(app.folder().join("outbox"))
        .expect("the folder is there")
        .map(|file| file.expect("it can be read").path())
        .collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert!(name.contains("Z-reset-password-"), "{name}");
    let text = fs::read_to_string(file).expect("the file can be read");
    let message: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!([&message["to"], &message["kind"]], ["ada@example.com", "reset-password"]);
    let url = message["url"].as_str().expect("a link");
    assert!(url.starts_with(&app.url("/api/auth/reset-password/")), "{url}");
    assert!(["subject", "text", "html"].iter().all(|member| message[member].is_string()));
    eventually("developers find the link in the log", async || app.output().contains(url)).await;
}

#[rstest]
#[tokio::test]
async fn in_production_without_a_mail_server_messages_wait(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start_with(backend, &[("APP_ENV", "production"), ("SMTP_URL", "")]).await;
    queue(&app, SECRET, 1).await;
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(app.sql("SELECT attempts FROM email WHERE NOT failed").await, ["0"]);
    assert_eq!(app.output().matches("SMTP_URL is not set").count(), 1);
    assert_discreet(&app);
}
