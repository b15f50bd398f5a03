//! The steps of a migration as Rust.

use std::collections::BTreeSet;

use sea_orm::Value;

use super::operation::{Alteration, Operation};
use crate::schema::{Column, Kind, NewTable, OnDelete};

/// The source of a migration that does `up`, and `down` to undo it; `about` is what its head says, a line each.
pub(super) fn source(about: &[String], up: &[Operation], down: &[Operation]) -> String {
    let mut words = Words::default();
    let plain = !up.iter().chain(down).any(Operation::rebuilds);
    let bodies = [up, down].map(|operations| body(operations, plain, &mut words));
    let [up, down] = &bodies;
    let transaction = if plain {
        "fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    "
    } else {
        ""
    };
    let head: String =
        about.iter().map(|line| format!("//! {line}\n").replace("//! \n", "//!\n")).collect();
    let manager = |body: &str| if body.contains("manager") { "manager" } else { "_manager" };
    format!(
        "{head}
use sea_orm_migration::prelude::*;

use crate::schema::{{{}}};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {{
    {transaction}async fn up(&self, {}: &SchemaManager) -> Result<(), DbErr> {{
        {up}
    }}

    async fn down(&self, {}: &SchemaManager) -> Result<(), DbErr> {{
        {down}
    }}
}}
",
        words.0.into_iter().collect::<Vec<_>>().join(", "),
        manager(up),
        manager(down),
    )
}

/// The words of the vocabulary that are used.
#[derive(Default)]
struct Words(BTreeSet<&'static str>);

impl Words {
    fn say(&mut self, word: &'static str) -> &'static str {
        self.0.insert(word);
        word
    }
}

fn body(operations: &[Operation], plain: bool, words: &mut Words) -> String {
    let last = operations.len().saturating_sub(1);
    let statements = operations.iter().enumerate().map(|(place, operation)| {
        let end = if place == last { "" } else { "?;\n" };
        format!("{}{end}", statement(operation, words))
    });
    let statements = statements.collect::<String>();
    let alone = operations.len() < 2 && operations.iter().all(Operation::is_whole);
    if plain || alone {
        return statements;
    }
    let wrapper = words.say("all_or_nothing");
    format!("{wrapper}(manager, async |manager| {{ {statements} }}).await")
}

fn statement(operation: &Operation, words: &mut Words) -> String {
    match operation {
        Operation::CreateTable(table) => new_table(table, words),
        Operation::DropTable(table) => {
            format!("{}(manager, {:?}).await", words.say("drop_table"), table.name)
        }
        Operation::RenameTable(from, to) => {
            format!("{}(manager, {from:?}, {to:?}).await", words.say("rename_table"))
        }
        Operation::RenameColumn(table, from, to) => {
            format!("{}(manager, {table:?}, {from:?}, {to:?}).await", words.say("rename_column"))
        }
        Operation::AddColumn(table, new) => {
            let word = words.say("add_column");
            format!("{word}(manager, {table:?}, {}).await", column(new, words))
        }
        Operation::DropColumn(table, old) => {
            let word = words.say("drop_column");
            format!("{word}(manager, {table:?}, {}).await", column(old, words))
        }
        Operation::Change(table, alterations) => {
            let word = words.say("change_table");
            let steps: String = alterations.iter().map(|one| alteration(one, words)).collect();
            format!("{word}({table:?}){steps}.apply(manager).await")
        }
        Operation::Searchable(table, columns) => {
            format!("{}(manager, {table:?}, &{columns:?}).await", words.say("searchable"))
        }
        Operation::NotSearchable(table, _) => {
            format!("{}(manager, {table:?}).await", words.say("not_searchable"))
        }
        Operation::Refuse(why) => format!("Err(DbErr::Migration({why:?}.to_owned()))"),
    }
}

fn new_table(table: &NewTable, words: &mut Words) -> String {
    let own = |column: &&Column| !["id", "created_at", "updated_at"].contains(&column.name);
    let columns =
        table.columns.iter().filter(own).map(|one| column(one, words)).collect::<Vec<_>>();
    let list = |method: &str, lists: &[Vec<&str>]| {
        lists.iter().map(|columns| format!(".{method}({columns:?})")).collect::<Vec<_>>().concat()
    };
    let keys = list("unique", &table.uniques) + &list("index", &table.indexes);
    let word = words.say("table");
    format!("{word}({:?}, [{}]){keys}.create(manager).await", table.name, columns.join(", "))
}

fn column(column: &Column, words: &mut Words) -> String {
    let name = column.name;
    let mut parts = vec![match &column.kind {
        Kind::String(length) => {
            format!("{}({name:?}, {})", words.say("string"), grouped(i64::from(*length)))
        }
        Kind::OneOf(values) => format!("{}({name:?}, &{values:?})", words.say("one_of")),
        Kind::Uuid => format!("{}({name:?})", words.say("uuid")),
        Kind::Text => format!("{}({name:?})", words.say("text")),
        Kind::Boolean => format!("{}({name:?})", words.say("boolean")),
        Kind::SmallInteger => format!("{}({name:?})", words.say("small_integer")),
        Kind::BigInteger => format!("{}({name:?})", words.say("big_integer")),
        Kind::Double => format!("{}({name:?})", words.say("double")),
        Kind::Date => format!("{}({name:?})", words.say("date")),
        Kind::Timestamp => format!("{}({name:?})", words.say("timestamp")),
        Kind::Json => format!("{}({name:?})", words.say("json")),
    }];
    let said = [
        (column.null, ".null()"),
        (column.unique, ".unique()"),
        (column.lower_case, ".lower_case()"),
    ];
    parts.extend(said.iter().filter(|(said, _)| *said).map(|(_, method)| (*method).to_owned()));
    if let Some((least, most)) = column.between {
        parts.push(format!(".between({}, {})", grouped(least), grouped(most)));
    }
    if let Some(default) = &column.default {
        parts.push(format!(".default({})", value(default)));
    }
    if let Some((table, action)) = column.references {
        parts.push(format!(".references({table:?}, {})", on_delete(action, words)));
    }
    parts.concat()
}

fn alteration(alteration: &Alteration, words: &mut Words) -> String {
    match alteration {
        Alteration::Column { new, from: None, .. } => format!(".column({})", column(new, words)),
        Alteration::Column { new, from: Some(from), .. } => {
            format!(".column_from({}, {from:?})", column(new, words))
        }
        Alteration::Nullable(column) => format!(".nullable({column:?})"),
        Alteration::NotNull(column) => format!(".not_null({column:?})"),
        Alteration::Default(column, _, Some(default)) => {
            format!(".default({column:?}, {})", value(default))
        }
        Alteration::Default(column, _, None) => format!(".no_default({column:?})"),
        Alteration::Reference(column, _, Some((table, action))) => {
            format!(".reference({column:?}, {table:?}, {})", on_delete(*action, words))
        }
        Alteration::Reference(column, _, None) => format!(".drop_reference({column:?})"),
        Alteration::Unique(columns) => format!(".unique({columns:?})"),
        Alteration::DropUnique(columns) => format!(".drop_unique({columns:?})"),
        Alteration::Index(columns) => format!(".index({columns:?})"),
        Alteration::DropIndex(columns) => format!(".drop_index({columns:?})"),
    }
}

fn on_delete(action: OnDelete, words: &mut Words) -> &'static str {
    words.say(match action {
        OnDelete::Cascade => "Cascade",
        OnDelete::Restrict => "Restrict",
        OnDelete::SetNull => "SetNull",
    })
}

/// A value as a literal of its type.
fn value(value: &Value) -> String {
    match value {
        Value::String(Some(text)) => format!("{text:?}"),
        Value::Bool(Some(value)) => value.to_string(),
        Value::SmallInt(Some(number)) => format!("{}_i16", grouped(i64::from(*number))),
        Value::BigInt(Some(number)) => format!("{}_i64", grouped(*number)),
        Value::Double(Some(number)) => format!("{number:?}_f64"),
        other => format!("{:?}", other.to_string()),
    }
}

/// A number as it is written in Rust, where it is long: `525_600`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if digits.len() > 4 && place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_written_in_groups() {
        let written = [0, -5, 5_000, 65_536, -525_600, i64::MIN].map(grouped);
        let groups = ["0", "-5", "5000", "65_536", "-525_600", "-9_223_372_036_854_775_808"];
        assert_eq!(written, groups);
    }
}
