//! What identity does to a database, tried on one.

use std::{
    future::Future,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use chrono::TimeDelta;
use entity::{prelude::User, user};
use sea_orm::{ConnectionTrait, Set};
use tokio::task::LocalSet;

use super::{
    credential::{Login, SignIn, SignUp, SignedUp, sign_in, sign_up},
    session::{Device, LIFETIME, SHORT_LIFETIME, SignedIn, authenticate, current, end},
    *,
};
use crate::{
    Caller,
    database::{DatabaseOptions, Synchronous},
    seed, write,
};

/// Runs `test` on a migrated database of its own, on a thread such as actix's.
async fn with_database<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let name =
        format!("garboard-{}-{}.db", std::process::id(), LAST.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let removed = Removed(path.clone());
    let url = format!("sqlite://{}?mode=rwc", path.display());
    migration::migrate(url.clone()).await.unwrap();
    let options = DatabaseOptions {
        url,
        max_connections: 2,
        min_connections: 0,
        idle_timeout: Duration::from_mins(1),
        connect_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_secs(10),
        synchronous: Synchronous::Normal,
        log_queries: false,
    };
    let work = async { test(Database::connect(&options).await.unwrap()).await };
    LocalSet::new().run_until(work).await;
    drop(removed);
}

/// A file that is gone in the end, also if the test fails.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

fn tools() -> Tools {
    Tools {
        hasher: Hasher::new(2),
        mailer: Mailer::new(seal::Sealer::new("a secret of the tests, forty characters")),
        base_url: "http://localhost:8080".into(),
        app_url: "http://localhost:3000".into(),
        verified_only: false,
    }
}

fn ada(remember: bool) -> SignUp {
    SignUp {
        name: "Ada".to_owned(),
        email: "Ada@Example.com".to_owned(),
        password: "correct horse".to_owned(),
        image: None,
        username: None,
        display_username: None,
        callback_url: None,
        remember,
    }
}

fn credentials(password: &str) -> SignIn {
    SignIn {
        login: Login::Email("ada@example.com".to_owned()),
        password: password.to_owned(),
        callback_url: None,
        remember: true,
    }
}

async fn signed_up(database: &Database, caller: &Caller, remember: bool) -> SignedIn {
    let device = Device::default();
    match sign_up(database, &tools(), caller, &ada(remember), &device).await.unwrap() {
        SignedUp::In(opened) => *opened,
        SignedUp::Unverified(user) => panic!("{} is not signed in", user.email),
    }
}

async fn signed_in(
    database: &Database,
    caller: &Caller,
    password: &str,
) -> Result<SignedIn, IdentityError> {
    let device = Device::default();
    sign_in(database, &tools(), caller, &credentials(password), &device).await
}

async fn count(database: &Database, table: &'static str) -> i64 {
    let select = sea_orm::sea_query::Query::select()
        .expr(sea_orm::sea_query::Expr::cust("count(*)"))
        .from(table)
        .take();
    let row = database.reader().query_one(&select).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn a_user_is_known_by_the_token_alone() {
    with_database(async |database| {
        let caller = Caller::system();
        let SignedIn { token, session, user } = signed_up(&database, &caller, true).await;
        let who = async |token: &str, after| {
            authenticate(database.reader(), caller.at + after, token).await.unwrap()
        };

        assert_eq!(user.email, "ada@example.com");
        let principal = who(token.reveal(), TimeDelta::zero()).await.unwrap();
        assert_eq!((principal.id, principal.session_id), (user.id, session.id));
        assert!(!principal.is_admin());
        assert!(who(&session.token_hash, TimeDelta::zero()).await.is_none());
        assert!(who("", TimeDelta::zero()).await.is_none());
        assert!(who(token.reveal(), LIFETIME - TimeDelta::seconds(1)).await.is_some());
        assert!(who(token.reveal(), LIFETIME).await.is_none());

        end(&database, token.reveal()).await.unwrap();
        assert!(who(token.reveal(), TimeDelta::zero()).await.is_none());
        end(&database, token.reveal()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_password_is_right_or_wrong() {
    with_database(async |database| {
        let caller = Caller::system();
        let first = signed_up(&database, &caller, true).await;

        let second = signed_in(&database, &caller, "correct horse").await.unwrap();
        assert_eq!(second.user, first.user);
        assert_ne!(second.token, first.token);
        let wrong = signed_in(&database, &caller, "correct hearse").await;
        assert!(matches!(wrong, Err(IdentityError::InvalidEmailOrPassword)));
        let login = Login::Email("bob@example.com".to_owned());
        let unknown = SignIn { login, ..credentials("correct horse") };
        let device = Device::default();
        let unknown = sign_in(&database, &tools(), &caller, &unknown, &device).await;
        assert!(matches!(unknown, Err(IdentityError::InvalidEmailOrPassword)));
        assert_eq!(count(&database, "session").await, 2);
        assert_eq!(count(&database, "audit_log").await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_address_is_taken_once_however_many_ask_at_once() {
    with_database(async |database| {
        let (caller, input, device) = (Caller::system(), ada(true), Device::default());
        let tools = tools();
        let ask = || sign_up(&database, &tools, &caller, &input, &device);

        let outcomes = tokio::join!(ask(), ask(), ask());
        let outcomes = [outcomes.0, outcomes.1, outcomes.2];

        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let refused = outcomes
            .iter()
            .filter(|it| matches!(it, Err(IdentityError::UserAlreadyExistsUseAnotherEmail)));
        assert_eq!(refused.count(), 2);
        for table in ["user", "account", "session", "audit_log"] {
            assert_eq!(count(&database, table).await, 1, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_in_use_is_extended_once_a_day() {
    with_database(async |database| {
        let caller = Caller::system();
        let token = signed_up(&database, &caller, true).await.token;
        let use_after = async |hours, extend| {
            let at = caller.at + TimeDelta::hours(hours);
            current(&database, at, token.reveal(), extend).await.unwrap()
        };
        let week_after = |hours| (caller.at + TimeDelta::hours(hours) + LIFETIME).fixed_offset();

        for (hours, extend, extended, from) in [
            (23, true, false, 0),
            (25, false, false, 0),
            (25, true, true, 25),
            (48, true, false, 25),
            (49, true, true, 49),
        ] {
            let found = use_after(hours, extend).await.unwrap();
            assert_eq!((found.extended, found.session.expires_at), (extended, week_after(from)));
        }
        assert!(use_after(49 + 7 * 24, true).await.is_none());
        assert_eq!(count(&database, "session").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_not_to_be_remembered_lasts_a_day() {
    with_database(async |database| {
        let caller = Caller::system();
        let SignedIn { token, session, .. } = signed_up(&database, &caller, false).await;
        assert_eq!(session.expires_at, (caller.at + SHORT_LIFETIME).fixed_offset());

        let before = caller.at + SHORT_LIFETIME - TimeDelta::seconds(1);
        let found = current(&database, before, token.reveal(), true).await.unwrap().unwrap();
        assert!(!found.extended);
        let after = caller.at + SHORT_LIFETIME;
        assert!(current(&database, after, token.reveal(), true).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_ban_holds_until_it_expires() {
    with_database(async |database| {
        let caller = Caller::system();
        let SignedIn { token, user, .. } = signed_up(&database, &caller, true).await;
        let banned_until = caller.at + TimeDelta::hours(1);
        let (by, id) = (caller.clone(), user.id);
        let ban = async move |tx: &Transaction| {
            let change = user::ActiveModel {
                banned: Set(true),
                ban_expires: Set(Some(banned_until.fixed_offset())),
                ..Default::default()
            };
            write::update::<User>(tx, &by, "ban", user.clone(), change).await
        };
        database.write(ban).await.unwrap();

        let refused = signed_in(&database, &caller, "correct horse").await;
        assert!(matches!(refused, Err(IdentityError::BannedUser)));
        assert!(
            authenticate(database.reader(), caller.at, token.reveal()).await.unwrap().is_none()
        );
        assert!(current(&database, caller.at, token.reveal(), true).await.unwrap().is_none());

        let later = Caller { at: banned_until, ..caller };
        let user = signed_in(&database, &later, "correct horse").await.unwrap().user;
        assert_eq!((user.id, user.banned, user.ban_expires), (id, false, None));
    })
    .await;
}

#[tokio::test]
async fn an_empty_database_is_filled_once() {
    with_database(async |database| {
        let made = seed::demonstration(&database, &tools().hasher).await.unwrap().unwrap();
        assert!(seed::demonstration(&database, &tools().hasher).await.unwrap().is_none());

        for (table, rows) in
            [("user", 3), ("member", 2), ("theme", 3), ("project", 7), ("task", 18)]
        {
            assert_eq!(count(&database, table).await, rows, "{table}");
        }
        let login = Login::Email(made.email);
        let input = SignIn { login, ..credentials(&made.password) };
        let device = Device::default();
        assert!(sign_in(&database, &tools(), &Caller::system(), &input, &device).await.is_ok());
    })
    .await;
}
