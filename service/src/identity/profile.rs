//! What users change about themselves.

use entity::{
    prelude::User,
    user::{self, Column},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set, sea_query::LockType,
};
use uuid::Uuid;

use super::{IdentityError, transact, username};
use crate::{Caller, Database, Error, Transaction, write};

/// What a user wants to change: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What they are called.
    pub name: Option<String>,
    /// The address of a picture, or none.
    pub image: Option<Option<String>>,
    /// The name they are found by.
    pub username: Option<String>,
    /// The same name as they write it.
    pub display_username: Option<String>,
    /// The language they prefer, or none.
    pub locale: Option<Option<String>>,
    /// Whether they have been shown around.
    pub onboarding_complete: Option<bool>,
}

/// Changes the signed-in user.
///
/// # Errors
/// Those of a user name, `UsernameIsAlreadyTaken`.
pub async fn update(
    database: &Database,
    caller: &Caller,
    profile: &Profile,
) -> Result<user::Model, IdentityError> {
    let (caller, profile) = (caller.clone(), profile.clone());
    transact(database, async move |tx| {
        let user = lock(tx, caller.principal()?.id).await?;
        let changes = profile.changes()?;
        Ok(write::update::<User>(tx, &caller, "update", user, changes).await?)
    })
    .await
}

impl Profile {
    fn changes(&self) -> Result<user::ActiveModel, IdentityError> {
        let mut changes = user::ActiveModel::default();
        if let Some(name) = &self.name {
            changes.name = Set(name.clone());
        }
        if let Some(image) = &self.image {
            changes.image = Set(image.clone());
        }
        if let Some(name) = &self.username {
            changes.username = Set(Some(username::normalize(name)?));
        }
        if let Some(name) = &self.display_username {
            changes.display_username = Set(Some(name.clone()));
        }
        if let Some(locale) = &self.locale {
            changes.locale = Set(locale.clone());
        }
        if let Some(complete) = self.onboarding_complete {
            changes.onboarding_complete = Set(complete);
        }
        Ok(changes)
    }
}

/// The user with this id, locked.
///
/// # Errors
/// `NotFound`.
pub(super) async fn lock(tx: &Transaction, id: Uuid) -> Result<user::Model, Error> {
    lock_if_any(tx, id).await?.ok_or(Error::NotFound)
}

/// The same, if there is one.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "whoever calls this has asked who may")]
pub(super) async fn lock_if_any(tx: &Transaction, id: Uuid) -> Result<Option<user::Model>, Error> {
    Ok(User::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?)
}

/// Whether nobody has this name.
///
/// # Errors
/// Those of a user name.
#[expect(clippy::disallowed_methods, reason = "whose name it is, is not told")]
pub async fn is_username_available(
    db: &impl ConnectionTrait,
    name: &str,
) -> Result<bool, IdentityError> {
    let taken = User::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Username.eq(username::normalize(name)?))
        .into_tuple::<Uuid>()
        .one(db)
        .await?;
    Ok(taken.is_none())
}
