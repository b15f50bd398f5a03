//! Users, as other users see them: a name and a picture. What is private of a user is served under `/api/auth` only.

use entity::{
    prelude::User,
    user::{Column, Model},
};
use sea_orm::Condition;
use uuid::Uuid;

use crate::{
    Audited, Principal, Resource, Right, field::Field, scope::Scope, table::RelationField,
};

impl Resource for User {
    const PATH: &'static str = "users";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::Name).filter().sort(),
        Field::of(Column::Image),
        Field::of(Column::Username).filter().sort(),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, right: Right) -> Scope {
        match right {
            Right::See => Scope::only(Condition::all()),
            Right::Edit | Right::Own => Scope::only(sea_orm::ColumnTrait::eq(&Column::Id, user.id)),
        }
    }
}

impl Audited for User {
    fn root(row: &Model) -> Uuid {
        row.id
    }
}
