//! A mail server that answers as a test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it says to a recipient; nothing stands for a server that hangs.
type Answer = Option<&'static str>;

pub(super) const ACCEPT: Answer = Some("250 yes");

/// A running mail server.
#[derive(Debug)]
pub(super) struct Smtp {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    answer: Answer,
    asked: usize,
    messages: Vec<String>,
}

impl Smtp {
    pub(super) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let state = Arc::new(Mutex::new(State { answer, asked: 0, messages: Vec::new() }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                // A client that goes away in the middle is what some tests are about.
                tokio::spawn(async move { serve(stream, &shared).await.unwrap_or_default() });
            }
        });
        Self { address, state, task }
    }

    pub(super) fn url(&self) -> &'static str {
        format!("smtp://{}", self.address).leak()
    }

    /// What it says from now on.
    pub(super) fn answer(&self, answer: Answer) {
        self.with(|state| state.answer = answer);
    }

    /// How many recipients it was asked to take.
    pub(super) fn asked(&self) -> usize {
        self.with(|state| state.asked)
    }

    /// The messages that it has accepted.
    pub(super) fn messages(&self) -> Vec<String> {
        self.with(|state| state.messages.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        with(&self.state, work)
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn with<T>(state: &Mutex<State>, work: impl FnOnce(&mut State) -> T) -> T {
    work(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

/// One connection, to its end.
async fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer = match line.get(..4).unwrap_or_default() {
            "RCPT" => with(state, |state| {
                state.asked += 1;
                state.answer
            }),
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let message = message(&mut lines).await?;
                with(state, |state| state.messages.push(message));
                ACCEPT
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => ACCEPT,
        };
        match answer {
            Some(answer) => write.write_all(format!("{answer}\r\n").as_bytes()).await?,
            None => std::future::pending().await,
        }
    }
    Ok(())
}

async fn message(lines: &mut Lines<BufReader<OwnedReadHalf>>) -> std::io::Result<String> {
    let mut message = String::new();
    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
        message.push_str(&line);
        message.push('\n');
    }
    Ok(message)
}
