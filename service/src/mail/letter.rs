//! What messages say.

use std::fmt::Write;

use super::Message;

/// As much of a name as is shown, in characters.
const MAX_NAME: usize = 60;

/// A message as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// What the letters differ in.
struct Content {
    subject: String,
    greeting: String,
    /// What has happened.
    reason: String,
    /// What the link does.
    action: &'static str,
    /// What to do if that was not the reader.
    otherwise: &'static str,
}

impl Message {
    /// The link.
    pub(super) fn url(&self) -> &str {
        match self {
            Self::VerifyEmail { url, .. }
            | Self::ResetPassword { url, .. }
            | Self::ChangeEmail { url, .. }
            | Self::VerifyNewEmail { url, .. }
            | Self::DeleteAccount { url, .. }
            | Self::MagicLink { url }
            | Self::Invitation { url, .. }
            | Self::ExistingAccount { url, .. } => url,
        }
    }

    /// What the message says, on behalf of `sender`.
    pub(super) fn letter(&self, sender: &str) -> Letter {
        let content = self.content(sender);
        let Content { subject, greeting, reason, action, otherwise } = &content;
        let url = self.url();
        let text =
            format!("{greeting}\n\n{reason}\n\n{action}:\n{url}\n\n{otherwise}\n\n-- \n{sender}\n");
        Letter { subject: subject.clone(), text, html: html(&content, url, sender) }
    }

    fn content(&self, sender: &str) -> Content {
        let name = match self {
            Self::VerifyEmail { name, .. }
            | Self::ResetPassword { name, .. }
            | Self::ChangeEmail { name, .. }
            | Self::VerifyNewEmail { name, .. }
            | Self::DeleteAccount { name, .. }
            | Self::ExistingAccount { name, .. } => shown(name),
            Self::MagicLink { .. } | Self::Invitation { .. } => None,
        };
        let greeting = name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"));
        let (action, otherwise) = self.advice();
        let (subject, reason) = (self.subject(sender), self.reason(sender));
        Content { subject, greeting, reason, action, otherwise }
    }

    fn subject(&self, sender: &str) -> String {
        match self {
            Self::VerifyEmail { .. } => "Confirm your e-mail address".to_owned(),
            Self::ResetPassword { .. } => "Set a new password".to_owned(),
            Self::ChangeEmail { .. } => "Confirm the change of your e-mail address".to_owned(),
            Self::VerifyNewEmail { .. } => "Confirm your new e-mail address".to_owned(),
            Self::DeleteAccount { .. } => "Confirm that your account shall be deleted".to_owned(),
            Self::MagicLink { .. } => format!("Sign in to {}", line(sender)),
            Self::Invitation { organization, .. } => {
                format!("Invitation to {}", shown(organization).unwrap_or_else(an_organization))
            }
            Self::ExistingAccount { .. } => "You already have an account".to_owned(),
        }
    }

    fn reason(&self, sender: &str) -> String {
        match self {
            Self::VerifyEmail { .. } => {
                format!("This address was given for an account at {sender}. Confirm that you read its mail.")
            }
            Self::ResetPassword { .. } => {
                format!("Somebody asked for a new password for your account at {sender}.")
            }
            Self::ChangeEmail { new_email, .. } => {
                let new_email = line(new_email);
                format!("Somebody asked to change the address of your account at {sender} to {new_email}.")
            }
            Self::VerifyNewEmail { .. } => {
                format!("This is to be the new address of an account at {sender}. Confirm that you read its mail.")
            }
            Self::DeleteAccount { .. } => {
                format!("Somebody asked to delete your account at {sender}, with all that belongs to it. This cannot be undone.")
            }
            Self::MagicLink { .. } => {
                "Somebody asked for a link that signs in with this address. It works once, for a short time.".to_owned()
            }
            Self::Invitation { organization, inviter, .. } => {
                let organization = shown(organization).unwrap_or_else(an_organization);
                let inviter = shown(inviter).unwrap_or_else(|| "Somebody".to_owned());
                format!("{inviter} invites you to join {organization} at {sender}.")
            }
            Self::ExistingAccount { .. } => {
                format!("Somebody tried to sign up at {sender} with this address, which has an account already. Nothing was changed.")
            }
        }
    }

    /// What the link does, and what to do if that was not the reader.
    fn advice(&self) -> (&'static str, &'static str) {
        match self {
            Self::VerifyEmail { .. } => (
                "Confirm this address",
                "If you did not sign up, ignore this message: nobody can prove that the address is theirs.",
            ),
            Self::ResetPassword { .. } => (
                "Set a new password",
                "If that was not you, ignore this message: your password stays as it is.",
            ),
            Self::ChangeEmail { .. } => ("Approve the change", IN_DANGER),
            Self::VerifyNewEmail { .. } => (
                "Confirm this address",
                "If that was not you, ignore this message: the account keeps its old address.",
            ),
            Self::DeleteAccount { .. } => ("Delete my account", IN_DANGER),
            Self::MagicLink { .. } => (
                "Sign in",
                "If that was not you, ignore this message, and give the link to nobody.",
            ),
            Self::Invitation { .. } => (
                "See the invitation",
                "If you do not know them, ignore this message: you join nothing by that.",
            ),
            Self::ExistingAccount { .. } => (
                "Sign in",
                "If that was not you, ignore this message. If you have forgotten your password, you can ask for a new one where you sign in.",
            ),
        }
    }
}

const IN_DANGER: &str = "If that was not you, do not follow the link, and change your password: somebody may be using your account.";

fn an_organization() -> String {
    "an organization".to_owned()
}

/// A name that somebody chose, in a message that we send to others: one short line, and none at all if it is rather a
/// link, or else anybody could send advertisements in our name.
fn shown(name: &str) -> Option<String> {
    let name = line(name);
    let is_link = ["://", "www."].iter().any(|part| name.to_lowercase().contains(part));
    let name: String = name.chars().take(MAX_NAME).collect();
    (!is_link && !name.is_empty()).then_some(name)
}

/// The words in one line.
fn line(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A page without images, scripts or colours of the text: readers with a dark background keep theirs. The button has
/// both its colours, and the link stands there in full for who wants to see where it goes.
fn html(content: &Content, url: &str, sender: &str) -> String {
    let Content { subject, greeting, reason, action, otherwise } = content;
    let [subject, greeting, reason, url, sender] =
        [subject, greeting, reason, url, sender].map(escape);
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div role="article" aria-label="{subject}" style="max-width:560px;margin:0 auto">
<p>{greeting}</p>
<p>{reason}</p>
<p><a href="{url}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#1d4ed8;color:#ffffff;font-weight:600;text-decoration:none">{action}</a></p>
<p style="font-size:14px">Or open this address:<br><a href="{url}" style="word-break:break-all">{url}</a></p>
<p style="font-size:14px">{otherwise}</p>
<p style="font-size:14px">{sender}</p>
</div>
</body>
</html>
"#
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://example.com/verify?token=abc&callbackURL=%2F";

    fn all(name: &str) -> [Message; 8] {
        let (name, url) = (name.to_owned(), URL.to_owned());
        [
            Message::VerifyEmail { name: name.clone(), url: url.clone() },
            Message::ResetPassword { name: name.clone(), url: url.clone() },
            Message::ChangeEmail { name: name.clone(), new_email: name.clone(), url: url.clone() },
            Message::VerifyNewEmail { name: name.clone(), url: url.clone() },
            Message::DeleteAccount { name: name.clone(), url: url.clone() },
            Message::MagicLink { url: url.clone() },
            Message::Invitation {
                organization: name.clone(),
                inviter: name.clone(),
                url: url.clone(),
            },
            Message::ExistingAccount { name, url },
        ]
    }

    #[test]
    fn every_letter_has_its_link_and_says_what_to_do_if_that_was_not_you() {
        for message in all("Ada") {
            let Letter { subject, text, html } = message.letter("Garboard");
            assert!(!subject.is_empty() && subject.len() < 78, "{subject}");
            assert!(text.contains(&format!(":\n{URL}\n")), "{text}");
            assert!(html.contains(&format!("href=\"{}\"", escape(URL))), "{html}");
            for body in [text, html] {
                assert!(body.contains("Garboard") && body.contains("If "), "{body}");
            }
        }
    }

    #[test]
    fn nothing_that_somebody_chose_becomes_html_or_a_header() {
        for message in all("<img src=x onerror='a()'> & \"b\"\r\nBcc: eve@example.com") {
            let Letter { subject, html, text } = message.letter("A \"B\" <script>");
            assert!(!subject.contains(['\r', '\n']), "{subject:?}");
            assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
            assert!(!html.contains("onerror='") && !html.contains("& "), "{html}");
            assert!(!text.contains("\nBcc"), "{text}");
        }
        assert_eq!(escape("<a href='x'>\"&"), "&#60;a href=&#39;x&#39;&#62;&#34;&#38;");
    }

    #[test]
    fn a_name_that_advertises_is_not_shown() {
        for name in ["Win at https://evil.example", "WWW.evil.example", " \t\n"] {
            assert_eq!(shown(name), None);
            let letter = Message::ResetPassword { name: name.to_owned(), url: URL.to_owned() };
            assert!(letter.letter("Garboard").text.starts_with("Hello,\n"));
        }
        assert_eq!(shown(" Ada \r\n Lovelace").as_deref(), Some("Ada Lovelace"));
        assert_eq!(shown(&"a".repeat(500)).map(|name| name.len()), Some(MAX_NAME));
    }
}
