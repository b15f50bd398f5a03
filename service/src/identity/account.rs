//! Passwords as rows: accounts of the provider `credential`, one for each user who has one.

use entity::{
    account::{self, Column},
    prelude::{Account, User},
    user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
    sea_query::{Expr, IntoCondition, LockType},
};
use uuid::Uuid;

use super::new_id;
use crate::{Caller, Result, Transaction};

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
