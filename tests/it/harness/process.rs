//! The `garboard` binary as a child process: its output is kept, and it never outlives the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How long a start or a stop may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the server says, once, when it accepts connections.
const LISTENING: &str = "listening on http://";

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    output: Output,
    pub(crate) address: SocketAddr,
}

/// What a process has written so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output(Arc<Mutex<String>>);

impl Output {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Copies the lines of `stream` into this output, and hands each to `see`, until the stream ends.
    fn follow(&self, stream: impl Read + Send + 'static, see: impl Fn(&str) + Send + 'static) {
        let output = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                see(&line);
                let mut text = output.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
    }
}

impl Process {
    /// Starts `garboard serve` in `folder` and waits until it accepts connections. Lines go to `output`.
    pub(crate) fn serve(folder: &Path, settings: &[(&str, &str)], output: &Output) -> Self {
        let mut child = command(folder, settings)
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server binary starts");
        let (sender, receiver) = mpsc::channel();
        let see = move |line: &str| {
            if let Some((_, address)) = line.split_once(LISTENING) {
                // In a log, the line goes on after the address.
                let address = address.split(['"', ' ']).next().unwrap_or_default();
                // The receiver has gone when the line is printed a second time, which does no harm.
                let _ = sender.send(address.parse());
            }
        };
        output.follow(child.stdout.take().expect("stdout is piped"), see.clone());
        // In production the line is one of the log.
        output.follow(child.stderr.take().expect("stderr is piped"), see);
        let Ok(Ok(address)) = receiver.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the server did not say `{LISTENING}…`; it wrote:\n{}", output.text());
        };
        Self { child, output: output.clone(), address }
    }

    /// Ends the process as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server ends");
    }

    /// Asks the process to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(kill.is_ok_and(|status| status.success()), "the server can be asked to stop");
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("the server can be waited for") {
                return status;
            }
            thread::park_timeout(Duration::from_millis(5));
        }
        panic!("the server did not stop; it wrote:\n{}", self.output.text());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("---- the server wrote ----\n{}", self.output.text());
        }
    }
}

/// Runs a command of `garboard` other than `serve` to its end, and gives what it printed.
pub(crate) fn run(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let done =
        command(folder, settings).args(arguments).output().expect("the server binary starts");
    let text = [done.stdout, done.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    assert!(done.status.success(), "garboard {arguments:?} failed:\n{text}");
    text
}

/// What a command of `garboard` printed, and whether it succeeded.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) success: bool,
    pub(crate) out: String,
    pub(crate) error: String,
}

/// Runs a command of `garboard` to its end, which may be a failure, and lets it read `input`.
pub(crate) fn try_run(
    folder: &Path,
    settings: &[(&str, &str)],
    arguments: &[&str],
    input: &str,
) -> Ran {
    let mut command = command(folder, settings);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A command that does not read may have ended.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let done = child.wait_with_output().expect("the binary ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { success: done.status.success(), out: text(done.stdout), error: text(done.stderr) }
}

/// The binary with exactly these settings: neither the environment nor a `.env` of the developer reaches it.
pub(crate) fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_garboard"));
    command.current_dir(folder).env_clear().envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

/// Starts a command of `garboard` whose output nobody reads.
pub(crate) fn start(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Child {
    let mut command = command(folder, settings);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary starts")
}
