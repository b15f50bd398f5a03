//! What is answered under `/api/auth/organization`.

use entity::{invitation, member, organization, user};
use serde::Serialize;
use serde_json::{Map, Value};
use service::organization::{FullOrganization, invitation::received::Received};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

/// An organization as it is stored: `metadata` is a JSON text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthOrganization {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is called in addresses.
    pub slug: String,
    /// The address of a picture.
    pub logo: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// What a front end keeps with it, as JSON in a text.
    pub metadata: Option<String>,
}

impl From<organization::Model> for AuthOrganization {
    fn from(row: organization::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            slug: row.slug,
            logo: row.logo,
            created_at: time(row.created_at),
            metadata: row.metadata,
        }
    }
}

/// An organization that was just made or changed: `metadata` is an object, if there is any.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangedOrganization {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is called in addresses.
    pub slug: String,
    /// The address of a picture.
    pub logo: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// What a front end keeps with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metadata: Option<Map<String, Value>>,
    /// Its members, if it was just made: the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub members: Option<Vec<AuthMember>>,
}

impl ChangedOrganization {
    pub(in crate::identity) fn of(row: organization::Model, owner: Option<member::Model>) -> Self {
        Self {
            id: row.id,
            name: row.name,
            slug: row.slug,
            logo: row.logo,
            created_at: time(row.created_at),
            metadata: row.metadata.and_then(|text| serde_json::from_str(&text).ok()),
            members: owner.map(|owner| vec![owner.into()]),
        }
    }
}

/// A membership.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthMember {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// What the user may do there: roles with commas between them.
    pub role: String,
    /// When the user joined.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The user, where the answer shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<MemberUser>,
}

/// A member, as other members see them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberUser {
    /// The user's id.
    pub id: Uuid,
    /// What they are called.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The address of a picture.
    pub image: Option<String>,
}

impl From<member::Model> for AuthMember {
    fn from(row: member::Model) -> Self {
        Self {
            id: row.id,
            organization_id: row.organization_id,
            user_id: row.user_id,
            role: row.role,
            created_at: time(row.created_at),
            user: None,
        }
    }
}

impl From<(member::Model, user::Model)> for AuthMember {
    fn from((member, user): (member::Model, user::Model)) -> Self {
        let user =
            MemberUser { id: user.id, name: user.name, email: user.email, image: user.image };
        Self { user: Some(user), ..member.into() }
    }
}

/// Some members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuthMembers {
    /// The members.
    pub members: Vec<AuthMember>,
    /// How many there are in all.
    pub total: usize,
}

/// A member who is one no more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemovedMember {
    /// The membership.
    pub member: AuthMember,
}

/// What a member may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthMemberRole)]
pub(crate) struct MemberRole {
    /// Roles with commas between them.
    pub role: String,
}

/// Whether something is allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Permitted {
    /// `null`.
    pub error: Option<String>,
    /// Whether it is.
    pub success: bool,
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthInvitation {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization_id: Uuid,
    /// The address that is invited.
    pub email: String,
    /// What the new member may do: roles with commas between them.
    pub role: Option<String>,
    /// `pending`, `accepted`, `rejected` or `canceled`.
    pub status: String,
    /// Until when it can be accepted.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Who invites.
    pub inviter_id: Uuid,
}

impl From<invitation::Model> for AuthInvitation {
    fn from(row: invitation::Model) -> Self {
        Self {
            id: row.id,
            organization_id: row.organization_id,
            email: row.email,
            role: row.role,
            status: row.status,
            expires_at: time(row.expires_at),
            created_at: time(row.created_at),
            inviter_id: row.inviter_id,
        }
    }
}

/// An invitation and the membership that it has led to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnsweredInvitation {
    /// The invitation.
    pub invitation: AuthInvitation,
    /// The membership; `null` if it was rejected.
    pub member: Option<AuthMember>,
}

/// An invitation as its recipient sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceivedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: AuthInvitation,
    /// What the organization is called.
    pub organization_name: String,
    /// What it is called in addresses, where the answer shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organization_slug: Option<String>,
    /// The address of who invites, where the answer shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub inviter_email: Option<String>,
}

impl From<Received> for ReceivedInvitation {
    fn from(received: Received) -> Self {
        Self {
            invitation: received.invitation.into(),
            organization_name: received.organization.name,
            organization_slug: Some(received.organization.slug),
            inviter_email: Some(received.inviter_email),
        }
    }
}

impl From<(invitation::Model, organization::Model)> for ReceivedInvitation {
    fn from((invitation, organization): (invitation::Model, organization::Model)) -> Self {
        Self {
            invitation: invitation.into(),
            organization_name: organization.name,
            organization_slug: None,
            inviter_email: None,
        }
    }
}

/// An organization with who belongs to it and who is invited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WholeOrganization {
    /// The organization.
    #[serde(flatten)]
    pub organization: AuthOrganization,
    /// Its members.
    pub members: Vec<AuthMember>,
    /// Its invitations; none for who may not invite.
    pub invitations: Vec<AuthInvitation>,
}

impl From<FullOrganization> for WholeOrganization {
    fn from(full: FullOrganization) -> Self {
        Self {
            organization: full.organization.into(),
            members: full.members.into_iter().map(Into::into).collect(),
            invitations: full.invitations.into_iter().map(Into::into).collect(),
        }
    }
}
