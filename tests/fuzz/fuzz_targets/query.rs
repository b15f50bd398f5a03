//! No text makes the parser of queries panic, and what it understands it can print and understand again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use service::query::{Body, Cursors, ListQuery};

fuzz_target!(|text: &str| {
    let cursors = Cursors::new("a secret");
    let in_url = ListQuery::parse(text, &cursors).ok();
    let in_body = serde_json::from_str::<Body>(text).ok();
    let in_body = in_body.and_then(|body| ListQuery::from_body(body, &cursors).ok());
    for query in [in_url, in_body].into_iter().flatten() {
        let printed = query.print(&cursors);
        // What fits into a body may be too long for a URL.
        match ListQuery::parse(&printed, &cursors) {
            Ok(again) => assert_eq!(again, query, "{printed}"),
            Err(error) => assert!(printed.len() > service::query::MAX_QUERY_BYTES, "{printed}: {error}"),
        }
    }
});
