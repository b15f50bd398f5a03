//! What differs between what a database should have and what it has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Serialize, Serializer};

use crate::{
    catalog::{Catalog, Column, Index, ObjectKind, Table},
    definition,
};

/// One thing that is missing, extra or not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which of the three.
    pub state: State,
    /// What it is.
    pub kind: Kind,
    /// Its name; that of what belongs to a table begins with the table and a dot.
    pub name: String,
    /// Of a column that is there: what about it is not as it should be.
    pub aspect: Option<Aspect>,
    /// How it should be; nothing if it should not.
    pub expected: Option<String>,
    /// How it is; nothing if it is not.
    pub actual: Option<String>,
}

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum State {
    /// It should be there.
    Missing,
    /// It should not be there.
    Extra,
    /// It should be otherwise.
    Changed,
}

/// What can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A table with all it has.
    Table,
    /// A column of a table.
    Column,
    /// A constraint of a table.
    Constraint,
    /// An index of a table.
    Index,
    /// Something else about a table: `strict`, `row security`.
    Option,
    /// What is no table.
    Object(ObjectKind),
}

/// What there is to say of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Aspect {
    /// What it holds.
    Type,
    /// Whether it may be null.
    Nullability,
    /// What it has when nothing is said.
    Default,
    /// How its text is compared.
    Collation,
    /// What it is computed from.
    Generated,
    /// How the database counts it up.
    Identity,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.write_str("table"),
            Self::Column => f.write_str("column"),
            Self::Constraint => f.write_str("constraint"),
            Self::Index => f.write_str("index"),
            Self::Option => f.write_str("option"),
            Self::Object(kind) => kind.fmt(f),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, kind, name, .. } = self;
        write!(f, "{:7}  {kind} {name}", state.to_string())?;
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = |text: &Option<String>| text.as_deref().map_or("none".to_owned(), one_line);
        let (expected, actual) = (text(&self.expected), text(&self.actual));
        match (state, self.aspect) {
            (State::Changed, Some(aspect)) => write!(f, ": {aspect} is {actual}, not {expected}"),
            (State::Changed, None) => write!(f, "\n         is  {actual}\n         not {expected}"),
            (State::Missing, _) if expected != "none" => write!(f, ": {expected}"),
            (State::Extra, _) if actual != "none" => write!(f, ": {actual}"),
            _ => Ok(()),
        }
    }
}

/// Everything in which `actual` is not as `expected`, both of the same kind of database: the tables in order of name, then
/// what else there is. Of a table that is missing or extra, that is all that is said. The order of columns does not count.
pub fn differences(expected: &Catalog, actual: &Catalog) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, pair) in pairs(&expected.tables, &actual.tables) {
        match pair {
            (Some(expected), Some(actual)) => compare(&mut found, name, expected, actual),
            (expected, actual) => {
                let columns = |table: &Table| {
                    let names: Vec<_> =
                        table.columns.iter().map(|column| column.name.as_str()).collect();
                    names.join(", ")
                };
                found.extend(different(
                    Kind::Table,
                    name,
                    (expected.map(columns), actual.map(columns)),
                ));
            }
        }
    }
    for (object, (expected, actual)) in pairs(&expected.objects, &actual.objects) {
        let texts = (expected.cloned(), actual.cloned());
        found.extend(different(Kind::Object(object.kind), &object.name, texts));
    }
    found
}

/// What either of them has under each name.
pub(crate) fn pairs<'a, K: Ord, V>(
    expected: &'a BTreeMap<K, V>,
    actual: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, (Option<&'a V>, Option<&'a V>))> {
    let names: BTreeSet<_> = expected.keys().chain(actual.keys()).collect();
    names.into_iter().map(|name| (name, (expected.get(name), actual.get(name))))
}

fn compare(found: &mut Vec<Difference>, table: &str, expected: &Table, actual: &Table) {
    let full = |name: &str| format!("{table}.{name}");
    columns(found, table, expected, actual);
    for (name, (expected, actual)) in pairs(&expected.constraints, &actual.constraints) {
        let texts = (expected.map(definition::constraint), actual.map(definition::constraint));
        found.extend(different(Kind::Constraint, &full(name), texts));
    }
    for (name, (expected, actual)) in pairs(&expected.indexes, &actual.indexes) {
        found.extend(different(Kind::Index, &full(name), (expected.map(index), actual.map(index))));
    }
    for (state, one, other) in
        [(State::Missing, expected, actual), (State::Extra, actual, expected)]
    {
        for option in one.options.iter().filter(|option| !other.options.contains(option)) {
            let (kind, name) = (Kind::Option, format!("{table} ({option})"));
            let (aspect, expected, actual) = (None, None, None);
            found.push(Difference { state, kind, name, aspect, expected, actual });
        }
    }
}

fn columns(found: &mut Vec<Difference>, table: &str, expected: &Table, actual: &Table) {
    // A partition has the columns of its parent, where the difference is told.
    if expected.options.iter().any(|option| option.starts_with("partition of ")) {
        return;
    }
    let by_name = |table: &Table| -> BTreeMap<String, Column> {
        table.columns.iter().map(|column| (column.name.clone(), column.clone())).collect()
    };
    for (name, pair) in pairs(&by_name(expected), &by_name(actual)) {
        let name = format!("{table}.{name}");
        let (Some(expected), Some(actual)) = pair else {
            let text = |column: &Column| {
                let null = if column.nullable { "" } else { " NOT NULL" };
                format!("{}{null}", column.kind)
            };
            let texts = (pair.0.map(text), pair.1.map(text));
            found.extend(different(Kind::Column, &name, texts));
            continue;
        };
        for (aspect, read) in aspects() {
            let (expected, actual) = (read(expected), read(actual));
            if expected != actual {
                found.push(Difference {
                    state: State::Changed,
                    kind: Kind::Column,
                    name: name.clone(),
                    aspect: Some(aspect),
                    expected,
                    actual,
                });
            }
        }
    }
}

/// What there is to say of a column, and where it stands.
type Read = fn(&Column) -> Option<String>;

fn aspects() -> [(Aspect, Read); 6] {
    [
        (Aspect::Type, |column| Some(column.kind.clone())),
        (Aspect::Nullability, |column| {
            Some(if column.nullable { "NULL" } else { "NOT NULL" }.to_owned())
        }),
        (Aspect::Default, |column| column.default.clone()),
        (Aspect::Collation, |column| column.collation.clone()),
        (Aspect::Generated, |column| {
            let generated = column.generated.as_ref()?;
            let kept = if generated.stored { "stored" } else { "virtual" };
            Some(format!("{} {kept}", generated.expression))
        }),
        (Aspect::Identity, |column| column.identity.clone()),
    ]
}

fn index(index: &Index) -> String {
    let unusable = if index.valid { "" } else { " (unusable: its build broke off)" };
    format!("{}{unusable}", index.definition)
}

fn different(
    kind: Kind,
    name: &str,
    (expected, actual): (Option<String>, Option<String>),
) -> Option<Difference> {
    let state = match (&expected, &actual) {
        (Some(_), None) => State::Missing,
        (None, Some(_)) => State::Extra,
        _ if expected != actual => State::Changed,
        _ => return None,
    };
    let name = name.to_owned();
    Some(Difference { state, kind, name, aspect: None, expected, actual })
}
