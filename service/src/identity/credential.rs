//! Signing up and in with e-mail and password.
//!
//! Passwords are hashed between transactions, never in one: it takes long, and a transaction may run twice. That is
//! why [`sign_up`] and [`sign_in`] take the database; what they do in a transaction can be had for one's own
//! ([`create_user`]).

use entity::{prelude::User, user};
use sea_orm::{
    ActiveEnum, ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set,
    TryIntoModel, sea_query::Expr,
};
use validator::ValidateEmail;

use super::{
    Hasher, IdentityError, Tools,
    account::{self, Stored},
    address, lockout, new_id, password, profile,
    session::{self, Device, SignedIn},
    transact, username,
};
use crate::{Caller, Database, Result, Transaction, caller::Role, mail::Message, write};

/// Somebody who signs up.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// What they are called.
    pub name: String,
    /// Their e-mail address; it is stored in lower case.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The address of a picture.
    pub image: Option<String>,
    /// A name to be found by, which no other user has; it is stored in lower case.
    pub username: Option<String>,
    /// The same name as its user writes it.
    pub display_username: Option<String>,
    /// Where to go on to once the address is verified.
    pub callback_url: Option<String>,
    /// Whether the session outlives the browser.
    pub remember: bool,
}

/// Somebody who signs in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who they say they are.
    pub login: Login,
    /// Their password.
    pub password: String,
    /// Where to go on to once the address is verified, if it must be.
    pub callback_url: Option<String>,
    /// Whether the session outlives the browser.
    pub remember: bool,
}

/// What a user is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// An e-mail address.
    Email(String),
    /// A user name.
    Username(String),
}

impl Login {
    /// The same, as it is stored.
    fn normalized(&self) -> Result<Self, IdentityError> {
        Ok(match self {
            Self::Email(email) => Self::Email(normalize(email)?),
            Self::Username(name) => Self::Username(username::normalize(name)?),
        })
    }

    fn text(&self) -> &str {
        let (Self::Email(text) | Self::Username(text)) = self;
        text
    }

    fn condition(&self) -> Expr {
        match self {
            Self::Email(email) => user::Column::Email.eq(email),
            Self::Username(name) => user::Column::Username.eq(name),
        }
    }

    /// That nobody is found by it, or that the password is wrong.
    fn refusal(&self) -> IdentityError {
        match self {
            Self::Email(_) => IdentityError::InvalidEmailOrPassword,
            Self::Username(_) => IdentityError::InvalidUsernameOrPassword,
        }
    }
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    name: String,
    email: String,
    email_verified: bool,
    password_hash: Option<String>,
    image: Option<String>,
    username: Option<String>,
    display_username: Option<String>,
    role: Role,
}

impl NewUser {
    /// Checks what somebody signs up with, and hashes the password.
    ///
    /// # Errors
    /// `InvalidEmail`, `PasswordTooShort`, `PasswordTooLong`, those of a user name; `Busy`.
    pub async fn of(input: &SignUp, hasher: &Hasher) -> Result<Self, IdentityError> {
        let email = normalize(&input.email)?;
        password::check_new(&input.password)?;
        let (username, display_username) =
            username::resolve(input.username.as_deref(), input.display_username.as_deref())?;
        Ok(Self {
            name: input.name.clone(),
            email,
            email_verified: false,
            password_hash: Some(hasher.hash(&input.password).await?),
            image: input.image.clone(),
            username,
            display_username,
            role: Role::User,
        })
    }

    /// A user without a password, who signs in by other means.
    ///
    /// # Errors
    /// `InvalidEmail`.
    pub fn without_password(
        name: String,
        email: &str,
        email_verified: bool,
        image: Option<String>,
    ) -> Result<Self, IdentityError> {
        Ok(Self {
            name,
            email: normalize(email)?,
            email_verified,
            password_hash: None,
            image,
            username: None,
            display_username: None,
            role: Role::User,
        })
    }

    /// The same user with another platform role.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// The same user, who will sign in with this password.
    ///
    /// # Errors
    /// `PasswordTooShort`, `PasswordTooLong`; `Busy`.
    pub async fn with_password(
        self,
        password: &str,
        hasher: &Hasher,
    ) -> Result<Self, IdentityError> {
        password::check_new(password)?;
        Ok(Self { password_hash: Some(hasher.hash(password).await?), ..self })
    }

    /// The row, but for its id and times.
    fn row(&self) -> user::ActiveModel {
        user::ActiveModel {
            name: Set(self.name.clone()),
            email: Set(self.email.clone()),
            email_verified: Set(self.email_verified),
            image: Set(self.image.clone()),
            username: Set(self.username.clone()),
            display_username: Set(self.display_username.clone()),
            role: Set(self.role.to_value()),
            banned: Set(false),
            ban_reason: Set(None),
            ban_expires: Set(None),
            two_factor_enabled: Set(false),
            onboarding_complete: Set(false),
            payments_customer_id: Set(None),
            locale: Set(None),
            id: NotSet,
            created_at: NotSet,
            updated_at: NotSet,
        }
    }

    /// What the answer would be if the user were created.
    fn made_up(&self, caller: &Caller) -> Result<user::Model> {
        let mut row = self.row();
        row.id = Set(new_id());
        row.created_at = Set(caller.at.fixed_offset());
        row.updated_at = Set(caller.at.fixed_offset());
        Ok(row.try_into_model()?)
    }
}

/// The longest address, in characters.
const MAX_EMAIL: usize = 320;

/// The form in which an address is stored and found. Addresses of hosts by number are none: their form lets anything
/// through.
pub(crate) fn normalize(email: &str) -> Result<String, IdentityError> {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '[';
    let stored = email.to_lowercase();
    let fits = stored.chars().count() <= MAX_EMAIL && stored.chars().all(plain);
    if fits && email.validate_email() { Ok(stored) } else { Err(IdentityError::InvalidEmail) }
}

/// Somebody who has just signed up.
#[derive(Clone, Debug)]
pub enum SignedUp {
    /// They are signed in.
    In(Box<SignedIn>),
    /// They must verify their address first; if it is taken, this user is made up.
    Unverified(Box<user::Model>),
}

/// Creates a user, sends them a link to verify their address, and opens a session unless that has to come first.
///
/// # Errors
/// Those of [`NewUser::of`] and [`create_user`].
pub async fn sign_up(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    input: &SignUp,
    device: &Device,
) -> Result<SignedUp, IdentityError> {
    let new = NewUser::of(input, &tools.hasher).await?;
    let (caller, device, tools) = (caller.clone(), device.clone(), tools.clone());
    let (remember, callback) = (input.remember, input.callback_url.clone());
    transact(database, async move |tx| {
        if tools.verified_only
            && let Some(name) = &new.username
            && !profile::is_username_available(tx, name).await?
        {
            // Asked first, or else this refusal would tell that the address is free.
            return Err(IdentityError::UsernameIsAlreadyTaken);
        }
        if tools.verified_only
            && let Some(owner) = find_by_email(tx, &new.email).await?
        {
            let message =
                Message::ExistingAccount { name: owner.name, url: tools.app_url.to_string() };
            tools.mailer.queue(tx, &caller, &owner.email, &message).await?;
            return Ok(SignedUp::Unverified(Box::new(new.made_up(&caller)?)));
        }
        let user = create_user(tx, &caller, &new).await?;
        address::send_verification(tx, &tools, &caller, &user, callback.as_deref()).await?;
        if tools.verified_only {
            return Ok(SignedUp::Unverified(Box::new(user)));
        }
        session::open(tx, &caller, user, &device, remember)
            .await
            .map(|opened| SignedUp::In(Box::new(opened)))
    })
    .await
}

/// The user with this address.
#[expect(clippy::disallowed_methods, reason = "who this is, is not told to who asks")]
pub(super) async fn find_by_email(
    db: &impl ConnectionTrait,
    email: &str,
) -> Result<Option<user::Model>> {
    Ok(User::find().filter(user::Column::Email.eq(email.to_lowercase())).one(db).await?)
}

/// Creates a user who can sign in with a password.
///
/// # Errors
/// `UserAlreadyExistsUseAnotherEmail`, `UsernameIsAlreadyTaken`.
pub async fn create_user(
    tx: &Transaction,
    caller: &Caller,
    new: &NewUser,
) -> Result<user::Model, IdentityError> {
    let user = write::insert::<User>(tx, caller, "create", new.row()).await?;
    if let Some(hash) = &new.password_hash {
        account::add_password(tx, &user, hash).await?;
    }
    Ok(user)
}

/// Opens a session for who knows the password. Whether there is such a user takes as long to find out as whether the
/// password is right, and the answer is the same.
///
/// # Errors
/// `InvalidEmail`, those of a user name, `PasswordTooLong`, `InvalidEmailOrPassword`, `InvalidUsernameOrPassword`,
/// `AccountTemporarilyLocked`, `EmailNotVerified` (then a new link is sent), `BannedUser`; `Busy`.
pub async fn sign_in(
    database: &Database,
    tools: &Tools,
    caller: &Caller,
    input: &SignIn,
    device: &Device,
) -> Result<SignedIn, IdentityError> {
    let login = input.login.normalized()?;
    password::check_given(&input.password)?;
    let stored = Stored::find(database.reader(), login.condition()).await?;
    let hash = stored.as_ref().map(|stored| stored.hash.as_str());
    let verified = tools.hasher.verify(&input.password, hash);
    let right = lockout::guard(database, caller.at, login.text(), verified).await?;
    let Some(stored) = stored.filter(|_| right) else {
        return Err(login.refusal());
    };
    let (caller, device, tools) = (caller.clone(), device.clone(), tools.clone());
    let (remember, callback) = (input.remember, input.callback_url.clone());
    let opened = transact(database, async move |tx| {
        let user = stored.unchanged(tx).await?.ok_or_else(|| login.refusal())?;
        if tools.verified_only && !user.email_verified {
            address::send_verification(tx, &tools, &caller, &user, callback.as_deref()).await?;
            return Ok(None);
        }
        session::open(tx, &caller, user, &device, remember).await.map(Some)
    })
    .await?;
    opened.ok_or(IdentityError::EmailNotVerified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_written() {
        assert_eq!(normalize("Ada@Example.COM").ok().as_deref(), Some("ada@example.com"));
        for email in ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@example.com\n"] {
            assert!(matches!(normalize(email), Err(IdentityError::InvalidEmail)), "{email:?}");
        }
    }
}
