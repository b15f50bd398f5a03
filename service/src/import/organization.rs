//! Organizations, and who belongs to them.

use entity::{
    member, organization,
    prelude::{Member, Organization},
};
use sea_orm::ActiveEnum;
use uuid::Uuid;

use super::{Imported, Kind, Known, Row, id_of, trail::IMPORT};
use crate::{Caller, Result, Transaction, organization::OrganizationRole, write};

impl Imported for Organization {
    const TABLE: &'static str = "organization";
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("id", Kind::Text),
        ("name", Kind::Text),
        ("slug", Kind::Text),
        ("logo", Kind::Text),
        ("metadata", Kind::Text),
        ("createdAt", Kind::Time),
        ("updatedAt", Kind::Time),
    ];
    const KEYS: &'static [(&'static [organization::Column], &'static str)] =
        &[(&[organization::Column::Slug], "another organization has the slug")];
    const IDENTITY: &'static [organization::Column] = &[organization::Column::Slug];
    const COMPARED: &'static [organization::Column] = &[
        organization::Column::Name,
        organization::Column::Slug,
        organization::Column::Logo,
        organization::Column::Metadata,
    ];

    fn id(row: &organization::Model) -> Uuid {
        row.id
    }

    fn read(row: &Row, _known: &mut Known) -> Result<organization::Model, String> {
        let created_at = row.first_time(&["createdAt", "updatedAt"])?;
        Ok(organization::Model {
            id: id_of(Self::TABLE, row.filled("id")?),
            name: row.fitting("name", 255)?.unwrap_or_default(),
            slug: row.fitting("slug", 255)?.ok_or("it has no slug")?,
            logo: row.fitting("logo", usize::MAX)?,
            metadata: row.fitting("metadata", usize::MAX)?,
            created_at,
            updated_at: row.time("updatedAt")?.unwrap_or(created_at),
        })
    }

    async fn store(
        tx: &Transaction,
        caller: &Caller,
        rows: Vec<organization::Model>,
    ) -> Result<()> {
        write::insert_as_they_are::<Self>(tx, caller, IMPORT, &rows).await
    }
}

impl Imported for Member {
    const TABLE: &'static str = "member";
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("id", Kind::Text),
        ("organizationId", Kind::Text),
        ("userId", Kind::Text),
        ("role", Kind::Text),
        ("createdAt", Kind::Time),
    ];
    const KEYS: &'static [(&'static [member::Column], &'static str)] = &[(
        &[member::Column::OrganizationId, member::Column::UserId],
        "the user is a member of the organization already",
    )];
    const IDENTITY: &'static [member::Column] = &[];
    const COMPARED: &'static [member::Column] =
        &[member::Column::OrganizationId, member::Column::UserId, member::Column::Role];

    fn id(row: &member::Model) -> Uuid {
        row.id
    }

    fn read(row: &Row, known: &mut Known) -> Result<member::Model, String> {
        let created_at = row.first_time(&["createdAt"])?;
        let organization_id = known.parent("organization", row.filled("organizationId")?)?;
        let user_id = known.parent("user", row.filled("userId")?)?;
        let role = role_of(row, known);
        if role.split(',').any(|name| name == OrganizationRole::Owner.to_value()) {
            known.owned.insert(organization_id);
        }
        Ok(member::Model {
            id: id_of(Self::TABLE, row.filled("id")?),
            organization_id,
            user_id,
            role,
            created_at,
            updated_at: created_at,
        })
    }

    async fn store(tx: &Transaction, caller: &Caller, rows: Vec<member::Model>) -> Result<()> {
        write::insert_as_they_are::<Self>(tx, caller, IMPORT, &rows).await
    }
}

/// Those of the roles that there are here, with commas between them; without one, that of an ordinary member.
fn role_of(row: &Row, known: &mut Known) -> String {
    let all: Vec<_> = row.text("role").unwrap_or_default().split(',').map(str::trim).collect();
    let is_ours = |role: &&str| OrganizationRole::try_from_value(&(*role).to_owned()).is_ok();
    let ours: Vec<_> = all.iter().copied().filter(is_ours).collect();
    if ours.len() < all.len() {
        known.note("members who had a role that there is not here, and have only their others now");
    }
    if ours.is_empty() { OrganizationRole::Member.to_value() } else { ours.join(",") }
}
