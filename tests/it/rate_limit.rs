//! How often something may be tried: by one client, by all processes together, and with wrong passwords.

use std::{num::NonZeroU32, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use serde_json::json;
use service::{
    Caller,
    limit::{self, Outcome, Patience, Quota},
    sweep::sweep,
};
use tokio::task::{JoinSet, LocalSet};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{Answer, App, Client, PASSWORD, assert_snapshot};

const QUOTA: Quota =
    Quota { requests: NonZeroU32::new(3).unwrap(), window: Duration::from_secs(9) };
const PATIENCE: Patience = Patience { attempts: 3, pause: Duration::from_mins(1) };
const RESET: &str = "/api/auth/request-password-reset";

async fn sign_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/auth/sign-in/email", json!({ "email": email, "password": password })).await
}

/// Asks for something of which three are allowed in a minute, and says whether it was let through.
async fn is_counted(client: &Client, address: &str) -> bool {
    let request = client.request("POST", RESET).header("x-forwarded-for", address);
    request.json(&json!({ "email": "nobody@example.com" })).send().await.status != 429
}

#[rstest]
#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start_with(backend, &[("RATE_LIMIT", "100/60s")]).await;
    let [ada] = app.users(["ada"]);

    let first = ada.get("projects").await;
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=100;w=60");
    assert_eq!(first.header("ratelimit"), "\"default\";r=99;t=1");
    let mut answer = first;
    // The quota refills while it is used up, so it takes a few more.
    for _ in 0..200 {
        answer = ada.get("projects").await;
        if answer.status != 200 {
            break;
        }
    }
    assert_snapshot!(answer.problem(), @"
    429 too-many-requests
    Retry-After: 1
    ");
    assert!(answer.header("ratelimit").starts_with("\"default\";r=0;"));
    assert_eq!(app.anonymous().get("/livez").await.status, 200);
}

#[rstest]
#[tokio::test]
async fn passwords_cannot_be_guessed_quickly(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start_with(backend, &[("RATE_LIMIT", "100/60s")]).await;
    let nobody = app.anonymous();

    for left in (0..3).rev() {
        let answer = sign_in(&nobody, "ada@example.com", "wrong horse battery").await;
        assert_eq!(answer.status, 401, "{answer}");
        assert_eq!(answer.header("ratelimit-policy"), "\"sign-in\";q=3;w=10");
        let standing = answer.header("ratelimit");
        assert!(standing.starts_with(&format!("\"sign-in\";r={left};t=")), "{standing}");
    }
    // Refused whatever comes, before it is read.
    let answer = nobody.request("POST", "/api/auth/sign-in/email").body("{").send().await;
    assert_eq!(answer.status, 429, "{answer}");
    assert_eq!(answer.text(), r#"{"message":"Too many requests. Please try again later."}"#);
    assert!((1..=4).contains(&answer.header("x-retry-after").parse().unwrap_or(0)), "{answer}");
    assert_eq!(answer.header("retry-after"), answer.header("x-retry-after"));

    let escaped = nobody.request("POST", "/api/auth/sign%2Din/email").body("{").send().await;
    assert_eq!(escaped.status, 429, "the same route, written otherwise");
    assert_eq!(nobody.get("/api/auth/get-session").await.status, 200);
    assert_eq!(nobody.post("/api/auth/sign-out", json!({})).await.status, 200, "another rule");
}

#[rstest]
#[tokio::test]
async fn ghsa_44jh_23m7_hpcf_two_processes_let_no_more_through_than_one(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app =
        App::start_with(backend, &[("RATE_LIMIT", "on"), ("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let (_process, other) = app.another();
    let clients = [app.anonymous(), other];

    let mut requests = JoinSet::new();
    for number in 0..40 {
        let client = clients[number % clients.len()].clone();
        requests.spawn(async move { is_counted(&client, "192.0.2.1").await });
    }
    let passed = requests.join_all().await.into_iter().filter(|passed| *passed).count();

    assert_eq!(passed, 3);
    for client in clients {
        assert!(!is_counted(&client, "192.0.2.1").await, "for both");
        assert!(is_counted(&client, "192.0.2.2").await, "another client");
    }
    let [row] = &app.sql("SELECT key FROM rate_limit WHERE key LIKE '%.1'").await[..] else {
        panic!("one row counts");
    };
    assert_eq!(row, "reset-password:192.0.2.1");
}

#[rstest]
#[tokio::test]
async fn ghsa_p6v2_xcpg_h6xw_who_owns_a_network_is_one_client(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app =
        App::start_with(backend, &[("RATE_LIMIT", "on"), ("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let nobody = app.anonymous();

    for address in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:0DB8::1:0:0:0:3"] {
        assert!(is_counted(&nobody, address).await, "{address}");
    }
    for address in ["2001:db8:0:1::4", "2001:db8:0000:0001:5:6:7:8", "[2001:db8:0:1::9]:5555"] {
        assert!(!is_counted(&nobody, address).await, "{address}");
    }
    assert!(is_counted(&nobody, "2001:db8:0:2::1").await, "another network");
    for _ in 0..3 {
        assert!(is_counted(&nobody, "::ffff:192.0.2.1").await);
    }
    assert!(!is_counted(&nobody, "192.0.2.1").await, "the same address");
}

#[rstest]
#[tokio::test]
async fn nobody_is_let_through_uncounted(#[values(Sqlite, Postgres)] backend: Backend) {
    let settings = [("RATE_LIMIT", "on"), ("DATABASE_STATEMENT_TIMEOUT", "1s")];
    let app = App::start_with(backend, &settings).await;
    let held = app
        .hold(match backend {
            Sqlite => "BEGIN IMMEDIATE",
            Postgres => "BEGIN; LOCK TABLE rate_limit IN ACCESS EXCLUSIVE MODE",
        })
        .await;
    assert_eq!(sign_in(&app.anonymous(), "ada@example.com", PASSWORD).await.status, 503);
    drop(held);
    assert_eq!(sign_in(&app.anonymous(), "ada@example.com", PASSWORD).await.status, 200);
}

#[rstest]
#[tokio::test]
async fn ten_wrong_passwords_lock_an_address_whether_it_is_known_or_not(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values("ada@example.com", "nobody@example.com")] email: &'static str,
) {
    let app = App::start(backend).await;
    let nobody = app.anonymous();

    let mut guesses = JoinSet::new();
    for _ in 0..16 {
        let nobody = nobody.clone();
        guesses.spawn(async move { sign_in(&nobody, email, "wrong horse battery").await.status });
    }
    let mut statuses = guesses.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[401; 10].as_slice(), &[429; 6]].concat());

    let answer = sign_in(&nobody, &email.to_uppercase(), PASSWORD).await;
    assert_eq!(answer.status, 429, "{answer}");
    assert_snapshot!(
        answer.text(),
        @r#"{"message":"Account is temporarily locked due to too many failed attempts. Please try again later.","code":"ACCOUNT_TEMPORARILY_LOCKED"}"#
    );
    let wait = answer.header("retry-after").parse().unwrap_or(0);
    assert!((800..=900).contains(&wait), "{answer}");
    assert_eq!(answer.header("x-retry-after"), answer.header("retry-after"));
    assert_eq!(sign_in(&nobody, "bob@example.com", PASSWORD).await.status, 200, "others are not");

    assert_eq!(app.sql("SELECT attempts FROM rate_limit").await, ["10"]);
    let keys = app.sql("SELECT key FROM rate_limit").await.concat();
    assert!(!keys.contains("example"), "{keys}");

    app.execute("UPDATE rate_limit SET full_at = full_at - 900000000").await;
    let expected = if email == "ada@example.com" { 200 } else { 401 };
    assert_eq!(sign_in(&nobody, email, PASSWORD).await.status, expected, "after 15 minutes");
}

#[rstest]
#[tokio::test]
async fn the_right_password_clears_the_wrong_ones(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let nobody = app.anonymous();
    for _ in 0..2 {
        for _ in 0..9 {
            let answer = sign_in(&nobody, "ada@example.com", "wrong horse battery").await;
            assert_eq!(answer.status, 401, "{answer}");
        }
        assert_eq!(sign_in(&nobody, "ada@example.com", PASSWORD).await.status, 200);
        assert_eq!(app.count("rate_limit").await, 0);
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn wait(seconds: u64) -> Outcome {
    Outcome::Refused { wait: Duration::from_secs(seconds) }
}

fn left(remaining: u32, seconds: u64) -> Outcome {
    Outcome::Allowed { remaining, reset: Duration::from_secs(seconds) }
}

#[rstest]
#[tokio::test]
async fn an_allowance_comes_back_little_by_little(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let database = app.service().await;
    let take =
        async |seconds| limit::take(&database, at(seconds), "key", QUOTA).await.expect("it counts");
    let work = async {
        assert_eq!(
            [take(0).await, take(0).await, take(0).await],
            [left(2, 3), left(1, 6), left(0, 9)]
        );
        assert_eq!([take(0).await, take(1).await, take(2).await], [wait(3), wait(2), wait(1)]);
        assert_eq!([take(3).await, take(3).await], [left(0, 9), wait(3)]);
        assert_eq!([take(11).await, take(100).await], [left(1, 4), left(2, 3)]);
        let other = limit::take(&database, at(0), "another key", QUOTA).await;
        assert_eq!(other.expect("it counts"), left(2, 3));
    };
    LocalSet::new().run_until(work).await;
}

#[rstest]
#[tokio::test]
async fn attempts_come_back_all_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let database = app.service().await;
    let attempt = async |seconds| {
        limit::attempt(&database, at(seconds), "key", PATIENCE).await.expect("it counts")
    };
    let work = async {
        assert_eq!([attempt(0).await, attempt(50).await], [left(2, 60), left(1, 60)]);
        assert_eq!([attempt(100).await, attempt(100).await], [left(0, 60), wait(60)]);
        assert_eq!([attempt(159).await, attempt(160).await], [wait(1), left(2, 60)]);
        assert_eq!([attempt(160).await, attempt(160).await], [left(1, 60), left(0, 60)]);
        database.write(async |tx| limit::give_back(tx, "key").await).await.expect("given back");
        assert_eq!([attempt(160).await, attempt(160).await], [left(0, 60), wait(60)]);
        database.write(async |tx| limit::forget(tx, "key").await).await.expect("forgotten");
        assert_eq!(attempt(160).await, left(2, 60));
        assert_eq!([attempt(220).await, attempt(279).await], [left(2, 60), left(1, 60)]);
    };
    LocalSet::new().run_until(work).await;
}

#[rstest]
#[tokio::test]
async fn what_has_expired_is_swept(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let database = app.service().await;
    let (sessions, proofs) = (app.count("session").await, app.count("verification").await);
    let now = Caller::system().at;
    LocalSet::new()
        .run_until(async {
            for key in 0..1200 {
                let key = key.to_string();
                limit::take(&database, now - TimeDelta::hours(1), &key, QUOTA)
                    .await
                    .expect("it counts");
            }
            limit::take(&database, now, "still counting", QUOTA).await.expect("it counts");
            assert_eq!(sweep(&database, now).await.expect("swept"), 1200);
            assert_eq!(app.sql("SELECT key FROM rate_limit").await, ["still counting"]);
            assert_eq!(app.count("session").await, sessions);

            let later = now + TimeDelta::days(8);
            let both = tokio::join!(sweep(&database, later), sweep(&database, later));
            let swept = both.0.expect("swept") + both.1.expect("swept");
            assert_eq!(usize::try_from(swept), Ok(sessions + proofs + 1));
            assert_eq!([app.count("session").await, app.count("verification").await], [0, 0]);
        })
        .await;
}
