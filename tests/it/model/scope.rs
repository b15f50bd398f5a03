//! Who sees which row.

use uuid::Uuid;

use super::world::{Caller, Row, World};

impl World {
    /// Whether the caller sees a row of a table.
    pub(crate) fn sees(&self, caller: Caller, table: &str, row: &Row) -> bool {
        let Some(user) = caller.0 else { return false };
        let admin = self.is_admin(user);
        match table {
            "user" | "theme" => true,
            "organization" => admin || self.roles(user, row.id()).is_some(),
            "member" | "invitation" if admin => true,
            "member" => self.roles_within(user, row).is_some(),
            // Who may invite, but administrators do not see who shall be an owner.
            "invitation" => {
                let makes_owner = has_role(row.get("role").map(super::Value::written), "owner");
                let mine = self.roles_within(user, row);
                has_role(mine.clone(), "owner") || has_role(mine, "admin") && !makes_owner
            }
            "project" => row.get("deletedAt").is_none() && (admin || self.shares(user, row)),
            "task" | "project_member" => {
                let project = row.reference("projectId").and_then(|id| self.find("project", id));
                project.is_some_and(|project| self.sees(caller, "project", project))
            }
            "audit_log" => admin || self.owns_root(user, row),
            other => panic!("nobody asks for {other}"),
        }
    }

    pub(crate) fn is_admin(&self, user: Uuid) -> bool {
        self.find("user", user).is_some_and(|row| row.is("role", "admin"))
    }

    /// The roles of a user in an organization, if they belong to it.
    fn roles(&self, user: Uuid, organization: Uuid) -> Option<String> {
        let mut members = self.all("member").iter();
        let member = members.find(|row| {
            row.reference("userId") == Some(user)
                && row.reference("organizationId") == Some(organization)
        });
        member?.get("role").map(super::Value::written)
    }

    /// The roles of a user in the organization of a row, if they belong to it.
    fn roles_within(&self, user: Uuid, row: &Row) -> Option<String> {
        self.roles(user, row.reference("organizationId")?)
    }

    /// Projects are seen by their owner, their members, the members of their organization, and, if public, by everyone
    /// signed in.
    fn shares(&self, user: Uuid, project: &Row) -> bool {
        let organization = project.reference("organizationId");
        project.reference("ownerId") == Some(user)
            || project.get("isPublic") == Some(&super::Value::Boolean(true))
            || organization.is_some_and(|id| self.roles(user, id).is_some())
            || self.all("project_member").iter().any(|row| {
                row.reference("projectId") == Some(project.id())
                    && row.reference("userId") == Some(user)
            })
    }

    /// The trail of a project, also of a deleted one, is for its owner and the owners of its organization; that of an
    /// organization is for its owners, that of a user for the user.
    fn owns_root(&self, user: Uuid, row: &Row) -> bool {
        let Some(root) = row.reference("rootId") else { return false };
        let owns = |project: &Row| {
            let organization = project.reference("organizationId");
            project.reference("ownerId") == Some(user)
                || has_role(organization.and_then(|id| self.roles(user, id)), "owner")
        };
        root == user
            || has_role(self.roles(user, root), "owner")
            || self.find("project", root).is_some_and(owns)
    }
}

fn has_role(roles: Option<String>, role: &str) -> bool {
    roles.unwrap_or_default().split(',').any(|other| other == role)
}
