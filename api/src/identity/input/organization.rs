//! What is sent to `/api/auth/organization`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use serde_json::{Map, Value};
use service::{
    organization::{
        NewOrganization, OrganizationChange, Permissions, Which,
        invitation::Invite,
        member::Removed,
        roster::{Filter, Operator, Roster},
    },
    resource::present,
};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

/// An id as a client writes it. What is no UUID is the id of nothing.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = Uuid)]
pub(crate) struct WrittenId(pub(in crate::identity) Uuid);

impl<'de> Deserialize<'de> for WrittenId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = WrittenId;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<WrittenId, E> {
                Ok(WrittenId(text.parse().unwrap_or(Uuid::max())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// An id that can be left out, also by writing an empty text.
fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.parse().unwrap_or(Uuid::max())))
}

/// One role or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a role or an array of roles")]
pub(crate) enum RoleNames {
    /// A role, or several with commas between them.
    One(String),
    /// Several roles.
    Several(Vec<String>),
}

impl RoleNames {
    pub(in crate::identity) fn into_list(self) -> Vec<String> {
        match self {
            Self::One(role) => vec![role],
            Self::Several(roles) => roles,
        }
    }
}

/// A new organization.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateOrganization {
    /// What it is called.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\u0000]*$")]
    name: String,
    /// What it is called in addresses; no two share it.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\u0000]*$")]
    slug: String,
    /// The address of a picture.
    #[validate(length(max = 2048))]
    #[schema(max_length = 2048, pattern = r"^[^\u0000]*$")]
    logo: Option<String>,
    /// Whatever a front end wants to keep with it.
    #[schema(nullable = false)]
    metadata: Option<Map<String, Value>>,
    /// `true`: the organization that is active now stays active.
    #[schema(nullable = false, default = false)]
    keep_current_active_organization: Option<bool>,
}

impl From<CreateOrganization> for NewOrganization {
    fn from(input: CreateOrganization) -> Self {
        Self {
            name: input.name,
            slug: input.slug,
            logo: input.logo,
            metadata: input.metadata,
            keep_active: input.keep_current_active_organization.unwrap_or_default(),
        }
    }
}

/// A slug that somebody wants.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckSlug {
    /// The slug.
    #[validate(length(max = 255))]
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$")]
    pub(in crate::identity) slug: String,
}

/// A change to an organization.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateOrganization {
    /// The change.
    #[validate(nested)]
    pub(in crate::identity) data: UpdateOrganizationData,
    /// The organization, unless it is the active one.
    #[serde(default, deserialize_with = "optional_id")]
    #[schema(nullable = false)]
    pub(in crate::identity) organization_id: Option<Uuid>,
}

/// What changes; what is absent stays as it is.
#[expect(clippy::option_option, reason = "null is not the same as nothing")]
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateOrganizationData {
    /// What it is called.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 255))]
    #[schema(nullable = false, min_length = 1, max_length = 255, pattern = r"^[^\u0000]*$")]
    name: Option<String>,
    /// What it is called in addresses.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 255))]
    #[schema(nullable = false, min_length = 1, max_length = 255, pattern = r"^[^\u0000]*$")]
    slug: Option<String>,
    /// The address of a picture.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 2048))]
    #[schema(value_type = Option<String>, max_length = 2048, pattern = r"^[^\u0000]*$")]
    logo: Option<Option<String>>,
    /// Whatever a front end wants to keep with it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    metadata: Option<Map<String, Value>>,
}

impl From<UpdateOrganizationData> for OrganizationChange {
    fn from(input: UpdateOrganizationData) -> Self {
        Self { name: input.name, slug: input.slug, logo: input.logo, metadata: input.metadata }
    }
}

/// An organization.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OneOrganization {
    /// Its id.
    pub(in crate::identity) organization_id: WrittenId,
}

/// The organization to work for; without either, the one that is active stays so.
#[expect(clippy::option_option, reason = "null is not the same as nothing")]
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetActiveOrganization {
    /// Its id; `null` to work for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub(in crate::identity) organization_id: Option<Option<WrittenId>>,
    /// Its slug, if the id is not given.
    #[validate(length(max = 255))]
    #[schema(nullable = false, max_length = 255, pattern = r"^[^\u0000]*$")]
    pub(in crate::identity) organization_slug: Option<String>,
}

/// The organization that is meant: the one with the slug, else that with the id, else the active one.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
pub(in crate::identity) struct WhichOrganization {
    #[serde(default, deserialize_with = "optional_id")]
    pub(in crate::identity) organization_id: Option<Uuid>,
    #[validate(length(max = 255))]
    organization_slug: Option<String>,
    members_limit: Option<String>,
    #[serde(default, deserialize_with = "optional_id")]
    pub(in crate::identity) user_id: Option<Uuid>,
}

impl WhichOrganization {
    /// How many members are asked for, if that is a number.
    pub(in crate::identity) fn members_limit(&self) -> Option<u64> {
        number(self.members_limit.as_ref())
    }

    pub(in crate::identity) fn into_which(self) -> Which {
        Which { id: self.organization_id, slug: filled(self.organization_slug) }
    }
}

fn number(text: Option<&String>) -> Option<u64> {
    text.and_then(|text| text.parse().ok()).filter(|number| *number > 0)
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Whom to invite.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InviteMember {
    /// The address; letter case does not matter.
    #[validate(length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    email: String,
    /// What the new member may do: `owner`, `admin`, `member`, or several of these.
    role: RoleNames,
    /// The organization, unless it is the active one.
    #[serde(default, deserialize_with = "optional_id")]
    #[schema(nullable = false)]
    organization_id: Option<Uuid>,
    /// `true`: an invitation that waits for an answer is sent once more.
    #[schema(nullable = false, default = false)]
    resend: Option<bool>,
}

impl From<InviteMember> for Invite {
    fn from(input: InviteMember) -> Self {
        Self {
            organization_id: input.organization_id,
            email: input.email,
            roles: input.role.into_list(),
            resend: input.resend.unwrap_or_default(),
        }
    }
}

/// An invitation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OneInvitation {
    /// Its id.
    pub(in crate::identity) invitation_id: WrittenId,
}

/// An invitation, in a query.
#[derive(Debug, Deserialize, Validate)]
pub(in crate::identity) struct InvitationQuery {
    pub(in crate::identity) id: WrittenId,
}

/// Whom to remove.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemoveMember {
    /// The membership's id, or the user's e-mail address.
    #[validate(length(max = 320))]
    #[schema(max_length = 320)]
    member_id_or_email: String,
    /// The organization, unless it is the active one.
    #[serde(default, deserialize_with = "optional_id")]
    #[schema(nullable = false)]
    pub(in crate::identity) organization_id: Option<Uuid>,
}

impl RemoveMember {
    pub(in crate::identity) fn removed(&self) -> Removed {
        if self.member_id_or_email.contains('@') {
            Removed::Email(self.member_id_or_email.clone())
        } else {
            Removed::Id(self.member_id_or_email.parse().unwrap_or(Uuid::max()))
        }
    }
}

/// What a member may do from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateMemberRole {
    /// `owner`, `admin`, `member`, or several of these.
    pub(in crate::identity) role: RoleNames,
    /// The membership's id.
    pub(in crate::identity) member_id: WrittenId,
    /// The organization, unless it is the active one.
    #[serde(default, deserialize_with = "optional_id")]
    #[schema(nullable = false)]
    pub(in crate::identity) organization_id: Option<Uuid>,
}

/// What somebody wants to do.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[validate(schema(function = one_of_both))]
#[serde(rename_all = "camelCase")]
pub(crate) struct HasPermission {
    /// For each kind of thing, the actions.
    #[schema(nullable = false, example = json!({ "member": ["create", "delete"] }))]
    pub(in crate::identity) permissions: Option<Permissions>,
    /// An old name, to which the answer is always no.
    #[schema(nullable = false, deprecated)]
    permission: Option<Permissions>,
    /// The organization, unless it is the active one.
    #[serde(default, deserialize_with = "optional_id")]
    #[schema(nullable = false)]
    pub(in crate::identity) organization_id: Option<Uuid>,
}

fn one_of_both(input: &HasPermission) -> Result<(), ValidationError> {
    if input.permissions.is_some() == input.permission.is_some() {
        return Err(ValidationError::new("one_of").with_message("expected permissions".into()));
    }
    Ok(())
}

/// Which members to show.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
pub(in crate::identity) struct MemberQuery {
    limit: Option<String>,
    offset: Option<String>,
    sort_by: Option<String>,
    sort_direction: Option<Direction>,
    filter_field: Option<String>,
    filter_operator: Option<Operator>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Asc,
    Desc,
}

impl MemberQuery {
    /// With the values of `filterValue`, which may come several times.
    pub(in crate::identity) fn into_roster(self, values: Vec<String>) -> Roster {
        Roster {
            filter: filled(self.filter_field).map(|field| Filter {
                field,
                operator: self.filter_operator.unwrap_or(Operator::Eq),
                values,
            }),
            sort_by: filled(self.sort_by),
            descending: self.sort_direction == Some(Direction::Desc),
            limit: number(self.limit.as_ref()),
            offset: number(self.offset.as_ref()).unwrap_or_default(),
        }
    }
}
