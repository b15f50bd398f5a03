//! Exports: all rows of a list, of one moment, streamed as they are read.
//!
//! A task reads one batch after another in one snapshot and waits until the last one but [`AHEAD`] has been taken, so
//! an export of any length needs the memory of a few batches. When the client goes, or stops to read, the task ends
//! and its connection is free again.

use std::{cell::Cell, future::ready, rc::Rc, sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, rt, web};
use bytes::Bytes;
use csv::{Terminator, WriterBuilder};
use futures_util::{StreamExt, stream};
use serde_json::{Value, value::RawValue};
use service::{
    Caller, Error, Record, Resource, Transaction,
    query::{self, DEFAULT_LIMIT, ListQuery, ast::Window, policy::IndexPolicy},
    table::Table,
};
use tokio::{
    select,
    sync::{Semaphore, mpsc},
    time::{Instant, timeout_at},
};

use crate::{
    extract::{Audience, Db, Lists},
    problem::Problem,
    resource::Answer,
};

/// How many rows are read at a time.
const BATCH: u64 = 500;
/// How many batches may wait for their reader.
const AHEAD: usize = 2;
/// How long a reader may take for one batch, and for all of them.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_mins(15);
/// What makes a spreadsheet take a text for a formula when it begins with it (OWASP, CSV Injection).
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// How many exports a worker makes at a time: each keeps a connection for as long as its reader reads.
#[derive(Debug)]
pub(crate) struct Exports(Arc<Semaphore>);

impl Exports {
    /// For a worker that has so many connections: half of them.
    pub(crate) fn new(connections: u32) -> Self {
        let most = usize::try_from(connections / 2).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(most.max(1))))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Ndjson,
    Csv,
}

pub(crate) async fn export<E: Resource, A: Audience>(
    request: HttpRequest,
    db: Db,
    exports: web::Data<Exports>,
    audience: A,
) -> Answer {
    let (format, query) = asked(&request)?;
    let turn = Arc::clone(&exports.0)
        .try_acquire_owned()
        .map_err(|_none| Error::Busy { retry_after: Duration::from_secs(5), cause: None })?;
    let (sender, mut batches) = mpsc::channel(AHEAD);
    let state = Rc::new(Cell::new(State::New));
    let export = Export {
        caller: audience.into_caller(),
        table: Table::of::<E>(),
        query,
        format,
        sender: sender.clone(),
        state: Rc::clone(&state),
        end: Instant::now() + LONGEST,
    };
    let began = Rc::clone(&state);
    rt::spawn(async move {
        if let Err(error) = db.read(async move |tx| export.run(tx).await).await {
            if began.get() == State::New {
                // Nothing has been sent, so there is room; and if the client has gone, nobody to be told.
                let _ = sender.try_send(Err(error));
            } else {
                tracing::warn!(%error, "an export broke off");
            }
        }
        drop(turn);
    });
    // What is wrong with the query shows before the first batch, while there can still be another status.
    let Some(first) = batches.recv().await else { return Err(Problem::Internal) };
    let first = first?;
    let rest = stream::unfold(Some(batches), move |batches| {
        let state = Rc::clone(&state);
        async move {
            let mut batches = batches?;
            match batches.recv().await {
                Some(batch) => Some((batch, Some(batches))),
                None if state.get() == State::Complete => None,
                // Without an error here, what has been sent would look like all there is.
                None => Some((Err(Error::Panicked), None)),
            }
        }
    });
    let (media_type, extension) = match format {
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
    };
    let name = format!("attachment; filename=\"{}.{extension}\"", E::PATH);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(stream::once(ready(Ok(first))).chain(rest)))
}

/// The query of an export: that of a list without its pages, and `format`.
fn asked(request: &HttpRequest) -> Result<(Format, ListQuery), Problem> {
    let pairs = request.query_string().split('&');
    let (formats, others): (Vec<_>, Vec<_>) =
        pairs.partition(|pair| *pair == "format" || pair.starts_with("format="));
    let format = match formats.as_slice() {
        [] | ["format=ndjson"] => Format::Ndjson,
        ["format=csv"] => Format::Csv,
        _ => return Err(Error::bad_query("format", "is ndjson or csv").into()),
    };
    let query = Lists::of(request)?.parse(&others.join("&"))?;
    let given = [
        (query.window != Window::Page(1), "page"),
        (query.limit != DEFAULT_LIMIT, "limit"),
        (query.count.is_some(), "count"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, name)) => {
            Err(Error::bad_query(*name, "an export has all rows and no pages").into())
        }
        None => Ok((format, query)),
    }
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Begun,
    Complete,
}

/// An export under way.
struct Export {
    caller: Caller,
    table: &'static Table,
    query: ListQuery,
    format: Format,
    sender: mpsc::Sender<Result<Bytes, Error>>,
    state: Rc<Cell<State>>,
    end: Instant,
}

impl Export {
    async fn run(&self, tx: &Transaction) -> Result<(), Error> {
        // A second attempt would send again what the first has sent.
        if self.state.get() != State::New {
            return Ok(());
        }
        let mut head = match self.format {
            Format::Csv => Some(query::members(self.table, &self.query)?),
            Format::Ndjson => None,
        };
        let mut batch =
            ListQuery { window: Window::Cursor(None), limit: BATCH, ..self.query.clone() };
        loop {
            let page = select! {
                page = query::list(tx, &self.caller, self.table, &batch) => page?,
                () = self.sender.closed() => return Ok(()),
            };
            let bytes = match self.format {
                Format::Csv => csv(head.take(), &page.items),
                Format::Ndjson => ndjson(&page.items),
            };
            let deadline = (Instant::now() + PATIENCE).min(self.end);
            if !matches!(timeout_at(deadline, self.sender.send(Ok(bytes))).await, Ok(Ok(()))) {
                tracing::debug!("an export is no longer read");
                return Ok(());
            }
            self.state.set(State::Begun);
            // What was let begin is let end.
            batch.index_policy = IndexPolicy::default();
            let [_, next] = page.positions;
            if next.is_none() {
                self.state.set(State::Complete);
                return Ok(());
            }
            batch.window = Window::Cursor(next);
        }
    }
}

fn ndjson(records: &[Record]) -> Bytes {
    let mut bytes = Vec::new();
    for record in records {
        // Writing a record to memory does not fail: its keys are text.
        let _ = serde_json::to_writer(&mut bytes, record);
        bytes.push(b'\n');
    }
    bytes.into()
}

/// Records as RFC 4180 has them, after their names if these are given.
fn csv(head: Option<Vec<&str>>, records: &[Record]) -> Bytes {
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(Vec::new());
    // Writing to memory does not fail.
    if let Some(head) = head {
        let _ = writer.write_record(head);
    }
    for record in records {
        let _ = writer.write_record(record.values().map(|value| cell(&value)));
    }
    writer.into_inner().unwrap_or_default().into()
}

/// Text as it is, unless a spreadsheet would compute it; nothing for null; everything else as JSON.
fn cell(json: &RawValue) -> String {
    match serde_json::from_str(json.get()) {
        Ok(Value::Null) => String::new(),
        Ok(Value::String(text)) if text.starts_with(FORMULA) => format!("'{text}"),
        Ok(Value::String(text)) => text,
        _ => json.get().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(value: &Value) -> String {
        cell(&serde_json::value::to_raw_value(value).expect("JSON"))
    }

    #[test]
    fn what_a_spreadsheet_would_compute_is_marked_as_text() {
        for text in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"]
        {
            assert_eq!(shown(&json!(text)), format!("'{text}"));
        }
        for (value, expected) in
            [(json!("a=1"), "a=1"), (json!(-1), "-1"), (json!(null), ""), (json!(true), "true")]
        {
            assert_eq!(shown(&value), expected);
        }
    }
}
