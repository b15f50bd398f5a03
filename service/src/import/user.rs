//! People.

use entity::{
    prelude::User,
    user::{Column, Model},
};
use sea_orm::ActiveEnum;
use uuid::Uuid;

use super::{Imported, Kind, Known, Row, id_of, trail::IMPORT};
use crate::{
    Caller, Result, Transaction,
    caller::Role,
    identity::{credential::normalize, username},
    write,
};

impl Imported for User {
    const TABLE: &'static str = "user";
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("id", Kind::Text),
        ("name", Kind::Text),
        ("email", Kind::Text),
        ("emailVerified", Kind::Text),
        ("image", Kind::Text),
        ("username", Kind::Text),
        ("displayUsername", Kind::Text),
        ("role", Kind::Text),
        ("banned", Kind::Text),
        ("banReason", Kind::Text),
        ("banExpires", Kind::Time),
        ("twoFactorEnabled", Kind::Text),
        // Not of Better Auth, but of those who build on it.
        ("onboardingComplete", Kind::Text),
        ("paymentsCustomerId", Kind::Text),
        ("locale", Kind::Text),
        ("createdAt", Kind::Time),
        ("updatedAt", Kind::Time),
    ];
    const KEYS: &'static [(&'static [Column], &'static str)] = &[
        (&[Column::Email], "another user has the e-mail address"),
        (&[Column::Username], "another user has the user name"),
    ];
    const IDENTITY: &'static [Column] = &[Column::Email];
    const COMPARED: &'static [Column] = &[
        Column::Name,
        Column::Email,
        Column::EmailVerified,
        Column::Image,
        Column::Username,
        Column::DisplayUsername,
        Column::Role,
        Column::Banned,
        Column::BanReason,
        Column::BanExpires,
    ];

    fn id(row: &Model) -> Uuid {
        row.id
    }

    fn read(row: &Row, known: &mut Known) -> Result<Model, String> {
        let address = row.filled("email")?;
        let email = normalize(address)
            .map_err(|_refused| format!("its e-mail address is not valid: {address:?}"))?;
        let created_at = row.first_time(&["createdAt", "updatedAt"])?;
        let model = Model {
            id: id_of(Self::TABLE, row.filled("id")?),
            name: row.fitting("name", 255)?.unwrap_or_default(),
            email,
            email_verified: row.flag("emailVerified"),
            image: row.fitting("image", usize::MAX)?,
            username: None,
            display_username: row.fitting("displayUsername", 255)?,
            role: Role::User.to_value(),
            banned: row.flag("banned"),
            ban_reason: row.fitting("banReason", usize::MAX)?,
            ban_expires: row.time("banExpires")?,
            two_factor_enabled: false,
            onboarding_complete: row.flag("onboardingComplete"),
            payments_customer_id: row.fitting("paymentsCustomerId", 255)?,
            locale: row.fitting("locale", 35)?,
            created_at,
            updated_at: row.time("updatedAt")?.unwrap_or(created_at),
        };
        let (username, role) = (username_of(row, known), role_of(row, known));
        if row.flag("twoFactorEnabled") {
            known.note(
                "users who had a second factor, and sign in without one until they set it up again",
            );
        }
        Ok(Model { username, role: role.to_value(), ..model })
    }

    async fn store(tx: &Transaction, caller: &Caller, rows: Vec<Model>) -> Result<()> {
        write::insert_as_they_are::<Self>(tx, caller, IMPORT, &rows).await
    }
}

/// The user name, where it can be one here.
fn username_of(row: &Row, known: &mut Known) -> Option<String> {
    let name = row.text("username").filter(|name| !name.is_empty())?;
    let Ok((name, _)) = username::resolve(Some(name), None) else {
        known.note("users who had a user name that is not allowed here, and have none now");
        return None;
    };
    name
}

/// Who has several roles has them with commas between them.
fn role_of(row: &Row, known: &mut Known) -> Role {
    let mut roles = row.text("role").unwrap_or_default().split(',').map(str::trim);
    if roles.clone().any(|role| role == "admin") {
        known.note("users who are administrators");
        return Role::Admin;
    }
    if roles.any(|role| !matches!(role, "" | "user")) {
        known.note("users who had a role that there is not here, and are ordinary users now");
    }
    Role::User
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_comes_only_with_an_address_that_can_be_stored() {
        let read = |email: &str| {
            let values = [("id", "1"), ("email", email), ("createdAt", "2025-03-04")];
            let values = values.map(|(name, value)| (name, Some(value.to_owned())));
            User::read(&Row::new(values.into()), &mut Known::default())
        };
        assert_eq!(read("Ada@Example.com").unwrap().email, "ada@example.com");
        // Its lower case is longer.
        let long =
            format!("{}@{}com", "a".repeat(64), format!("{}.", "\u{130}".repeat(20)).repeat(11));
        for email in ["", "ada", "ada@\0example.com", "ada@\0[127.0.0.1]", &long] {
            assert!(read(email).unwrap_err().contains("is not valid"), "{email:?}");
        }
    }
}
