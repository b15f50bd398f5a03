//! Signing up and in with e-mail and password.
//!
//! Passwords are hashed between transactions, never in one: it takes long, and a transaction may run twice. That is
//! why [`sign_up`] and [`sign_in`] take the database; what they do in a transaction can be had for one's own
//! ([`create_user`]).

use entity::{
    account,
    prelude::{Account, User},
    user,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect, Set, sea_query::LockType,
};
use uuid::Uuid;
use validator::ValidateEmail;

use super::{
    IdentityError, new_id,
    password::{self, Hasher},
    session::{self, Device, SignedIn},
    transact, username,
};
use crate::{Caller, Database, Result, Transaction, caller::Role, write};

/// How an account with a password is told from one elsewhere.
const PROVIDER: &str = "credential";

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
    /// Whether the session outlives the browser.
    pub remember: bool,
}

/// Somebody who signs in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Whether the session outlives the browser.
    pub remember: bool,
}

/// A user to be created, with a password that is hashed already.
#[derive(Clone, Debug)]
pub struct NewUser {
    name: String,
    email: String,
    password_hash: String,
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
            password_hash: hasher.hash(&input.password).await?,
            image: input.image.clone(),
            username,
            display_username,
            role: Role::User,
        })
    }

    /// The same user with another platform role.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

/// The form in which an address is stored and found.
fn normalize(email: &str) -> Result<String, IdentityError> {
    if email.validate_email() { Ok(email.to_lowercase()) } else { Err(IdentityError::InvalidEmail) }
}

/// Creates a user and opens a session.
///
/// # Errors
/// Those of [`NewUser::of`] and [`create_user`].
pub async fn sign_up(
    database: &Database,
    hasher: &Hasher,
    caller: &Caller,
    input: &SignUp,
    device: &Device,
) -> Result<SignedIn, IdentityError> {
    let new = NewUser::of(input, hasher).await?;
    let (caller, device, remember) = (caller.clone(), device.clone(), input.remember);
    transact(database, async move |tx| {
        let user = create_user(tx, &caller, &new).await?;
        session::open(tx, &caller, user, &device, remember).await
    })
    .await
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
    let row = user::ActiveModel {
        name: Set(new.name.clone()),
        email: Set(new.email.clone()),
        email_verified: Set(false),
        image: Set(new.image.clone()),
        username: Set(new.username.clone()),
        display_username: Set(new.display_username.clone()),
        role: Set(new.role.to_value()),
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
    };
    let user = write::insert::<User>(tx, caller, "create", row).await?;
    let account = account::Model {
        id: new_id(),
        user_id: user.id,
        account_id: user.id.to_string(),
        provider_id: PROVIDER.to_owned(),
        access_token: None,
        refresh_token: None,
        id_token: None,
        access_token_expires_at: None,
        refresh_token_expires_at: None,
        scope: None,
        password: Some(new.password_hash.clone()),
        created_at: user.created_at,
        updated_at: user.updated_at,
    };
    let account = account.into_active_model().reset_all();
    #[expect(clippy::disallowed_methods, reason = "the user's creation is what is audited")]
    Account::insert(account).exec_without_returning(tx).await?;
    Ok(user)
}

/// Opens a session for who knows the password. Whether there is such a user takes as long to find out as whether the
/// password is right, and the answer is the same.
///
/// # Errors
/// `InvalidEmail`, `PasswordTooLong`, `InvalidEmailOrPassword`, `BannedUser`; `Busy`.
pub async fn sign_in(
    database: &Database,
    hasher: &Hasher,
    caller: &Caller,
    input: &SignIn,
    device: &Device,
) -> Result<SignedIn, IdentityError> {
    let email = normalize(&input.email)?;
    password::check_given(&input.password)?;
    let stored = Stored::find(database.reader(), account_of(&email)).await?;
    let hash = stored.as_ref().map(|stored| stored.hash.as_str());
    let right = hasher.verify(&input.password, hash).await?;
    let Some(stored) = stored.filter(|_| right) else {
        return Err(IdentityError::InvalidEmailOrPassword);
    };
    let (caller, device, remember) = (caller.clone(), device.clone(), input.remember);
    transact(database, async move |tx| {
        let user = unchanged(tx, &stored).await?.ok_or(IdentityError::InvalidEmailOrPassword)?;
        session::open(tx, &caller, user, &device, remember).await
    })
    .await
}

/// A password hash, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    user_id: Uuid,
    hash: String,
}

impl Stored {
    #[expect(clippy::disallowed_methods, reason = "read before anybody is signed in, never shown")]
    async fn find(
        db: &impl ConnectionTrait,
        condition: impl sea_orm::sea_query::IntoCondition,
    ) -> Result<Option<Self>> {
        let row = Account::find()
            .select_only()
            .columns([
                account::Column::UserId,
                account::Column::AccountId,
                account::Column::Password,
            ])
            .inner_join(User)
            .filter(account::Column::ProviderId.eq(PROVIDER))
            .filter(condition)
            .into_tuple::<(Uuid, String, Option<String>)>()
            .one(db)
            .await?;
        Ok(row.and_then(|(user_id, account_id, hash)| {
            (account_id == user_id.to_string()).then_some(Self { user_id, hash: hash? })
        }))
    }
}

fn account_of(email: &str) -> sea_orm::sea_query::Expr {
    user::Column::Email.eq(email)
}

/// The user, locked, if the password is still the one that was checked.
#[expect(clippy::disallowed_methods, reason = "who knows the password is the user")]
async fn unchanged(tx: &Transaction, stored: &Stored) -> Result<Option<user::Model>> {
    let user = User::find_by_id(stored.user_id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let now = Stored::find(tx, account::Column::UserId.eq(stored.user_id)).await?;
    Ok(user.filter(|_| now.as_ref() == Some(stored)))
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
