//! How a thing of a [`catalog`](crate::catalog) is written in SQL, where both databases write it alike.

use sea_orm::DbBackend;

use crate::catalog::{Column, Constraint, ForeignKey};

/// How many bytes of a name PostgreSQL keeps.
pub const LONGEST: usize = 63;

/// A name in quotation marks, good for a statement of either database.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in quotation marks, where a statement takes no parameter.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Names in quotation marks, with commas between them.
pub fn identifiers<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| identifier(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A column, as `CREATE TABLE` and `ADD COLUMN` take it.
pub fn column(column: &Column, backend: DbBackend) -> String {
    let mut words = vec![identifier(&column.name), column.kind.clone()];
    if let Some(collation) = &column.collation {
        words.push(format!("COLLATE {}", identifier(collation)));
    }
    if let Some(generated) = &column.generated {
        let kept = if generated.stored { "STORED" } else { "VIRTUAL" };
        words.push(format!("GENERATED ALWAYS AS ({}) {kept}", generated.expression));
    }
    if let Some(default) = &column.default {
        let default = match backend {
            DbBackend::Sqlite if !is_literal(default) => format!("({default})"),
            _ => default.clone(),
        };
        words.push(format!("DEFAULT {default}"));
    }
    if let (Some(identity), DbBackend::Postgres) = (&column.identity, backend) {
        words.push(format!("GENERATED {} AS IDENTITY", identity.to_uppercase()));
    }
    if !column.nullable {
        words.push("NOT NULL".to_owned());
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// A constraint without its name.
pub fn constraint(constraint: &Constraint) -> String {
    match constraint {
        Constraint::PrimaryKey { columns } => format!("PRIMARY KEY ({})", identifiers(columns)),
        Constraint::Unique { columns } => format!("UNIQUE ({})", identifiers(columns)),
        Constraint::ForeignKey(key) => {
            format!("FOREIGN KEY ({}) {}", identifiers(&key.columns), references(key))
        }
        Constraint::Check { expression } => format!("CHECK ({expression})"),
        Constraint::Other { definition } => definition.clone(),
    }
}

/// What stands behind the columns of a foreign key.
pub fn references(key: &ForeignKey) -> String {
    let mut words = vec![format!("REFERENCES {}", identifier(&key.table))];
    if !key.references.is_empty() {
        words.push(format!("({})", identifiers(&key.references)));
    }
    for (event, action) in [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)] {
        if action != "NO ACTION" {
            words.push(format!("ON {event} {action}"));
        }
    }
    words.extend(key.options.iter().map(|option| option.to_uppercase()));
    words.join(" ")
}

/// A constraint with its name.
pub fn named_constraint(name: &str, what: &Constraint) -> String {
    format!("CONSTRAINT {} {}", identifier(name), constraint(what))
}

/// Whether a text of SQL has a name in it, as a word.
pub fn mentions(sql: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    sql.match_indices(name).any(|(start, _)| {
        let before = sql.get(..start).and_then(|text| text.chars().next_back());
        let after = sql.get(start + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// The names of things, each after those that its definition mentions; those of a circle come last.
pub fn in_order<'a, T: AsRef<str>>(things: impl IntoIterator<Item = (&'a str, T)>) -> Vec<&'a str> {
    let mut waiting: Vec<_> = things.into_iter().collect();
    let mut done = Vec::new();
    while !waiting.is_empty() {
        let names: Vec<_> = waiting.iter().map(|(name, _)| *name).collect();
        let free = |(name, definition): &(&str, T)| {
            !names.iter().any(|other| other != name && mentions(definition.as_ref(), other))
        };
        let (mut ready, mut rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(free);
        if ready.is_empty() {
            ready.append(&mut rest);
        }
        done.extend(ready.iter().map(|(name, _)| *name));
        waiting = rest;
    }
    done
}

/// Whether SQLite takes a default without parentheses.
pub fn is_literal(text: &str) -> bool {
    let number = text.trim_start_matches(['+', '-']);
    let word = ["null", "true", "false", "current_time", "current_date", "current_timestamp"];
    let quoted = |text: &str| {
        let inside = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        inside.is_some_and(|inside| !inside.replace("''", "").contains('\''))
    };
    number.parse::<f64>().is_ok() && number.starts_with(|letter: char| letter.is_ascii_digit())
        || word.contains(&text.to_ascii_lowercase().as_str())
        || quoted(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_mentioned_as_a_word() {
        assert!(mentions("SELECT a FROM \"task\"", "task"));
        assert!(!mentions("SELECT a FROM subtask, task_2", "task"));
        assert!(mentions("subtask.task", "task"));
    }

    #[test]
    fn what_is_mentioned_comes_first() {
        assert_eq!(in_order([("a", "SELECT b"), ("c", ""), ("b", "SELECT c")]), ["c", "b", "a"]);
        assert_eq!(in_order([("a", "b"), ("b", "a"), ("c", "c")]), ["c", "a", "b"]);
    }

    #[test]
    fn a_default_that_is_no_literal_needs_parentheses() {
        for text in ["'it''s'", "-1.5", "NULL", "true", "CURRENT_TIMESTAMP"] {
            assert!(is_literal(text), "{text}");
        }
        for text in ["1 + 1", "'a' || 'b'", "abs(1)", "infinity"] {
            assert!(!is_literal(text), "{text}");
        }
    }
}
