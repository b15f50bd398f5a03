//! Messages to people. A message is written in the transaction of what it tells of, so it is sent if that happened and
//! only then; a worker sends it afterwards, so that nobody waits for a mail server.

mod letter;
mod transport;
mod worker;

use std::sync::Arc;

use entity::{email, prelude::Email};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use tokio::sync::Notify;

pub use self::{
    transport::{Sender, Transport},
    worker::Worker,
};

use crate::{
    Caller, Error, Result, Transaction,
    identity::{new_id, seal::Sealer},
};

/// A message, by what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Message {
    /// To a new address: follow the link to show that you read this.
    VerifyEmail {
        /// Whom it is for.
        name: String,
        /// The link.
        url: String,
    },
    /// To who has forgotten a password: set a new one here.
    ResetPassword {
        /// Whom it is for.
        name: String,
        /// The link.
        url: String,
    },
    /// To the old address of who wants another one: follow the link if that was you.
    ChangeEmail {
        /// Whom it is for.
        name: String,
        /// The address that is wanted.
        new_email: String,
        /// The link.
        url: String,
    },
    /// To the new address of who wants another one: follow the link to show that you read this.
    VerifyNewEmail {
        /// Whom it is for.
        name: String,
        /// The link.
        url: String,
    },
    /// To who wants to be deleted: follow the link if that was you.
    DeleteAccount {
        /// Whom it is for.
        name: String,
        /// The link.
        url: String,
    },
    /// To who wants to sign in without a password: follow the link.
    MagicLink {
        /// The link.
        url: String,
    },
    /// To who shall join an organization.
    Invitation {
        /// What the organization is called.
        organization: String,
        /// Who invites.
        inviter: String,
        /// The link.
        url: String,
    },
    /// To who has an account, and somebody has tried to sign up with their address.
    ExistingAccount {
        /// Whom it is for.
        name: String,
        /// Where to sign in.
        url: String,
    },
}

impl Message {
    /// What it is for, in kebab-case.
    pub fn kind(&self) -> &'static str {
        self.into()
    }
}

/// Writes messages for the worker. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Mailer {
    sealer: Sealer,
    /// Tells the worker of this process that there is something to send, as soon as that is committed.
    queued: Arc<Notify>,
}

impl Mailer {
    /// What a message is sealed for.
    const PURPOSE: &'static str = "email";

    /// A mailer whose messages are encrypted by `sealer` until they are sent.
    pub fn new(sealer: Sealer) -> Self {
        Self { sealer, queued: Arc::default() }
    }

    /// Writes a message that is sent when the transaction is committed.
    ///
    /// # Errors
    /// Those of the database.
    #[expect(clippy::disallowed_methods, reason = "messages are not audited: what they tell of is")]
    pub async fn queue(
        &self,
        tx: &Transaction,
        caller: &Caller,
        recipient: &str,
        message: &Message,
    ) -> Result<()> {
        let text = serde_json::to_string(message).map_err(|_not_json| Error::Panicked)?;
        let at = caller.at.fixed_offset();
        let row = email::Model {
            id: new_id(),
            recipient: recipient.to_owned(),
            kind: message.kind().to_owned(),
            sealed: self.sealer.seal(Self::PURPOSE, &text)?,
            attempts: 0,
            due_at: at,
            failed: false,
            created_at: at,
            updated_at: at,
        };
        Email::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
        self.queued.notify_one();
        Ok(())
    }

    /// The message in a row; `None` if it was sealed with another secret.
    fn open(&self, sealed: &str) -> Option<Message> {
        serde_json::from_str(&self.sealer.open(Self::PURPOSE, sealed)?).ok()
    }
}
