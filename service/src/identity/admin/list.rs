//! Lists of users for administrators: searched, filtered and ordered by the columns that are named here and no others.
//! What cannot be understood finds nothing, as clients expect.

use chrono::{DateTime, Utc};
use entity::{
    prelude::User,
    user::{self, Column},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, Iterable, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Value,
    sea_query::{Expr, NullOrdering},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    super::{IdentityError, snapshot},
    Permission,
};
use crate::{
    Caller, Database,
    error::camel_case,
    query::{
        ast::{Form, Pattern},
        matches,
    },
};

/// The users on a page when nothing is said.
const DEFAULT_LIMIT: u64 = 100;
/// The most users on a page.
const MAX_LIMIT: u64 = 1_000;

/// Which users, in which order.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Only those whose address or name is like this.
    pub search: Option<Search>,
    /// Only those of whom this is so.
    pub filter: Option<Filter>,
    /// By which column, as clients call it; else by age.
    pub sort_by: Option<String>,
    /// In which direction.
    pub direction: Direction,
    /// How many; 100 if nothing is said, and never more than 1000.
    pub limit: Option<u64>,
    /// How many to pass over.
    pub offset: u64,
}

/// Text to look for. The case of letters does not matter.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where.
    pub field: SearchField,
    /// How.
    pub operator: SearchOperator,
    /// What.
    pub text: String,
}

/// Where text is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchField {
    /// In the e-mail address.
    #[default]
    Email,
    /// In the name.
    Name,
}

/// How text is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchOperator {
    /// Anywhere.
    #[default]
    Contains,
    /// At the beginning.
    StartsWith,
    /// At the end. A `*` stands for anything there.
    EndsWith,
}

/// Something that is so of a column.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The column, as clients call it.
    pub field: String,
    /// How it compares.
    pub operator: Operator,
    /// With what; several for `in` and `not_in`.
    pub values: Vec<String>,
}

/// How a column compares with a value.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    #[default]
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
    In,
    NotIn,
    Contains,
    StartsWith,
    EndsWith,
}

/// In which direction a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The least first.
    #[default]
    Asc,
    /// The greatest first.
    Desc,
}

/// Some of the users that were asked for.
#[derive(Clone, Debug, Default)]
pub struct UserPage {
    /// The users of this page.
    pub users: Vec<user::Model>,
    /// How many there are on all pages.
    pub total: u64,
}

/// The users that are asked for, and how many there are, of one moment.
///
/// # Errors
/// `YouAreNotAllowedToListUsers`.
pub async fn list(
    database: &Database,
    caller: &Caller,
    query: &UserQuery,
) -> Result<UserPage, IdentityError> {
    let (caller, query) = (caller.clone(), query.clone());
    snapshot(database, async move |tx| {
        Permission::List.check(tx, &caller, false).await?;
        let condition = condition(tx.get_database_backend(), &query);
        let sort = query.sort_by.as_deref().map_or(Some(Column::Id), column);
        let (Some(condition), Some(sort)) = (condition, sort) else {
            return Ok(UserPage::default());
        };
        #[expect(clippy::disallowed_methods, reason = "administrators see every user")]
        let found = User::find().filter(condition);
        let total = found.clone().count(tx).await?;
        let order = match query.direction {
            Direction::Asc => Order::Asc,
            Direction::Desc => Order::Desc,
        };
        let users = found
            .order_by_with_nulls(sort, order.clone(), NullOrdering::Last)
            .order_by(Column::Id, order)
            .limit(Ord::min(query.limit.unwrap_or(DEFAULT_LIMIT), MAX_LIMIT))
            .offset(Ord::min(query.offset, u32::MAX.into()))
            .all(tx)
            .await?;
        Ok(UserPage { users, total })
    })
    .await
}

/// `None` if it cannot be understood.
fn condition(backend: DbBackend, query: &UserQuery) -> Option<Condition> {
    let mut condition = Condition::all();
    if let Some(Search { field, operator, text }) = &query.search {
        let column = match field {
            SearchField::Email => Column::Email,
            SearchField::Name => Column::Name,
        };
        condition = condition.add(like(backend, column, *operator, text, true));
    }
    if let Some(filter) = &query.filter {
        condition = condition.add(compare(backend, filter)?);
    }
    Some(condition)
}

/// What a column holds.
enum Kind {
    Uuid,
    Text,
    Boolean,
    Time,
}

fn kind(column: Column) -> Kind {
    match column {
        Column::Id => Kind::Uuid,
        Column::EmailVerified
        | Column::Banned
        | Column::TwoFactorEnabled
        | Column::OnboardingComplete => Kind::Boolean,
        Column::BanExpires | Column::CreatedAt | Column::UpdatedAt => Kind::Time,
        Column::Name
        | Column::Email
        | Column::Image
        | Column::Username
        | Column::DisplayUsername
        | Column::Role
        | Column::BanReason
        | Column::PaymentsCustomerId
        | Column::Locale => Kind::Text,
    }
}

/// The column that clients call so, of those that they are shown.
fn column(name: &str) -> Option<Column> {
    use sea_orm::IdenStatic;
    let mut shown = Column::iter().filter(|column| !matches!(column, Column::PaymentsCustomerId));
    shown.find(|column| camel_case(column.as_str()) == name)
}

fn compare(backend: DbBackend, filter: &Filter) -> Option<Expr> {
    let column = column(&filter.field)?;
    let kind = kind(column);
    let values = filter.values.iter().map(|text| value(&kind, text)).collect::<Option<Vec<_>>>()?;
    let first = || values.first().cloned();
    let text = |operator| {
        let text = filter.values.first().filter(|_| matches!(kind, Kind::Text))?;
        Some(like(backend, column, operator, text, false))
    };
    match (filter.operator, &kind) {
        (Operator::Eq, _) => Some(column.eq(first()?)),
        (Operator::Ne, _) => Some(column.ne(first()?)),
        (Operator::In, _) => Some(column.is_in(values)),
        (Operator::NotIn, _) => Some(column.is_not_in(values)),
        (_, Kind::Boolean | Kind::Uuid) => None,
        (Operator::Lt, _) => Some(column.lt(first()?)),
        (Operator::Lte, _) => Some(column.lte(first()?)),
        (Operator::Gt, _) => Some(column.gt(first()?)),
        (Operator::Gte, _) => Some(column.gte(first()?)),
        (Operator::Contains, _) => text(SearchOperator::Contains),
        (Operator::StartsWith, _) => text(SearchOperator::StartsWith),
        (Operator::EndsWith, _) => text(SearchOperator::EndsWith),
    }
}

fn value(kind: &Kind, text: &str) -> Option<Value> {
    Some(match kind {
        Kind::Uuid => Uuid::parse_str(text).ok()?.into(),
        Kind::Text => text.into(),
        Kind::Boolean => text.parse::<bool>().ok()?.into(),
        Kind::Time => DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc).into(),
    })
}

fn like(
    backend: DbBackend,
    column: Column,
    operator: SearchOperator,
    text: &str,
    insensitive: bool,
) -> Expr {
    let (form, text) = match operator {
        SearchOperator::Contains => (Form::Contains, text.to_owned()),
        SearchOperator::StartsWith => (Form::StartsWith, text.to_owned()),
        SearchOperator::EndsWith => (Form::Like, ["*", text].concat()),
    };
    let subject = Expr::col((User, column));
    matches(backend, subject, &Pattern { form, text, insensitive })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_names_that_clients_are_shown() {
        for (name, known) in [
            ("email", true),
            ("createdAt", true),
            ("banExpires", true),
            ("created_at", false),
            ("paymentsCustomerId", false),
            ("password", false),
            ("", false),
        ] {
            assert_eq!(column(name).is_some(), known, "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_a_column_finds_nothing() {
        for (field, operator, value, fits) in [
            ("role", "eq", "admin", true),
            ("banned", "eq", "true", true),
            ("banned", "eq", "yes", false),
            ("banned", "lt", "true", false),
            ("createdAt", "gte", "2026-01-01T00:00:00.000Z", true),
            ("createdAt", "gte", "yesterday", false),
            ("createdAt", "contains", "2026-01-01T00:00:00.000Z", false),
            ("name", "ends_with", "a", true),
            ("id", "eq", "1", false),
        ] {
            let filter = Filter {
                field: field.to_owned(),
                operator: serde_json::from_value(operator.into()).unwrap(),
                values: vec![value.to_owned()],
            };
            let found = compare(DbBackend::Sqlite, &filter).is_some();
            assert_eq!(found, fits, "{field} {operator} {value}");
        }
    }
}
