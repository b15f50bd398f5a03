//! Log lines: text for people, JSON for machines, on the standard error, written by a thread of their own.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, BufWriter, IsTerminal, Write},
    panic, thread,
    time::Duration,
};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, value::LogFormat};

/// How long the writing thread gathers lines.
const GATHER: Duration = Duration::from_millis(10);

/// Starts logging. What is still to be written is written when the guard is dropped.
///
/// # Errors
/// When logging has been started before.
pub fn start(config: &Config) -> anyhow::Result<WorkerGuard> {
    let (writer, guard) = NonBlockingBuilder::default()
        .thread_name("log")
        .finish(Gathered(BufWriter::with_capacity(1 << 16, io::stderr())));
    let lines = tracing_subscriber::fmt().with_env_filter(filter(config)?).with_writer(writer);
    let started = match config.log_format() {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    panic::set_hook(Box::new(log_panic));
    Ok(guard)
}

fn filter(config: &Config) -> anyhow::Result<EnvFilter> {
    // What others say in many lines at start and for each statement, our own lines say once; and what a client sends
    // that is no HTTP is no error of ours. RUST_LOG, coming last, can ask for it all the same.
    let mut directives = vec![
        "actix_http::h1::dispatcher=off",
        "actix_server=warn",
        "sea_orm_migration=warn",
        "sqlx::postgres::notice=warn",
        "sqlx::query=warn",
    ];
    if config.log_queries {
        // With the statements goes the span that names the request they belong to.
        directives.extend(["sqlx::query=debug", "request=debug"]);
    }
    directives.push(&config.rust_log);
    Ok(EnvFilter::builder().parse(directives.join(","))?)
}

/// A writer whose flush takes its time.
///
/// The appender flushes whenever it has caught up, which under light load is after every line; and whoever logs the
/// next line has to wake its thread, which costs the request more than writing would. Asleep it need not be woken.
struct Gathered<W: Write>(BufWriter<W>);

impl<W: Write> Write for Gathered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        thread::sleep(GATHER);
        Ok(())
    }
}

fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let location = panic.location().map(tracing::field::display);
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured)
        .then(|| tracing::field::display(&backtrace));
    let reason = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(target: "panic", location, backtrace, "{reason}");
}
