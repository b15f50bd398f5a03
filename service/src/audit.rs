//! The audit trail: who did what to which row. Written with each change by [`crate::write`], read here, never changed.

use entity::{
    audit_log::Column,
    prelude::{AuditLog, Project},
};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, QueryTrait};

use crate::{
    Principal, Resource, Right,
    field::Field,
    organization::{OrganizationRole, with_role},
    project::owned_by,
    scope::Scope,
    table::RelationField,
};

impl Resource for AuditLog {
    const PATH: &'static str = "audit-logs";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::ActorId).filter(),
        Field::of(Column::ImpersonatorId).filter(),
        Field::of(Column::Action).filter(),
        Field::of(Column::TableName).filter(),
        Field::of(Column::RowId).filter(),
        Field::of(Column::RootId).filter(),
        Field::of(Column::Before),
        Field::of(Column::After),
        Field::of(Column::RequestId).filter(),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[];

    fn public() -> Scope {
        Scope::nothing()
    }

    /// Owners read what happened to what is theirs, also after it was deleted. Nobody changes the past.
    #[expect(clippy::disallowed_methods, reason = "the owner's own rows, deleted ones included")]
    fn scope(user: &Principal, right: Right) -> Scope {
        use sea_orm::EntityTrait;
        match right {
            Right::See => {
                let projects = Project::find().select_only().column(entity::project::Column::Id);
                Scope::only(Column::RootId.eq(user.id))
                    .or(Column::RootId.in_subquery(projects.filter(owned_by(user)).into_query()))
                    .or(Column::RootId.in_subquery(with_role(user, &[OrganizationRole::Owner])))
            }
            Right::Edit | Right::Own => Scope::nothing(),
        }
    }
}
