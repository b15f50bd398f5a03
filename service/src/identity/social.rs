//! Signing in elsewhere: a browser is sent to a provider and comes back with a code, for which the provider tells who
//! it is.
//!
//! What is remembered of a journey is good once, for ten minutes, and for the browser that began it: that has the same
//! state in a cookie (GHSA-wxw3-q3m9-c3jr). A provider's user becomes one of ours only if both have verified the same
//! address (GHSA-g38m-r43w-p2q7): who only claims an address is nobody.

use chrono::TimeDelta;
use entity::{
    account::{self, Column},
    prelude::{Account, User},
    user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use super::provider::{Arrival, Failure, Provider, Providers, Registration};
use super::{
    IdentityError, Tools, address,
    credential::{self, NewUser, find_by_email, normalize},
    new_id, profile,
    provider::Question,
    session::{self, Device, SignedIn, Token},
    transact,
    verification::{self, Kind},
};
use crate::{Caller, Database, Error, Result, Transaction, write};

/// How long somebody may be away at a provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// As much of a name as is stored, in characters.
const MAX_NAME: usize = 255;
/// The longest address of a picture.
const MAX_PICTURE: usize = 2048;

/// Where somebody wants to go, and where to go on to after that.
#[derive(Clone, Debug, Default)]
pub struct Departure {
    /// What to ask the provider for, if not the usual.
    pub scopes: Vec<String>,
    /// More for the provider to know.
    pub parameters: Vec<(String, String)>,
    /// Where to go on to.
    pub callback: String,
    /// Where to go on to if something is wrong.
    pub error_callback: Option<String>,
    /// Where to go on to who is new.
    pub new_user_callback: Option<String>,
    /// The signed-in user, if they only want to be known by the provider, too.
    pub link: Option<Uuid>,
}

/// What is remembered of who is at a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journey {
    /// Where they are.
    pub provider: String,
    nonce: String,
    verifier: String,
    /// Where to go on to.
    pub callback: String,
    /// Where to go on to if something is wrong.
    pub error_callback: Option<String>,
    /// Where to go on to who is new.
    pub new_user_callback: Option<String>,
    /// Whose account it shall be.
    pub link: Option<Uuid>,
}

/// What becomes of who came back.
#[derive(Debug)]
pub enum Outcome {
    /// They are signed in.
    In {
        /// The session.
        opened: Box<SignedIn>,
        /// Whether they had no user before.
        is_new: bool,
    },
    /// The provider's user is one of theirs now.
    Linked,
    /// Nothing, for a reason that programs know by this word.
    Refused(&'static str),
}

/// Where the provider sends its users back to.
fn redirect_uri(tools: &Tools, provider: &Provider) -> String {
    tools.link(&["/callback/", provider.name()].concat(), &[])
}

/// The provider's address to send a browser to, and the state that it must bring back.
///
/// # Errors
/// `Busy` when the provider does not answer; those of the database.
pub async fn depart(
    database: &Database,
    tools: &Tools,
    provider: &Provider,
    caller: &Caller,
    departure: &Departure,
) -> Result<(String, Token), IdentityError> {
    let [nonce, verifier] = [Token::random(), Token::random()].map(|it| it.reveal().to_owned());
    let journey = Journey {
        provider: provider.name().to_owned(),
        nonce,
        // As long as it has to be at least (RFC 7636, 4.1).
        verifier: [&*verifier, Token::random().reveal()].concat(),
        callback: departure.callback.clone(),
        error_callback: departure.error_callback.clone(),
        new_user_callback: departure.new_user_callback.clone(),
        link: departure.link,
    };
    let (at, remembered) = (caller.clone(), journey.clone());
    let state = transact(database, async move |tx| {
        verification::issue(tx, &at, Kind::OAuthState, &remembered, LIFETIME).await
    })
    .await?;
    let question = Question {
        redirect_uri: redirect_uri(tools, provider),
        state: state.reveal(),
        nonce: &journey.nonce,
        verifier: &journey.verifier,
        scopes: &departure.scopes,
        parameters: &departure.parameters,
    };
    match provider.ask(&question).await {
        Ok(url) => Ok((url, state)),
        Err(error) => {
            tracing::warn!(provider = provider.name(), %error, "cannot send anybody to a provider");
            let retry_after = std::time::Duration::from_secs(10);
            Err(Error::Busy { retry_after, cause: None }.into())
        }
    }
}

/// What is remembered under this state, without using it up.
///
/// # Errors
/// Those of the database.
pub async fn recall(
    db: &impl ConnectionTrait,
    caller: &Caller,
    state: &str,
) -> Result<Option<Journey>, IdentityError> {
    Ok(verification::peek(db, caller.at, Kind::OAuthState, state).await?.ok())
}

/// What is remembered under this state, once.
///
/// # Errors
/// Those of the database.
pub async fn finish(
    database: &Database,
    caller: &Caller,
    state: &str,
) -> Result<Option<Journey>, IdentityError> {
    let (at, state) = (caller.at, state.to_owned());
    transact(database, async move |tx| {
        Ok(verification::consume(tx, at, Kind::OAuthState, &state).await?.ok())
    })
    .await
}

/// Who came back with this code.
///
/// # Errors
/// Why nobody did.
pub async fn redeem(
    tools: &Tools,
    provider: &Provider,
    journey: &Journey,
    code: &str,
) -> Result<Arrival, Failure> {
    let redirect_uri = redirect_uri(tools, provider);
    provider.redeem(&redirect_uri, code, &journey.verifier, &journey.nonce).await
}

/// Signs in who came back, or notes that the provider's user is theirs.
///
/// # Errors
/// `BannedUser`; those of the database.
pub async fn arrive(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    device: &Device,
    journey: &Journey,
    arrival: &Arrival,
) -> Result<Outcome, IdentityError> {
    let attempt = || {
        let (tools, caller, device) = (tools.clone(), caller.clone(), device.clone());
        let (journey, arrival) = (journey.clone(), arrival.clone());
        transact(database, async move |tx| {
            let visit =
                Visit { tx, tools: &tools, caller: &caller, journey: &journey, arrival: &arrival };
            match journey.link {
                Some(user_id) => visit.link(user_id).await,
                None => visit.sign_in(&device).await,
            }
        })
    };
    match attempt().await {
        // Who came twice at the same moment has a user by now.
        Err(
            IdentityError::UserAlreadyExistsUseAnotherEmail
            | IdentityError::Service(Error::Taken { .. }),
        ) => attempt().await,
        outcome => outcome,
    }
}

/// One arrival, in its transaction.
struct Visit<'a> {
    tx: &'a Transaction,
    tools: &'a Tools,
    caller: &'a Caller,
    journey: &'a Journey,
    arrival: &'a Arrival,
}

impl Visit<'_> {
    async fn sign_in(&self, device: &Device) -> Result<Outcome, IdentityError> {
        let Self { tx, tools, caller, journey, arrival } = *self;
        let Some(email) = self.email() else { return Ok(Outcome::Refused("email_not_found")) };
        let mut is_new = false;
        let user = if let Some(account) = self.account().await? {
            let user = profile::lock(tx, account.user_id).await?;
            self.note_use(account).await?;
            if arrival.email_verified && !user.email_verified && user.email == email {
                address::set_verified(tx, caller, user).await?
            } else {
                user
            }
        } else if let Some(user) = find_by_email(tx, &email).await? {
            let user = profile::lock(tx, user.id).await?;
            if !self.is_same_person(&user) {
                return Ok(Outcome::Refused("account_not_linked"));
            }
            self.add_account(&user).await?;
            user
        } else {
            is_new = true;
            self.create_user(&email).await?
        };
        if tools.verified_only && !user.email_verified {
            if !is_new {
                address::send_verification(tx, tools, caller, &user, Some(&journey.callback))
                    .await?;
            }
            return Ok(Outcome::Refused("email_not_verified"));
        }
        let opened = session::open(tx, caller, user, device, true).await?;
        Ok(Outcome::In { opened: Box::new(opened), is_new })
    }

    async fn link(&self, user_id: Uuid) -> Result<Outcome, IdentityError> {
        let user = match profile::lock(self.tx, user_id).await {
            Err(Error::NotFound) => return Ok(Outcome::Refused("unable_to_link_account")),
            user => user?,
        };
        if !self.arrival.email_verified || !user.email_verified {
            return Ok(Outcome::Refused("unable_to_link_account"));
        }
        if !self.is_same_person(&user) {
            return Ok(Outcome::Refused("email_does_not_match"));
        }
        match self.account().await? {
            Some(account) if account.user_id != user.id => {
                return Ok(Outcome::Refused("account_already_linked_to_different_user"));
            }
            Some(account) => self.note_use(account).await?,
            None => self.add_account(&user).await?,
        }
        Ok(Outcome::Linked)
    }

    fn email(&self) -> Option<String> {
        normalize(self.arrival.email.as_deref()?).ok()
    }

    /// Whether both have shown that they read the mail of the same address.
    fn is_same_person(&self, user: &user::Model) -> bool {
        self.arrival.email_verified
            && user.email_verified
            && self.email().as_ref() == Some(&user.email)
    }

    #[expect(clippy::disallowed_methods, reason = "who comes from the provider is its user")]
    async fn account(&self) -> Result<Option<account::Model>> {
        let account = Account::find()
            .filter(Column::ProviderId.eq(&self.journey.provider))
            .filter(Column::AccountId.eq(&self.arrival.subject));
        Ok(account.one(self.tx).await?)
    }

    async fn create_user(&self, email: &str) -> Result<user::Model, IdentityError> {
        let Self { tx, tools, caller, journey, arrival } = *self;
        let name = arrival.name.as_deref().unwrap_or_default().replace('\0', "");
        let name = name.chars().take(MAX_NAME).collect();
        let picture = arrival.picture.clone().filter(|url| {
            url.len() <= MAX_PICTURE
                && !url.contains('\0')
                && ["https://", "http://"].iter().any(|it| url.starts_with(it))
        });
        let new = NewUser::without_password(name, email, arrival.email_verified, picture)?;
        let user = credential::create_user(tx, caller, &new).await?;
        self.insert_account(&user).await?;
        if !user.email_verified {
            address::send_verification(tx, tools, caller, &user, Some(&journey.callback)).await?;
        }
        Ok(user)
    }

    async fn add_account(&self, user: &user::Model) -> Result<()> {
        self.insert_account(user).await?;
        write::note::<User>(self.tx, self.caller, "linkAccount", user).await
    }

    #[expect(clippy::disallowed_methods, reason = "audited as what it is done for")]
    async fn insert_account(&self, user: &user::Model) -> Result<()> {
        let at = self.caller.at.fixed_offset();
        let account = account::Model {
            id: new_id(),
            user_id: user.id,
            account_id: self.arrival.subject.clone(),
            provider_id: self.journey.provider.clone(),
            // Nothing asks the provider again in the user's name, and what is not there cannot be stolen.
            access_token: None,
            refresh_token: None,
            id_token: None,
            access_token_expires_at: None,
            refresh_token_expires_at: None,
            scope: Some(self.arrival.scopes.join(",")),
            password: None,
            created_at: at,
            updated_at: at,
        };
        let account = account.into_active_model().reset_all();
        Account::insert(account).exec_without_returning(self.tx).await?;
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "nothing that is audited: when it was used")]
    async fn note_use(&self, account: account::Model) -> Result<()> {
        let change = account::ActiveModel {
            id: Set(account.id),
            updated_at: Set(self.caller.at.fixed_offset()),
            ..Default::default()
        };
        Account::update(change).exec(self.tx).await?;
        Ok(())
    }
}
