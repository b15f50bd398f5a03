//! What the server has written to people, read where it waits to be sent.

use serde_json::Value;
use service::identity::seal::Sealer;

use crate::harness::{App, Client, SECRET};

/// The messages of one kind to an address, oldest first.
pub(crate) async fn letters(app: &App, recipient: &str, kind: &str) -> Vec<Value> {
    let rows = app
        .sql(&format!(
            "SELECT sealed FROM email WHERE recipient = '{recipient}' AND kind = '{kind}' ORDER BY id"
        ))
        .await;
    let sealer = Sealer::new(SECRET);
    let open = |row: &String| {
        let text = sealer.open("email", row).expect("sealed with the secret of the tests");
        serde_json::from_str(&text).expect("a message is JSON")
    };
    rows.iter().map(open).collect()
}

/// The path and query of the link in the newest message of one kind to an address.
pub(crate) async fn link(app: &App, recipient: &str, kind: &str) -> String {
    let letters = letters(app, recipient, kind).await;
    let newest = letters.last().unwrap_or_else(|| panic!("no {kind} for {recipient}"));
    let url = newest["url"].as_str().expect("a link");
    let path = url.split_once("/api/").unwrap_or_else(|| panic!("{url} is not the server's")).1;
    format!("/api/{path}")
}

/// The token in a link.
pub(crate) fn token(link: &str) -> String {
    let (_, rest) = link.split_once("token=").unwrap_or_else(|| panic!("no token in {link}"));
    rest.split('&').next().unwrap_or_default().to_owned()
}

/// Lets a user have shown that they read their mail.
pub(crate) async fn verify(app: &App, user: &Client) {
    let id = app.literal(&user.id);
    app.execute(&format!(r#"UPDATE "user" SET email_verified = true WHERE id = {id}"#)).await;
}

/// The `name=value` of the session cookie that an answer sets.
pub(crate) fn session_cookie(answer: &crate::harness::Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().unwrap_or_default().to_owned()
}
