//! Refusals, told apart because clients tell them apart.

use sea_orm::DbErr;
use strum::IntoStaticStr;
use thiserror::Error;

use crate::Error;

/// Every way in which a function of identity refuses. A variant's name is the code that a client is told
/// ([`IdentityError::code`]) and its text is the message; both are Better Auth's.
#[derive(Debug, Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "a variant is described by its text")]
pub enum IdentityError {
    // Users and their proofs.
    #[error("User not found")]
    UserNotFound,
    #[error("Invalid user")]
    InvalidUser,
    #[error("Invalid email")]
    InvalidEmail,
    #[error("Email not verified")]
    EmailNotVerified,
    #[error("Email is already verified")]
    EmailAlreadyVerified,
    #[error("Email mismatch")]
    EmailMismatch,
    #[error("Email can not be updated")]
    EmailCanNotBeUpdated,
    #[error("Password too short")]
    PasswordTooShort,
    #[error("Password too long")]
    PasswordTooLong,
    #[error("Invalid password")]
    InvalidPassword,
    #[error("Credential account not found")]
    CredentialAccountNotFound,
    #[error("User already exists. Use another email.")]
    UserAlreadyExistsUseAnotherEmail,
    #[error("Invalid email or password")]
    InvalidEmailOrPassword,
    #[error(
        "You have been banned from this application. Please contact support if you believe this is an error."
    )]
    BannedUser,
    /// Not a code of Better Auth's core; its two-factor plugin knows it.
    #[error(
        "Account is temporarily locked due to too many failed attempts. Please try again later."
    )]
    AccountTemporarilyLocked {
        /// Seconds until the next attempt.
        retry_after: u64,
    },
    #[error("Invalid token")]
    InvalidToken,
    #[error("Token expired")]
    TokenExpired,

    // Names.
    #[error("Invalid username or password")]
    InvalidUsernameOrPassword,
    #[error("Username is too short")]
    UsernameTooShort,
    #[error("Username is too long")]
    UsernameTooLong,
    #[error("Username is invalid")]
    InvalidUsername,
    #[error("Username is already taken. Please try another.")]
    UsernameIsAlreadyTaken,

    // Sessions.
    #[error("Failed to get session")]
    FailedToGetSession,
    #[error("Session is not fresh")]
    SessionNotFresh,
    #[error("This is for the user alone; stop impersonating first")]
    NotWhileImpersonating,

    // Accounts elsewhere.
    #[error("Provider not found")]
    ProviderNotFound,
    #[error("id_token not supported")]
    IdTokenNotSupported,
    #[error("Account not found")]
    AccountNotFound,
    #[error("You can't unlink your last account")]
    FailedToUnlinkLastAccount,
    #[error("Failed to get user info")]
    FailedToGetUserInfo,

    // Administration.
    #[error("You cannot ban yourself")]
    YouCannotBanYourself,
    #[error("You are not allowed to change users role")]
    YouAreNotAllowedToChangeUsersRole,
    #[error("You are not allowed to create users")]
    YouAreNotAllowedToCreateUsers,
    #[error("You are not allowed to list users")]
    YouAreNotAllowedToListUsers,
    #[error("You are not allowed to list users sessions")]
    YouAreNotAllowedToListUsersSessions,
    #[error("You are not allowed to ban users")]
    YouAreNotAllowedToBanUsers,
    #[error("You are not allowed to impersonate users")]
    YouAreNotAllowedToImpersonateUsers,
    #[error("You are not allowed to revoke users sessions")]
    YouAreNotAllowedToRevokeUsersSessions,
    #[error("You are not allowed to delete users")]
    YouAreNotAllowedToDeleteUsers,
    #[error("You are not allowed to set users password")]
    YouAreNotAllowedToSetUsersPassword,
    #[error("You are not allowed to get user")]
    YouAreNotAllowedToGetUser,
    #[error("No data to update")]
    NoDataToUpdate,
    #[error("You are not allowed to update users")]
    YouAreNotAllowedToUpdateUsers,
    #[error("You cannot remove yourself")]
    YouCannotRemoveYourself,
    #[error("You are not allowed to set a non-existent role value")]
    YouAreNotAllowedToSetNonExistentValue,
    #[error("You cannot impersonate admins")]
    YouCannotImpersonateAdmins,
    #[error("You are not impersonating anyone")]
    YouAreNotImpersonatingAnyone,
    #[error("Failed to find admin session")]
    FailedToFindAdminSession,
    #[error("Invalid role type")]
    InvalidRoleType,
    #[error("You are not allowed to update users email")]
    YouAreNotAllowedToSetUsersEmail,
    #[error(
        "Password cannot be updated through update-user. Use the set-user-password endpoint instead"
    )]
    PasswordCannotBeUpdatedViaUpdateUser,

    // Organizations.
    #[error("Organization already exists")]
    OrganizationAlreadyExists,
    #[error("Organization slug already taken")]
    OrganizationSlugAlreadyTaken,
    #[error("Organization not found")]
    OrganizationNotFound,
    #[error("User is not a member of the organization")]
    UserIsNotAMemberOfTheOrganization,
    #[error("You are not allowed to update this organization")]
    YouAreNotAllowedToUpdateThisOrganization,
    #[error("You are not allowed to delete this organization")]
    YouAreNotAllowedToDeleteThisOrganization,
    #[error("No active organization")]
    NoActiveOrganization,
    #[error("User is already a member of this organization")]
    UserIsAlreadyAMemberOfThisOrganization,
    #[error("Member not found")]
    MemberNotFound,
    #[error("ROLE_NOT_FOUND: {roles}")]
    RoleNotFound {
        /// What was taken for roles.
        roles: String,
    },
    #[error("You cannot leave the organization as the only owner")]
    YouCannotLeaveTheOrganizationAsTheOnlyOwner,
    #[error("You cannot leave the organization without an owner")]
    YouCannotLeaveTheOrganizationWithoutAnOwner,
    #[error("You are not allowed to delete this member")]
    YouAreNotAllowedToDeleteThisMember,
    #[error("You are not allowed to update this member")]
    YouAreNotAllowedToUpdateThisMember,
    #[error("You are not allowed to invite users to this organization")]
    YouAreNotAllowedToInviteUsersToThisOrganization,
    #[error("You are not allowed to invite a user with this role")]
    YouAreNotAllowedToInviteUserWithThisRole,
    #[error("User is already invited to this organization")]
    UserIsAlreadyInvitedToThisOrganization,
    #[error("Invitation not found")]
    InvitationNotFound,
    #[error("You are not the recipient of the invitation")]
    YouAreNotTheRecipientOfTheInvitation,
    #[error("Email verification required before accepting or rejecting invitation")]
    EmailVerificationRequiredBeforeAcceptingOrRejectingInvitation,
    #[error("Email verification required to view or list invitations for the session email")]
    EmailVerificationRequiredForInvitation,
    #[error("You are not allowed to cancel this invitation")]
    YouAreNotAllowedToCancelThisInvitation,
    #[error("Inviter is no longer a member of the organization")]
    InviterIsNoLongerAMemberOfTheOrganization,
    #[error("Organization membership limit reached")]
    OrganizationMembershipLimitReached,
    #[error("Invitation limit reached")]
    InvitationLimitReached,
    #[error("You are not a member of this organization")]
    YouAreNotAMemberOfThisOrganization,

    /// Anything that is not particular to identity.
    #[error(transparent)]
    Service(Error),
}

impl IdentityError {
    /// What programs know the refusal by.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

impl From<Error> for IdentityError {
    fn from(error: Error) -> Self {
        match error {
            Error::Taken { field } if field == "email" => Self::UserAlreadyExistsUseAnotherEmail,
            Error::Taken { field } if field == "username" => Self::UsernameIsAlreadyTaken,
            error => Self::Service(error),
        }
    }
}

impl From<DbErr> for IdentityError {
    fn from(error: DbErr) -> Self {
        Error::from(error).into()
    }
}
