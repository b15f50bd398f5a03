//! The members of an organization as a client asks for them: some, in an order, a part. There are so few of them that
//! they are sorted here and not by the database; the resource `members` is for everything else.

use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset};
use entity::{member::Model, user};

use super::MAX_MEMBERS;

/// Which members to show.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Only those for which this holds.
    pub filter: Option<Filter>,
    /// The field to sort by; one that there is not sorts nothing.
    pub sort_by: Option<String>,
    /// Whether the last come first.
    pub descending: bool,
    /// How many; those that an organization may have, unless said.
    pub limit: Option<u64>,
    /// How many are left out before.
    pub offset: u64,
}

/// A condition on one field. Nobody fulfils one on a field that there is not.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The field.
    pub field: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what; only sets have several.
    pub values: Vec<String>,
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// One of several.
    In,
    /// None of several.
    NotIn,
    /// With the value in it.
    Contains,
    /// With the value at its beginning.
    StartsWith,
    /// With the value at its end.
    EndsWith,
}

/// What a member has in a field.
#[derive(PartialEq, PartialOrd)]
enum Value {
    Text(String),
    Time(DateTime<FixedOffset>),
}

impl Value {
    fn of(member: &Model, field: &str) -> Option<Self> {
        Some(match field {
            "id" => Self::Text(member.id.to_string()),
            "organizationId" => Self::Text(member.organization_id.to_string()),
            "userId" => Self::Text(member.user_id.to_string()),
            "role" => Self::Text(member.role.clone()),
            "createdAt" => Self::Time(member.created_at),
            _ => return None,
        })
    }

    /// How it compares with what a client has written; not at all, if that is of another kind.
    fn compare(&self, written: &str) -> Option<Ordering> {
        match self {
            Self::Text(text) => Some(text.as_str().cmp(written)),
            Self::Time(time) => {
                DateTime::parse_from_rfc3339(written).ok().map(|written| time.cmp(&written))
            }
        }
    }
}

impl Filter {
    fn holds(&self, member: &Model) -> bool {
        let Some(value) = Value::of(member, &self.field) else { return false };
        let is = |orders: &[Ordering]| {
            let mut written = self.values.iter().filter_map(|written| value.compare(written));
            written.any(|order| orders.contains(&order))
        };
        let has = |test: fn(&str, &str) -> bool| match &value {
            Value::Text(text) => self.values.iter().any(|written| test(text, written)),
            Value::Time(_) => false,
        };
        match self.operator {
            Operator::Eq | Operator::In => is(&[Ordering::Equal]),
            Operator::Ne | Operator::NotIn => !is(&[Ordering::Equal]),
            Operator::Lt => is(&[Ordering::Less]),
            Operator::Lte => is(&[Ordering::Less, Ordering::Equal]),
            Operator::Gt => is(&[Ordering::Greater]),
            Operator::Gte => is(&[Ordering::Greater, Ordering::Equal]),
            Operator::Contains => has(|text, written| text.contains(written)),
            Operator::StartsWith => has(|text, written| text.starts_with(written)),
            Operator::EndsWith => has(|text, written| text.ends_with(written)),
        }
    }
}

impl Roster {
    /// The part that is asked for, and how many there are in all.
    pub(super) fn of(
        &self,
        mut members: Vec<(Model, user::Model)>,
    ) -> (Vec<(Model, user::Model)>, usize) {
        members
            .retain(|(member, _)| self.filter.as_ref().is_none_or(|filter| filter.holds(member)));
        if let Some(field) = &self.sort_by {
            members.sort_by(|(a, _), (b, _)| {
                let order = Value::of(a, field).partial_cmp(&Value::of(b, field));
                let order = order.unwrap_or(Ordering::Equal);
                if self.descending { order.reverse() } else { order }
            });
        }
        let total = members.len();
        let [offset, limit] = [self.offset, self.limit.unwrap_or(MAX_MEMBERS)]
            .map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        (members.into_iter().skip(offset).take(limit).collect(), total)
    }
}
