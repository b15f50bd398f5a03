//! Clients that go away in the middle of a request: nobody else loses anything by it.
//!
//! sqlx 0.9.0 leaves a pooled connection inside an open transaction when the future that runs `BEGIN` is dropped
//! (launchbadge/sqlx#4393); what is written on it later may be answered with success and never committed. So it is
//! not enough to look at the requests that were aborted: the last wave is what such a connection would lose, and
//! PostgreSQL's warnings in the server's log tell of such a connection even when nothing is lost.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::App;
use crate::harness::Backend::{self, Postgres, Sqlite};

const CLIENTS: usize = 8;
const REQUESTS: usize = 100;

/// What clients tried to create, and what they know to exist.
#[derive(Default)]
struct Wave {
    attempted: HashSet<String>,
    acknowledged: HashSet<String>,
}

impl Wave {
    fn add(&mut self, other: Self) {
        self.attempted.extend(other.attempted);
        self.acknowledged.extend(other.acknowledged);
    }
}

/// Where the server is, and the token to show there.
#[derive(Clone)]
struct Caller {
    address: SocketAddr,
    token: String,
}

impl Caller {
    /// Sends a request and waits no longer than `patience`. Whether it was answered with success.
    async fn ask(&self, request_line: &str, body: &str, patience: Duration) -> bool {
        let request = format!(
            "{request_line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len(),
        );
        let mut stream =
            TcpStream::connect(self.address).await.expect("the server accepts connections");
        // Dropping the stream resets the connection. The server then drops what it was doing for this client, which
        // it does not do for one that only stops talking.
        stream.set_zero_linger().expect("a connection can be reset");
        stream.write_all(request.as_bytes()).await.expect("the server reads");
        let mut status = [0; 12];
        let Ok(read) = timeout(patience, stream.read_exact(&mut status)).await else {
            return false;
        };
        read.expect("the server answers");
        let status = String::from_utf8_lossy(&status);
        assert!(status.starts_with("HTTP/1.1 20"), "{request_line}: {status}");
        true
    }
}

/// Reads and creates from several clients at once. Each waits for each answer for ever, or for some time shorter than
/// `longest_patience`.
async fn send_wave(
    caller: &Caller,
    name: &'static str,
    requests: usize,
    longest_patience: Option<Duration>,
) -> Wave {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let caller = caller.clone();
        clients.spawn(async move {
            let mut wave = Wave::default();
            for request in 0..requests {
                let name = format!("{name} {client} {request}");
                wave.attempted.insert(name.clone());
                let body =
                    json!({ "name": name, "tasks": [{ "title": "One" }, { "title": "Two" }] })
                        .to_string();
                let patience =
                    || longest_patience.map_or(Duration::MAX, |longest| longest.mul_f64(chance()));
                caller.ask("GET /api/v1/projects?limit=3&include=tasks", "", patience()).await;
                if caller.ask("POST /api/v1/projects", &body, patience()).await {
                    wave.acknowledged.insert(name);
                }
            }
            wave
        });
    }
    let mut all = Wave::default();
    clients.join_all().await.into_iter().for_each(|wave| all.add(wave));
    all
}

/// A number between 0 and 1; a hasher of random keys is the standard library's one source of chance.
fn chance() -> f64 {
    let bits = u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_go_away_lose_nobody_a_write(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    let caller = Caller { address: app.address(), token: ada.token };
    let start = Instant::now();
    let first = send_wave(&caller, "first", REQUESTS / 10, None).await;
    let usual = start.elapsed().div_f64(f64::from(u32::try_from(REQUESTS / 10).unwrap_or(1)));

    // How long a request takes differs from machine to machine and from moment to moment, so clients that turn out too
    // hasty are followed by others with more patience.
    let (mut hasty, mut patience) = (Wave::default(), usual * 2);
    for name in ["hasty", "less hasty", "patient", "more patient"] {
        hasty.add(send_wave(&caller, name, REQUESTS, Some(patience)).await);
        if hasty.acknowledged.len() >= 20 {
            break;
        }
        patience *= 2;
    }
    let last = send_wave(&caller, "last", REQUESTS, None).await;

    let aborted = hasty.attempted.len() - hasty.acknowledged.len();
    assert!(aborted >= 100 && hasty.acknowledged.len() >= 20, "{aborted} were aborted");
    assert_eq!(last.acknowledged.len(), CLIENTS * REQUESTS);

    // After a stop nothing is under way any more.
    assert!(app.stop().success());
    let rows: HashSet<_> = app.sql("SELECT name FROM project").await.into_iter().collect();
    let waves = [&first, &hasty, &last];
    let lost: Vec<_> = waves.iter().flat_map(|wave| wave.acknowledged.difference(&rows)).collect();
    assert_eq!(lost, Vec::<&String>::new());
    assert!(rows.iter().all(|name| waves.iter().any(|wave| wave.attempted.contains(name))));
    assert_eq!(app.count("task").await, 2 * rows.len());
    let log = app.output();
    let complaints: Vec<_> =
        log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    assert_eq!(complaints, Vec::<&str>::new());
}
