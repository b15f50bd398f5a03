//! Proofs that are good once and for a while: that an address is read, that a password may be reset.
//!
//! The client has a random token; what is stored is its hash, beside what it proves. Each row says its kind twice, in
//! the name it is found by and in its value, and both are checked: a proof of one thing is none of another
//! (GHSA-965c-763c-88jm). A proof is used up by one statement, before it has any effect (GHSA-hc7v-rggr-4hvx).

use chrono::{DateTime, TimeDelta, Utc};
use entity::{prelude::Verification, verification::Column};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use strum::IntoStaticStr;

use super::{IdentityError, new_id, session::Token};
use crate::{Caller, Error, Transaction};

/// What a proof proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// That the user may set a new password.
    ResetPassword,
    /// That the user reads the mail of their address.
    VerifyEmail,
    /// That the user, at their old address, wants another one.
    ChangeEmail,
    /// That the user reads the mail of the address that they want.
    VerifyNewEmail,
    /// That the user wants to be deleted.
    DeleteAccount,
    /// That whoever signs in reads the mail of the address.
    MagicLink,
    /// That the browser that comes back from a provider is the one that was sent there.
    OAuthState,
}

/// Why a proof does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// There is no such proof, or it is used up.
    Unknown,
    /// It is too old.
    Expired,
}

impl From<Unproven> for IdentityError {
    fn from(unproven: Unproven) -> Self {
        match unproven {
            Unproven::Unknown => Self::InvalidToken,
            Unproven::Expired => Self::TokenExpired,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Value<T> {
    kind: Kind,
    #[serde(flatten)]
    content: T,
}

/// Stores what is proven by the token that it gives.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "a proof is not audited: what is done with it is")]
pub(crate) async fn issue(
    tx: &Transaction,
    caller: &Caller,
    kind: Kind,
    content: &impl Serialize,
    lifetime: TimeDelta,
) -> Result<Token, IdentityError> {
    let token = Token::random();
    let value = serde_json::to_string(&Value { kind, content });
    let at = caller.at.fixed_offset();
    let row = entity::verification::Model {
        id: new_id(),
        identifier: identifier(kind, token.reveal()),
        value: value.map_err(|_not_json| Error::Panicked)?,
        expires_at: at + lifetime,
        created_at: at,
        updated_at: at,
    };
    let row = row.into_active_model().reset_all();
    Verification::insert(row).exec_without_returning(tx).await?;
    Ok(token)
}

/// What the token proves, once: of several who come with it at the same moment one is given it.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "a proof is not audited: what is done with it is")]
pub(crate) async fn consume<T: DeserializeOwned>(
    tx: &Transaction,
    at: DateTime<Utc>,
    kind: Kind,
    token: &str,
) -> Result<Result<T, Unproven>, IdentityError> {
    let rows = Verification::delete_many()
        .filter(Column::Identifier.eq(identifier(kind, token)))
        .exec_with_returning(tx)
        .await?;
    Ok(read(kind, at, rows.into_iter().next()))
}

/// What the token proves, without using it up.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "who has the token may know what it proves")]
pub(crate) async fn peek<T: DeserializeOwned>(
    db: &impl sea_orm::ConnectionTrait,
    at: DateTime<Utc>,
    kind: Kind,
    token: &str,
) -> Result<Result<T, Unproven>, IdentityError> {
    let row = Verification::find()
        .filter(Column::Identifier.eq(identifier(kind, token)))
        .order_by_desc(Column::Id)
        .one(db)
        .await?;
    Ok(read(kind, at, row))
}

fn read<T: DeserializeOwned>(
    kind: Kind,
    at: DateTime<Utc>,
    row: Option<entity::verification::Model>,
) -> Result<T, Unproven> {
    let row = row.ok_or(Unproven::Unknown)?;
    let value: Value<T> =
        serde_json::from_str(&row.value).map_err(|_of_another| Unproven::Unknown)?;
    if value.kind != kind {
        return Err(Unproven::Unknown);
    }
    if row.expires_at <= at {
        return Err(Unproven::Expired);
    }
    Ok(value.content)
}

fn identifier(kind: Kind, token: &str) -> String {
    let name: &str = kind.into();
    [name, ":", &super::session::hash(token)].concat()
}
