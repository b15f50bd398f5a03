//! How people sign in: passwords, which go on being good, and accounts elsewhere. The tokens of those are not brought
//! in: there are new ones at the next sign-in.

use std::collections::HashSet;

use entity::{
    account::{Column, Model},
    prelude::{Account, User},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use super::{Imported, Kind, Known, Row, id_of, trail::IMPORT};
use crate::{
    Caller, Result, Transaction,
    identity::{account::PROVIDER, password},
};

impl Imported for Account {
    const TABLE: &'static str = "account";
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("id", Kind::Text),
        ("accountId", Kind::Text),
        ("providerId", Kind::Text),
        ("userId", Kind::Text),
        ("scope", Kind::Text),
        ("password", Kind::Text),
        ("createdAt", Kind::Time),
        ("updatedAt", Kind::Time),
    ];
    const KEYS: &'static [(&'static [Column], &'static str)] =
        &[(&[Column::ProviderId, Column::AccountId], "there is another one of this account")];
    const IDENTITY: &'static [Column] = &[];
    const COMPARED: &'static [Column] =
        &[Column::UserId, Column::AccountId, Column::ProviderId, Column::Password];
    const AUDITED: &'static str = User::TABLE;

    fn id(row: &Model) -> Uuid {
        row.id
    }

    fn audited(row: &Model) -> Uuid {
        row.user_id
    }

    /// A way to sign in may have been taken from a user to whom anything was done but the import.
    fn refusal(done: Option<&HashSet<String>>, is_new: bool) -> Option<&'static str> {
        let is_untouched =
            done.map_or(is_new, |actions| actions.iter().all(|action| action == IMPORT));
        (!is_untouched).then_some("its user was changed here, or did not come from there")
    }

    fn read(row: &Row, known: &mut Known) -> Result<Model, String> {
        let user_id = known.parent("user", row.filled("userId")?)?;
        let provider_id = row.fitting("providerId", 100)?.ok_or("it has no providerId")?;
        let created_at = row.first_time(&["createdAt", "updatedAt"])?;
        let (account_id, password) = if provider_id == PROVIDER {
            let hash = row.text("password").ok_or("it has no password")?;
            if !password::is_known(hash) {
                return Err("its password is hashed in another way than Better Auth's own: the user has to reset it".to_owned());
            }
            (user_id.to_string(), Some(hash.to_owned()))
        } else {
            (row.fitting("accountId", 255)?.ok_or("it has no accountId")?, None)
        };
        Ok(Model {
            id: id_of(Self::TABLE, row.filled("id")?),
            user_id,
            account_id,
            provider_id,
            access_token: None,
            refresh_token: None,
            id_token: None,
            access_token_expires_at: None,
            refresh_token_expires_at: None,
            scope: row.fitting("scope", usize::MAX)?,
            password,
            created_at,
            updated_at: row.time("updatedAt")?.unwrap_or(created_at),
        })
    }

    #[expect(clippy::disallowed_methods, reason = "that the user is brought in is what is audited")]
    async fn store(tx: &Transaction, _caller: &Caller, rows: Vec<Model>) -> Result<()> {
        let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
        Self::insert_many(rows).exec_without_returning(tx).await?;
        Ok(())
    }
}
