//! Indexes that PostgreSQL builds while others write.
//!
//! `CREATE INDEX CONCURRENTLY` runs outside of a transaction. What is interrupted leaves an index that is kept up to date
//! and never used, and in the way of the next attempt. So a migration that opts out of the transaction is freed of it first.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sqlparser::{
    dialect::PostgreSqlDialect,
    keywords::Keyword,
    tokenizer::{Token, Tokenizer, Word},
};

use crate::recorder::Script;

/// Whether all it does is to build or drop indexes concurrently: that can be repeated, and nobody waits for it.
pub(super) fn only(script: &Script) -> bool {
    let concurrent = |statement: &String| {
        words(statement).iter().take(4).any(|word| word.keyword == Keyword::CONCURRENTLY)
    };
    !script.statements.is_empty() && script.statements.iter().all(concurrent)
}

/// Drops the indexes that the migration builds concurrently and that an earlier attempt has left unfinished.
pub(super) async fn drop_broken(db: &impl ConnectionTrait, script: &Script) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let names: Vec<_> = script.statements.iter().filter_map(|sql| built(sql)).collect();
    if backend != DbBackend::Postgres || names.is_empty() {
        return Ok(());
    }
    let broken = "SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', n.nspname, c.relname)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relname = ANY($1) AND n.nspname = current_schema()";
    let broken = Statement::from_sql_and_values(backend, broken, [names.into()]);
    for row in db.query_all_raw(broken).await? {
        db.execute_unprepared(&row.try_get_by_index::<String>(0)?).await?;
    }
    Ok(())
}

/// The name of the index that the statement builds concurrently.
fn built(statement: &str) -> Option<String> {
    let words = words(statement);
    let mut words = words.iter().filter(|word| {
        !matches!(word.keyword, Keyword::UNIQUE | Keyword::IF | Keyword::NOT | Keyword::EXISTS)
    });
    for expected in [Keyword::CREATE, Keyword::INDEX, Keyword::CONCURRENTLY] {
        words.next().filter(|word| word.keyword == expected)?;
    }
    // Without a name, what follows is ON.
    let name = words.next().filter(|word| word.keyword != Keyword::ON)?;
    Some(if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() })
}

/// The names and keywords of a statement; none of one that cannot be read.
fn words(statement: &str) -> Vec<Word> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, statement).tokenize().unwrap_or_default();
    let words = tokens.into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word),
        _ => None,
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_found_by_its_name() {
        for (statement, name) in [
            (r#"CREATE INDEX CONCURRENTLY "ix_A" ON "t" ("a")"#, Some("ix_A")),
            (
                "create unique index /* slow */ concurrently if not exists IX_b on t (b)",
                Some("ix_b"),
            ),
            ("CREATE INDEX ix_c ON t (c)", None),
            ("CREATE INDEX CONCURRENTLY ON t (c)", None),
            ("DROP INDEX CONCURRENTLY ix_d", None),
            ("SELECT 'CREATE INDEX CONCURRENTLY ix_e'", None),
            ("CREATE INDEX CONCURRENTLY 'unfinished", None),
        ] {
            assert_eq!(built(statement).as_deref(), name, "{statement}");
        }
    }
}
