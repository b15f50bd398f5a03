//! What SQLite says and the parser does not know.

use sqlparser::{
    dialect::SQLiteDialect,
    keywords::Keyword,
    tokenizer::{Token, Tokenizer, TokenizerError},
};

/// The columns and constraints of a `CREATE TABLE` without what the parser does not know, and the `ON CONFLICT` clauses that
/// were among them.
pub(super) fn tokens(definition: &str) -> Result<(Vec<Token>, Vec<String>), TokenizerError> {
    // STRICT and WITHOUT ROWID stand behind the columns.
    let end = definition.rfind(')').map_or(definition.len(), |end| end + 1);
    let columns = definition.get(..end).unwrap_or(definition);
    let mut tokens = Tokenizer::new(&SQLiteDialect {}, columns).tokenize()?;
    tokens.retain(|token| !matches!(token, Token::Whitespace(_)));
    name_decimals(&mut tokens);
    let mut conflicts = Vec::new();
    let is = |token: &Token, keyword| matches!(token, Token::Word(word) if word.keyword == keyword);
    while let Some(place) = tokens.windows(3).position(|three| {
        matches!(three, [on, conflict, _] if is(on, Keyword::ON) && is(conflict, Keyword::CONFLICT))
    }) {
        let clause: Vec<_> = tokens.drain(place..place + 3).map(|token| token.to_string()).collect();
        conflicts.push(clause.join(" ").to_lowercase());
    }
    Ok((tokens, conflicts))
}

/// SeaORM makes `real(16, 4)` of a decimal: such a type gets another name. `tokens` have no space between them.
pub(crate) fn name_decimals(tokens: &mut [Token]) {
    let behind: Vec<_> = tokens.iter().skip(1).map(|token| *token == Token::LParen).collect();
    for (token, _) in tokens.iter_mut().zip(behind).filter(|(_, is_argument)| *is_argument) {
        if matches!(token, Token::Word(word) if word.keyword == Keyword::REAL) {
            *token = Token::make_word("real_decimal", None);
        }
    }
}
