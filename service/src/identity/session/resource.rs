//! Sessions, as their users see them: where somebody is signed in. The hash of the token is nobody's to see.

use entity::{
    prelude::{Session, User},
    session::Column,
};
use sea_orm::{ColumnTrait, Condition};

use crate::{Principal, Resource, Right, field::Field, scope::Scope, table::RelationField};

impl Resource for Session {
    const PATH: &'static str = "sessions";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::UserId).filter(),
        Field::of(Column::ExpiresAt).filter().sort(),
        Field::of(Column::IpAddress).filter(),
        Field::of(Column::UserAgent),
        Field::of(Column::ImpersonatedBy).filter(),
        Field::of(Column::ActiveOrganizationId).filter(),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[RelationField::to::<User>("user")];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, _: Right) -> Scope {
        // Those in which an administrator acts as the user are not theirs.
        let own = Condition::all().add(Column::UserId.eq(user.id));
        Scope::only(own.add(Column::ImpersonatedBy.is_null()))
    }
}
