//! Accounts: the ways in which users sign in. A password is an account of the provider `credential`, one for each user
//! who has one; all others are elsewhere.

use entity::{
    account::{self, Column},
    prelude::{Account, User},
    user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, IntoCondition, LockType},
};
use uuid::Uuid;

use super::{IdentityError, new_id, profile, transact};
use crate::{Caller, Database, Result, Transaction, write};

/// How an account with a password is told from one elsewhere.
pub(crate) const PROVIDER: &str = "credential";

/// A password hash, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) user_id: Uuid,
    pub(super) hash: String,
}

impl Stored {
    /// The one password of the user that the condition finds.
    #[expect(clippy::disallowed_methods, reason = "a hash is compared, never shown")]
    pub(super) async fn find(
        db: &impl ConnectionTrait,
        condition: impl IntoCondition,
    ) -> Result<Option<Self>> {
        let row = Account::find()
            .select_only()
            .columns([Column::UserId, Column::AccountId, Column::Password])
            .inner_join(User)
            .filter(Column::ProviderId.eq(PROVIDER))
            .filter(condition)
            .into_tuple::<(Uuid, String, Option<String>)>()
            .one(db)
            .await?;
        Ok(row.and_then(|(user_id, account_id, hash)| {
            (account_id == user_id.to_string()).then_some(Self { user_id, hash: hash? })
        }))
    }

    /// The password of a user.
    pub(super) async fn of(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Option<Self>> {
        Self::find(db, Column::UserId.eq(user_id)).await
    }

    /// The user, locked, if the password is still the one that was checked.
    #[expect(clippy::disallowed_methods, reason = "who knows the password is the user")]
    pub(super) async fn unchanged(&self, tx: &Transaction) -> Result<Option<user::Model>> {
        let user = User::find_by_id(self.user_id).lock(LockType::NoKeyUpdate).one(tx).await?;
        let now = Self::of(tx, self.user_id).await?;
        Ok(user.filter(|_| now.as_ref() == Some(self)))
    }
}

/// Gives a new user a password.
pub(super) async fn add_password(tx: &Transaction, user: &user::Model, hash: &str) -> Result<()> {
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
        password: Some(hash.to_owned()),
        created_at: user.created_at,
        updated_at: user.updated_at,
    };
    let account = account.into_active_model().reset_all();
    #[expect(clippy::disallowed_methods, reason = "what it is done for is audited")]
    Account::insert(account).exec_without_returning(tx).await?;
    Ok(())
}

/// Gives a user another password, or their first.
pub(super) async fn set_password(
    tx: &Transaction,
    caller: &Caller,
    user: &user::Model,
    hash: &str,
) -> Result<()> {
    let at = caller.at.fixed_offset();
    #[expect(clippy::disallowed_methods, reason = "audited by who calls this, without the hash")]
    let updated = Account::update_many()
        .col_expr(Column::Password, Expr::value(hash))
        .col_expr(Column::UpdatedAt, Expr::value(at))
        .filter(Column::ProviderId.eq(PROVIDER))
        .filter(Column::UserId.eq(user.id))
        .exec(tx)
        .await?;
    if updated.rows_affected == 0 {
        let user = user::Model { created_at: at, updated_at: at, ..user.clone() };
        add_password(tx, &user, hash).await?;
    }
    Ok(())
}

/// The ways in which a user signs in, oldest first. They hold secrets: it is for the caller to show none.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "the user's own")]
pub async fn accounts(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<account::Model>> {
    Ok(Account::find().filter(Column::UserId.eq(user_id)).order_by_asc(Column::Id).all(db).await?)
}

/// Which account is meant.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// The one with this id.
    Row(String),
    /// The one with this provider, and this id there if there is one.
    Elsewhere(String, Option<String>),
}

impl Chosen {
    fn is(&self, account: &account::Model) -> bool {
        match self {
            Self::Row(id) => account.id.to_string() == *id,
            Self::Elsewhere(provider, id) => {
                account.provider_id == *provider
                    && id
                        .as_ref()
                        .is_none_or(|id| account.account_id == *id || account.id.to_string() == *id)
            }
        }
    }
}

/// Removes one of the signed-in user's ways to sign in, but not the last.
///
/// # Errors
/// `FailedToUnlinkLastAccount`, `AccountNotFound`.
pub async fn unlink(
    database: &Database,
    caller: &Caller,
    chosen: &Chosen,
) -> Result<(), IdentityError> {
    let (caller, chosen) = (caller.clone(), chosen.clone());
    transact(database, async move |tx| {
        // Locked, so that of the last two one stays when both are removed at once.
        let user = profile::lock(tx, caller.principal()?.id).await?;
        let accounts = accounts(tx, user.id).await?;
        if accounts.len() == 1 {
            return Err(IdentityError::FailedToUnlinkLastAccount);
        }
        let account = accounts.into_iter().find(|account| chosen.is(account));
        let account = account.ok_or(IdentityError::AccountNotFound)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "audited below, without the hash of a password"
        )]
        Account::delete_by_id(account.id).exec(tx).await?;
        Ok(write::note::<User>(tx, &caller, "unlinkAccount", &user).await?)
    })
    .await
}
