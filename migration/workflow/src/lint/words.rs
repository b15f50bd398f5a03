//! A look at what the parser does not know, by its words alone: rather once too often than never.

use super::statement::Statement;

/// Words, and the rule that they are about. Texts in quotation marks count, for `DO $$ … $$` runs them.
const PHRASES: [(&str, &str); 19] = [
    ("DROP DATABASE", "ban-drop-database"),
    ("DROP TABLE", "ban-drop-table"),
    ("DROP COLUMN", "ban-drop-column"),
    ("DROP NOT NULL", "ban-drop-not-null"),
    ("DROP INDEX", "require-concurrent-index-deletion"),
    ("RENAME COLUMN", "renaming-column"),
    ("RENAME TO", "renaming-table"),
    ("SET SCHEMA", "renaming-table"),
    ("RENAME VALUE", "renaming-enum-value"),
    ("SET NOT NULL", "adding-not-nullable-field"),
    ("SET DATA TYPE", "changing-column-type"),
    ("ADD CONSTRAINT", "constraint-missing-not-valid"),
    ("ADD FOREIGN KEY", "adding-foreign-key-constraint"),
    ("ADD PRIMARY KEY", "adding-serial-primary-key-field"),
    ("ADD UNIQUE", "disallowed-unique-constraint"),
    ("CREATE INDEX", "require-concurrent-index-creation"),
    ("CREATE UNIQUE INDEX", "require-concurrent-index-creation"),
    ("TRUNCATE", "ban-truncate-cascade"),
    ("VACUUM", "refused-in-transaction"),
];

/// How statements begin that the parser does not know, and that are harmless or have a rule that goes by their words.
const KNOWN: [&str; 9] = [
    "ALTER DOMAIN",
    "ALTER SEQUENCE",
    "COMMENT ON",
    "CREATE DOMAIN",
    "CREATE STATISTICS",
    "CREATE VIRTUAL TABLE",
    "PRAGMA",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY",
    "REINDEX",
];

/// Whether it is known though it cannot be parsed.
pub(crate) fn is_known(statement: &Statement) -> bool {
    let detaches = statement.starts("ALTER TABLE") && statement.has("DETACH PARTITION");
    detaches || KNOWN.iter().any(|start| statement.starts(start))
}

/// The rules that the words of a statement are about that could not be parsed.
pub(crate) fn look(statement: &Statement) -> Vec<&'static str> {
    if statement.sql.is_some() || is_known(statement) {
        return Vec::new();
    }
    let words = format!(" {} ", statement.all_words());
    let found = PHRASES.iter().filter(|(phrase, _)| words.contains(&format!(" {phrase} ")));
    let mut rules: Vec<_> = found.map(|(_, rule)| *rule).collect();
    rules.dedup();
    rules
}
