//! What administrators may do, by the names that clients ask for.

use std::collections::BTreeMap;

use entity::prelude::User;
use sea_orm::{ActiveEnum, EntityTrait, EnumIter, Iterable, QuerySelect, sea_query::LockType};

use super::super::{IdentityError, session::is_banned};
use crate::{Caller, Transaction, caller::Role};

/// Something that an administrator may do and nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Permission {
    /// Create users.
    Create,
    /// List and search users.
    List,
    /// Change what users may do.
    SetRole,
    /// Ban users, and lift bans.
    Ban,
    /// Act as another user.
    Impersonate,
    /// Delete users.
    Delete,
    /// Set other users' passwords.
    SetPassword,
    /// Change other users' addresses.
    SetEmail,
    /// Read any user.
    Get,
    /// Change other users.
    Update,
    /// List other users' sessions.
    ListSessions,
    /// End other users' sessions.
    RevokeSessions,
    /// The same by another name, which clients may ask for.
    DeleteSessions,
}

impl Permission {
    /// The resource and the action.
    const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Create => ("user", "create"),
            Self::List => ("user", "list"),
            Self::SetRole => ("user", "set-role"),
            Self::Ban => ("user", "ban"),
            Self::Impersonate => ("user", "impersonate"),
            Self::Delete => ("user", "delete"),
            Self::SetPassword => ("user", "set-password"),
            Self::SetEmail => ("user", "set-email"),
            Self::Get => ("user", "get"),
            Self::Update => ("user", "update"),
            Self::ListSessions => ("session", "list"),
            Self::RevokeSessions => ("session", "revoke"),
            Self::DeleteSessions => ("session", "delete"),
        }
    }

    /// What everybody else is told.
    pub(super) const fn refusal(self) -> IdentityError {
        match self {
            Self::Create => IdentityError::YouAreNotAllowedToCreateUsers,
            Self::List => IdentityError::YouAreNotAllowedToListUsers,
            Self::SetRole => IdentityError::YouAreNotAllowedToChangeUsersRole,
            Self::Ban => IdentityError::YouAreNotAllowedToBanUsers,
            Self::Impersonate => IdentityError::YouAreNotAllowedToImpersonateUsers,
            Self::Delete => IdentityError::YouAreNotAllowedToDeleteUsers,
            Self::SetPassword => IdentityError::YouAreNotAllowedToSetUsersPassword,
            Self::SetEmail => IdentityError::YouAreNotAllowedToSetUsersEmail,
            Self::Get => IdentityError::YouAreNotAllowedToGetUser,
            Self::Update => IdentityError::YouAreNotAllowedToUpdateUsers,
            Self::ListSessions => IdentityError::YouAreNotAllowedToListUsersSessions,
            Self::RevokeSessions | Self::DeleteSessions => {
                IdentityError::YouAreNotAllowedToRevokeUsersSessions
            }
        }
    }

    /// Refuses whoever is not an administrator at this moment, whatever they were when the request came. In a
    /// transaction that writes, `lock` keeps it so until that ends: of two administrators who take each other's role
    /// away, one is too late.
    ///
    /// # Errors
    /// `Unauthenticated`; the permission's own refusal.
    pub(super) async fn check(
        self,
        tx: &Transaction,
        caller: &Caller,
        lock: bool,
    ) -> Result<(), IdentityError> {
        #[expect(clippy::disallowed_methods, reason = "the caller, as they are now")]
        let mut find = User::find_by_id(caller.principal()?.id);
        if lock {
            find = find.lock(LockType::Share);
        }
        let user = find.one(tx).await?.filter(|user| {
            user.role == Role::Admin.to_value()
                && !is_banned(user.banned, user.ban_expires, caller.at)
        });
        user.map(|_| ()).ok_or(self.refusal())
    }
}

/// Whether a role has all of these permissions: actions by resource. Of nothing it has none.
pub fn has_permission(role: Role, wanted: &BTreeMap<String, Vec<String>>) -> bool {
    let has = |resource: &str, action: &str| {
        role == Role::Admin
            && Permission::iter().any(|permission| permission.name() == (resource, action))
    };
    !wanted.is_empty()
        && wanted.iter().all(|(resource, actions)| {
            !actions.is_empty() && actions.iter().all(|action| has(resource, action))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn administrators_have_the_permissions_that_there_are() {
        for (wanted, has) in [
            (&[("user", &["create", "ban"][..]), ("session", &["list"])][..], true),
            (&[("user", &["create", "fly"])], false),
            (&[("user", &["create"]), ("project", &["create"])], false),
            (&[("user", &["impersonate-admins"])], false),
            (&[("user", &[])], false),
            (&[], false),
        ] {
            let wanted = wanted.iter().map(|(resource, actions)| {
                let actions = actions.iter().copied().map(str::to_owned).collect();
                ((*resource).to_owned(), actions)
            });
            let wanted = wanted.collect();
            assert_eq!(has_permission(Role::Admin, &wanted), has, "{wanted:?}");
            assert!(!has_permission(Role::User, &wanted), "{wanted:?}");
        }
    }
}
