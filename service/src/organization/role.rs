//! What a member of an organization may do, by their roles.

use std::{collections::BTreeMap, fmt};

use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::identity::IdentityError;

/// What a member may do in an organization. A member may have several roles, stored with commas between them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub enum OrganizationRole {
    /// Everything, also deleting it.
    Owner,
    /// Everything but deleting it and deciding who owns it.
    Admin,
    /// Belonging to it.
    Member,
}

/// What is asked to be done: for each kind of thing, the actions.
pub type Permissions = BTreeMap<String, Vec<String>>;

impl OrganizationRole {
    /// What the role may do to a kind of thing; `None` for a kind that it does not know.
    fn actions(self, kind: &str) -> Option<&'static [&'static str]> {
        Some(match (self, kind) {
            (Self::Owner, "organization") => &["update", "delete"],
            (Self::Admin, "organization") => &["update"],
            (Self::Owner | Self::Admin, "member" | "team") => &["create", "update", "delete"],
            (Self::Owner | Self::Admin, "invitation") => &["create", "cancel"],
            (Self::Owner | Self::Admin, "ac") => &["create", "read", "update", "delete"],
            (Self::Member, "ac") => &["read"],
            (Self::Member, "organization" | "member" | "invitation" | "team") => &[],
            _ => return None,
        })
    }

    fn allows(self, permissions: &Permissions) -> bool {
        let allows = |(kind, actions): (&String, &Vec<String>)| {
            let mine = self.actions(kind).unwrap_or_default();
            !actions.is_empty() && actions.iter().all(|action| mine.contains(&&**action))
        };
        !permissions.is_empty() && permissions.iter().all(allows)
    }
}

/// The roles of one member, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(Vec<OrganizationRole>);

impl Roles {
    /// Reads roles as a client names them: one or several, also with commas between them. A name is taken as it is
    /// written: one with a space around it is no role, lest it is an owner's to some and nobody's to others.
    ///
    /// # Errors
    /// `RoleNotFound` for a name that is no role, and when there is none.
    pub fn parse(names: &[String]) -> Result<Self, IdentityError> {
        let names: Vec<&str> = names.iter().flat_map(|names| names.split(',')).collect();
        let unknown =
            |name: &&&str| OrganizationRole::try_from_value(&(**name).to_owned()).is_err();
        let unknown: Vec<_> = names.iter().filter(unknown).copied().collect();
        if !unknown.is_empty() || names.is_empty() {
            return Err(IdentityError::RoleNotFound { roles: unknown.join(", ") });
        }
        Ok(Self::of(&names.join(",")))
    }

    /// The roles of a stored member. What is no role gives no right.
    pub fn of(stored: &str) -> Self {
        let mut roles = Vec::new();
        for role in stored.split(',') {
            if let Ok(role) = OrganizationRole::try_from_value(&role.to_owned())
                && !roles.contains(&role)
            {
                roles.push(role);
            }
        }
        Self(roles)
    }

    /// Whether one of them is the owner's.
    pub fn own(&self) -> bool {
        self.0.contains(&OrganizationRole::Owner)
    }

    /// Whether one of them allows all that is asked; to ask for nothing is to be refused.
    pub fn allow(&self, permissions: &Permissions) -> bool {
        self.0.iter().any(|role| role.allows(permissions))
    }

    /// Whether one of them allows one action.
    pub(super) fn may(&self, action: &str, kind: &str) -> bool {
        self.allow(&Permissions::from([(kind.to_owned(), vec![action.to_owned()])]))
    }
}

impl From<OrganizationRole> for Roles {
    fn from(role: OrganizationRole) -> Self {
        Self(vec![role])
    }
}

/// As they are stored.
impl fmt::Display for Roles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(ActiveEnum::to_value).collect();
        formatter.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    fn parse(names: &[&str]) -> Result<String, String> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        Roles::parse(&names).map(|roles| roles.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn roles_are_read_one_by_one_or_with_commas_and_stored_once_each() {
        for (names, stored) in [
            (&["member"][..], "member"),
            (&["admin", "member"], "admin,member"),
            (&["admin,member"], "admin,member"),
            (&["member", "owner,member"], "member,owner"),
        ] {
            assert_eq!(parse(names).as_deref(), Ok(stored), "{names:?}");
        }
    }

    #[test]
    fn what_is_not_exactly_a_role_is_refused() {
        for (names, unknown) in [
            (&[" owner"][..], " owner"),
            (&["owner "], "owner "),
            (&["member,\towner"], "\towner"),
            (&["Owner"], "Owner"),
            (&["member,"], ""),
            (&[""], ""),
            (&[], ""),
            (&["chef", "member", "clerk"], "chef, clerk"),
        ] {
            assert_eq!(parse(names), Err(format!("ROLE_NOT_FOUND: {unknown}")), "{names:?}");
        }
    }

    #[test]
    fn the_permissions_of_the_roles_are_these() {
        let kinds = ["organization", "member", "invitation", "team", "ac", "project"];
        let actions = ["create", "read", "update", "delete", "cancel"];
        let table: Vec<_> = OrganizationRole::iter()
            .map(|role| {
                let roles = Roles::from(role);
                let of_kind = |kind: &&str| {
                    let mine = actions.iter().filter(|action| roles.may(action, kind));
                    format!("{kind}: {}", mine.copied().collect::<Vec<_>>().join(" "))
                };
                format!("{roles} = {}", kinds.iter().map(of_kind).collect::<Vec<_>>().join(", "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "owner = organization: update delete, member: create update delete, invitation: create cancel, \
                 team: create update delete, ac: create read update delete, project: ",
                "admin = organization: update, member: create update delete, invitation: create cancel, \
                 team: create update delete, ac: create read update delete, project: ",
                "member = organization: , member: , invitation: , team: , ac: read, project: ",
            ]
        );
    }

    #[test]
    fn one_role_must_allow_all_that_is_asked() {
        let ask = |kinds: &[(&str, &[&str])]| {
            let asked = kinds.iter().map(|(kind, actions)| {
                let actions = actions.iter().map(|action| (*action).to_owned()).collect();
                ((*kind).to_owned(), actions)
            });
            Roles::of("admin,member").allow(&asked.collect())
        };
        assert!(ask(&[("member", &["create", "delete"]), ("ac", &["read"])]));
        assert!(!ask(&[("member", &["create"]), ("organization", &["delete"])]));
        assert!(!ask(&[("member", &[])]));
        assert!(!ask(&[]));
        assert!(!ask(&[("cake", &["eat"])]));
    }
}
