//! Where we say another thing than Squawk on purpose.

/// By these rules, one side alone finds something in statements that have one of these pieces, because…
pub(super) struct Deviation {
    rules: &'static [&'static str],
    who: Who,
    pieces: &'static [&'static str],
    why: &'static str,
}

/// Who finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    We,
    Squawk,
}

impl Deviation {
    pub(super) fn explains(&self, who: Who, rule: &str, statement: &str) -> bool {
        let has_piece = self.pieces.iter().any(|piece| statement.contains(piece));
        self.who == who && self.rules.contains(&rule) && has_piece && !self.why.is_empty()
    }
}

pub(super) const DEVIATIONS: [Deviation; 13] = [
    Deviation {
        rules: &["adding-field-with-default"],
        who: Who::Squawk,
        pieces: &[
            "DEFAULT -1",
            "DEFAULT (",
            "DEFAULT lower(",
            "DEFAULT current_user",
            "DEFAULT CURRENT_DATE",
        ],
        why: "PostgreSQL computes these once and rewrites nothing; Squawk knows no sign, parentheses or arguments",
    },
    Deviation {
        rules: &["adding-field-with-default"],
        who: Who::We,
        pieces: &["n serial", "n bigserial"],
        why: "a serial column has the volatile default nextval(), so the table is rewritten",
    },
    Deviation {
        rules: &["adding-required-field"],
        who: Who::Squawk,
        pieces: &["n bigserial NOT NULL"],
        why: "a serial column has a default",
    },
    Deviation {
        rules: &["constraint-missing-not-valid"],
        who: Who::Squawk,
        pieces: &["PRIMARY KEY", "UNIQUE"],
        why: "keys cannot be NOT VALID; two rules of their own say what to do",
    },
    Deviation {
        rules: &[
            "adding-foreign-key-constraint",
            "adding-required-field",
            "changing-column-type",
            "constraint-missing-not-valid",
            "disallowed-unique-constraint",
            "require-concurrent-index-creation",
        ],
        who: Who::Squawk,
        pieces: &[
            "ALTER TABLE tags ADD",
            "ALTER TABLE label",
            "INDEX ix ON tags",
            "INDEX ix ON work",
        ],
        why: "the table was made in this migration, in a transaction or not, under this name or another: it has no rows that anybody waits for",
    },
    Deviation {
        rules: &["ban-drop-column", "ban-drop-table", "renaming-column", "renaming-table"],
        who: Who::Squawk,
        pieces: &[
            "DROP COLUMN tried",
            "DROP TABLE scratch",
            "ALTER TABLE note RENAME",
            "ALTER TABLE job RENAME",
        ],
        why: "it was made in this migration: no release knows it",
    },
    Deviation {
        rules: &["prefer-robust-stmts"],
        who: Who::Squawk,
        pieces: &["VALIDATE CONSTRAINT", "ALTER COLUMN"],
        why: "it can be run twice",
    },
    Deviation {
        rules: &["prefer-robust-stmts"],
        who: Who::Squawk,
        pieces: &["DETACH PARTITION"],
        why: "it can be written in one way only",
    },
    Deviation {
        rules: &["prefer-robust-stmts"],
        who: Who::We,
        pieces: &["CREATE TABLE tags AS", "DROP DATABASE", "DROP VIEW titles"],
        why: "it cannot be run twice, as others of its kind that Squawk does find",
    },
    Deviation {
        rules: &["ban-concurrent-index-creation-in-transaction"],
        who: Who::We,
        pieces: &["CREATE INDEX CONCURRENTLY"],
        why: "Squawk is silent about a statement that is alone in its file; SeaORM puts that in a transaction as well, and it fails",
    },
    Deviation {
        rules: &["transaction-nesting"],
        who: Who::Squawk,
        pieces: &["ROLLBACK TO SAVEPOINT"],
        why: "it does not end the transaction",
    },
    Deviation {
        rules: &["adding-not-nullable-field", "ban-drop-not-null"],
        who: Who::Squawk,
        pieces: &[
            "ALTER COLUMN kind SET NOT NULL",
            "ALTER COLUMN name DROP NOT NULL",
            "ALTER COLUMN note DROP NOT NULL",
        ],
        why: "it is so already",
    },
    Deviation {
        rules: &["ban-drop-column"],
        who: Who::We,
        pieces: &["DO $$"],
        why: "it is run as well",
    },
];
