//! A statement as the rules see it: parsed where the parser can, and as words where it cannot.
//!
//! Names are folded as the database folds them before they are parsed, so that rules compare plain text: PostgreSQL folds
//! those without quotation marks, SQLite knows no difference between `Task` and `task` at all.

use sqlparser::{
    ast::Statement as Sql,
    dialect::{Dialect, PostgreSqlDialect, SQLiteDialect},
    keywords::Keyword,
    parser::Parser,
    tokenizer::{Token, Tokenizer, Word},
};

use super::Database;
use crate::{catalog::name_decimals, schema::NAMES_FOLLOW};

/// One statement.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// On one line.
    pub(crate) text: String,
    /// Its words in capitals; names in quotation marks, texts and numbers as they are.
    words: Vec<String>,
    /// What the parser made of it.
    pub(crate) sql: Option<Sql>,
    /// Whether it only notes what a rebuild of a table on SQLite will have done, in the words of PostgreSQL.
    pub(crate) is_note: bool,
    /// Whether the names of constraints and indexes follow what it renames.
    pub(crate) names_follow: bool,
}

/// How such a note begins. What rebuilds a table asks the database about it, so what it says depends on the answers.
const NOTE: &str = "/* by a rebuild of the table: ";

impl Statement {
    /// Splits a text into statements.
    pub(crate) fn parse(text: &str, database: Database) -> Vec<Self> {
        if let Some(note) = text.strip_prefix(NOTE).and_then(|rest| rest.strip_suffix("*/")) {
            let statements = Self::parse(note, Database::Postgres).into_iter();
            return statements.map(|statement| Self { is_note: true, ..statement }).collect();
        }
        let dialect: &dyn Dialect = match database {
            Database::Postgres => &PostgreSqlDialect {},
            Database::Sqlite => &SQLiteDialect {},
        };
        let Ok(tokens) = Tokenizer::new(dialect, text).tokenize() else {
            let words = text.split_whitespace().map(str::to_uppercase).collect();
            let text = text.trim().to_owned();
            return vec![Self { text, words, sql: None, is_note: false, names_follow: false }];
        };
        let meaning = |tokens: &Vec<Token>| tokens.iter().any(|token| !is_space(token));
        let pieces = split(tokens).into_iter().filter(meaning);
        pieces.map(|tokens| Self::of(tokens, dialect, database)).collect()
    }

    fn of(mut tokens: Vec<Token>, dialect: &dyn Dialect, database: Database) -> Self {
        let text: String = tokens
            .iter()
            .map(|token| if is_space(token) { " ".to_owned() } else { token.to_string() })
            .collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let names_follow = tokens.iter().any(|token| token.to_string() == NAMES_FOLLOW);
        tokens.retain(|token| !is_space(token));
        for token in &mut tokens {
            if let Token::Word(word) = token
                && (word.quote_style.is_none() || database == Database::Sqlite)
            {
                word.value = word.value.to_lowercase();
            }
        }
        let words = tokens.iter().map(spell).collect();
        let sql = parse(tokens.clone(), dialect).or_else(|| parse(simplify(tokens), dialect));
        Self { text, words, sql, is_note: false, names_follow }
    }

    /// Whether these words stand in it, one after the other.
    pub(crate) fn has(&self, phrase: &str) -> bool {
        let phrase: Vec<_> = phrase.split(' ').collect();
        self.words.windows(phrase.len()).any(|words| words == phrase)
    }

    /// Whether it starts with these words.
    pub(crate) fn starts(&self, phrase: &str) -> bool {
        self.words.iter().zip(phrase.split(' ')).filter(|(word, other)| word == other).count()
            == phrase.split(' ').count()
    }

    /// The name that stands after these words, if they stand in it; `IF EXISTS` and the like are passed over.
    pub(crate) fn name_after(&self, phrase: &str) -> Option<String> {
        let length = phrase.split(' ').count();
        let place = self.words.windows(length).position(|words| words.join(" ") == phrase)?;
        let mut names = self.words.iter().skip(place + length).skip_while(|word| {
            matches!(word.as_str(), "IF" | "NOT" | "EXISTS" | "ONLY" | "CONCURRENTLY" | "TABLE")
        });
        let mut name = names.next()?;
        if names.next().is_some_and(|word| word == ".") {
            name = names.next()?;
        }
        Some(name_of(name))
    }

    /// The names in it, and every other word that could be one.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let is_name = |word: &&String| {
            word.starts_with(|first: char| first == '"' || first == '_' || first.is_alphabetic())
        };
        self.words.iter().filter(is_name).map(|word| name_of(word))
    }

    /// The text that a word-level look goes by: with what stands in quotation marks, for that may be run as well.
    pub(crate) fn all_words(&self) -> String {
        let upper = self.text.to_uppercase();
        let words = upper.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// At most as long as fits a line.
    pub(crate) fn shortened(&self) -> String {
        const LENGTH: usize = 160;
        if self.text.chars().count() <= LENGTH {
            return self.text.clone();
        }
        self.text.chars().take(LENGTH - 1).chain(['…']).collect()
    }
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

fn name_of(word: &str) -> String {
    match word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.to_owned(),
        None => word.to_lowercase(),
    }
}

fn spell(token: &Token) -> String {
    match token {
        Token::Word(Word { value, quote_style: None, .. }) => value.to_uppercase(),
        Token::Word(Word { value, .. }) => format!("\"{value}\""),
        other => other.to_string(),
    }
}

/// At each semicolon but those between the BEGIN and the END of a trigger of SQLite.
fn split(tokens: Vec<Token>) -> Vec<Vec<Token>> {
    let (mut pieces, mut piece, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for token in tokens {
        if let Token::Word(word) = &token {
            match word.keyword {
                Keyword::BEGIN | Keyword::CASE if is_trigger(&piece) => depth += 1,
                Keyword::END => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if token == Token::SemiColon && depth == 0 {
            pieces.push(std::mem::take(&mut piece));
        } else {
            piece.push(token);
        }
    }
    pieces.push(piece);
    pieces
}

fn is_trigger(tokens: &[Token]) -> bool {
    let is = |token: &Token, keyword| matches!(token, Token::Word(word) if word.keyword == keyword);
    let mut words = tokens.iter().filter(|token| !is_space(token));
    words.next().is_some_and(|first| is(first, Keyword::CREATE))
        && words.take(2).any(|word| is(word, Keyword::TRIGGER))
}

fn parse(tokens: Vec<Token>, dialect: &dyn Dialect) -> Option<Sql> {
    let mut statements = Parser::new(dialect).with_tokens(tokens).parse_statements().ok()?;
    statements.pop().filter(|_| statements.is_empty())
}

/// Without what the parser does not know and what no rule asks it about: STRICT and WITHOUT ROWID behind the columns of a
/// table, CONCURRENTLY before the index to drop, the collation of a type that changes, NULLS NOT DISTINCT. What SeaORM makes of a decimal on SQLite, `real(16, 4)`,
/// gets the name that it has without the numbers.
fn simplify(mut tokens: Vec<Token>) -> Vec<Token> {
    let start: Vec<_> = tokens.iter().take(3).map(spell).collect();
    match start.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["CREATE", "TABLE" | "TEMP" | "TEMPORARY", _] => {
            let end = tokens.iter().rposition(|token| *token == Token::RParen);
            tokens.truncate(end.map_or(tokens.len(), |end| end + 1));
        }
        ["DROP", "INDEX", "CONCURRENTLY"] => {
            tokens.remove(2);
        }
        ["ALTER", "TABLE", _] => {
            while let Some(place) = tokens.iter().position(|token| spell(token) == "COLLATE") {
                tokens.drain(place..tokens.len().min(place + 2));
            }
        }
        _ => {}
    }
    let phrase = |words: &[Token]| words.iter().map(spell).collect::<Vec<_>>().join(" ");
    while let Some(place) =
        tokens.windows(3).position(|words| phrase(words) == "NULLS NOT DISTINCT")
    {
        tokens.drain(place..place + 3);
    }
    name_decimals(&mut tokens);
    tokens
}
