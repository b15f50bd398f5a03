//! The ways that letters go: to a mail server, or, while developing, to the log and a folder.

use std::{
    error::Error as StdError,
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use entity::email;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp,
};
use serde_json::json;

use super::{Message, letter::Letter};

/// How long each answer of a mail server may take.
const SERVER_TIMEOUT: Duration = Duration::from_secs(30);

/// Refusals of the recipient or the message (RFC 5321, 4.2.2). Others that servers call permanent, such as of the
/// credentials, end when an operator has mended the settings.
const REFUSED: [&str; 5] = ["550", "551", "552", "553", "556"];

/// Who messages are from: `NAME <ADDRESS>`, or only an address. The name is what messages call this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    fn name(&self) -> &str {
        self.0.name.as_deref().unwrap_or_else(|| self.0.email.domain())
    }
}

impl FromStr for Sender {
    type Err = lettre::address::AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where messages go.
#[derive(Clone, Debug)]
pub struct Transport {
    sender: Sender,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Log(Option<PathBuf>),
}

/// Why a message was not sent, in words that repeat nothing of it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: String,
    /// Whether there is no use in trying again.
    pub(super) permanent: bool,
}

impl Transport {
    /// To the mail server that `url` names, as `lettre` reads it.
    ///
    /// # Errors
    /// When it names none.
    pub fn smtp(url: &str, sender: Sender) -> Result<Self, smtp::Error> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?;
        Ok(Self { sender, way: Way::Smtp(server.timeout(Some(SERVER_TIMEOUT)).build()) })
    }

    /// To the log, and to a folder if there is one: for developers, who have no mail server.
    pub fn log(folder: Option<PathBuf>, sender: Sender) -> Self {
        Self { sender, way: Way::Log(folder) }
    }

    pub(super) async fn send(&self, row: &email::Model, message: &Message) -> Result<(), Failure> {
        let letter = message.letter(self.sender.name());
        match &self.way {
            Way::Smtp(server) => {
                let email = self.email(row, letter).map_err(|error| {
                    // The parsers' errors repeat nothing of what they read.
                    Failure { reason: error.to_string(), permanent: true }
                })?;
                server.send(email).await.map(drop).map_err(|error| failure(&error))
            }
            Way::Log(folder) => {
                let id = row.id;
                tracing::info!(kind = row.kind, %id, to = row.recipient, subject = letter.subject, "\n{}", letter.text);
                let Some(folder) = folder else { return Ok(()) };
                // In the development of one person a file more or less does not keep a thread.
                keep(folder, row, message, &letter).map_err(|error| Failure {
                    reason: format!("{}: {error}", folder.display()),
                    permanent: false,
                })
            }
        }
    }

    fn email(
        &self,
        row: &email::Model,
        letter: Letter,
    ) -> Result<lettre::Message, Box<dyn StdError>> {
        let recipient: Address = row.recipient.parse()?;
        let domain = self.sender.0.email.domain();
        let email = lettre::Message::builder()
            .from(self.sender.0.clone())
            .to(recipient.into())
            .subject(letter.subject)
            // The same each time, by which a mail server may know a message that it got twice.
            .message_id(Some(format!("<{}@{domain}>", row.id)))
            // No answers of machines (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))?;
        Ok(email)
    }
}

fn header(name: &'static str, value: &str) -> lettre::message::header::HeaderValue {
    let name = lettre::message::header::HeaderName::new_from_ascii_str(name);
    lettre::message::header::HeaderValue::new(name, value.to_owned())
}

/// A server's answer may repeat the address, so only its number is told; other errors are of the connection.
fn failure(error: &smtp::Error) -> Failure {
    match error.status() {
        Some(code) => {
            let code = code.to_string();
            let permanent = REFUSED.contains(&code.as_str());
            Failure { reason: format!("the mail server answered {code}"), permanent }
        }
        None if error.is_response() => {
            Failure { reason: "the mail server does not speak SMTP".to_owned(), permanent: false }
        }
        None => Failure { reason: error.to_string(), permanent: false },
    }
}

/// Writes the message where a test or a developer looks for it, whole or not at all. A message that is sent twice is
/// one file.
fn keep(folder: &Path, row: &email::Model, message: &Message, letter: &Letter) -> io::Result<()> {
    let file = json!({
        "to": row.recipient,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "kind": row.kind,
        "url": message.url(),
    });
    fs::create_dir_all(folder)?;
    let time = row.created_at.format("%Y%m%dT%H%M%S%.6fZ");
    let name = format!("{time}-{}-{}.json", row.kind, row.id);
    let draft = folder.join(format!(".{name}"));
    private(&draft)?.write_all(format!("{file:#}\n").as_bytes())?;
    fs::rename(draft, folder.join(name))
}

/// Creates a file that nobody else may read: links sign people in.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
