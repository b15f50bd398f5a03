//! Organizations and who belongs to them.

use entity::{
    member,
    organization::{Column, Model},
    prelude::{Member, Organization},
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter,
    QuerySelect, QueryTrait, sea_query::SelectStatement,
};

use uuid::Uuid;

use crate::{
    Audited, Principal, Resource, Right, field::Field, scope::Scope, table::RelationField,
};

/// What a member may do in an organization. A member may have several roles, stored with commas between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "camelCase")]
pub enum OrganizationRole {
    /// Everything, also deleting it.
    Owner,
    /// Everything but deleting it.
    Admin,
    /// Belonging to it.
    Member,
}

impl Resource for Organization {
    const PATH: &'static str = "organizations";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::Name).filter().sort(),
        Field::of(Column::Slug).filter().sort(),
        Field::of(Column::Logo),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, right: Right) -> Scope {
        let organizations = match right {
            Right::See => of(user),
            Right::Edit => with_role(user, &[OrganizationRole::Owner, OrganizationRole::Admin]),
            Right::Own => with_role(user, &[OrganizationRole::Owner]),
        };
        Scope::only(Column::Id.in_subquery(organizations))
    }
}

impl Audited for Organization {
    fn root(row: &Model) -> Uuid {
        row.id
    }
}

/// Whether one of the roles that a member has is this one.
pub(crate) fn has_role(roles: &str, role: OrganizationRole) -> bool {
    roles.split(',').any(|name| name == role.to_value())
}

/// The organizations that the user belongs to.
pub(crate) fn of(user: &Principal) -> SelectStatement {
    memberships(Condition::all().add(member::Column::UserId.eq(user.id)))
}

/// The organizations in which the user has one of the roles.
pub(crate) fn with_role(user: &Principal, roles: &[OrganizationRole]) -> SelectStatement {
    let any = roles.iter().copied().flat_map(role_patterns).fold(Condition::any(), Condition::add);
    memberships(Condition::all().add(member::Column::UserId.eq(user.id)).add(any))
}

/// The role alone, or first, last or between others.
fn role_patterns(role: OrganizationRole) -> [sea_orm::sea_query::Expr; 4] {
    let (column, role) = (member::Column::Role, role.to_value());
    [
        column.eq(&role),
        column.like([&role, ",%"].concat()),
        column.like(["%,", &role].concat()),
        column.like(["%,", &role, ",%"].concat()),
    ]
}

#[expect(clippy::disallowed_methods, reason = "the caller's own memberships")]
fn memberships(condition: Condition) -> SelectStatement {
    Member::find()
        .select_only()
        .column(member::Column::OrganizationId)
        .filter(condition)
        .into_query()
}
