//! SQL as SQLite keeps it, taken apart no further than an edit needs.

use crate::definition::identifier;

/// A word, a name in quotation marks, a text or a mark of SQL; spaces and comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Where it begins, in bytes.
    pub(super) at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name without quotation marks, a number.
    Word,
    /// A name in quotation marks.
    Name,
    /// A literal.
    Text,
    /// One letter that is none of these.
    Mark,
}

impl Token<'_> {
    /// The name without quotation marks.
    pub(super) fn name(&self) -> String {
        let mut letters = self.text.chars();
        match (self.kind, letters.next()) {
            (Kind::Name, Some(quote)) => {
                letters.next_back();
                letters.as_str().replace(&format!("{quote}{quote}"), &quote.to_string())
            }
            _ => self.text.to_owned(),
        }
    }

    /// Whether it is this keyword, given in capitals.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Mark) && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is one of these keywords, given in capitals.
    pub(super) fn is_one_of(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Whether it can be a name, and is this one.
    pub(super) fn names(&self, name: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Name) && self.name().eq_ignore_ascii_case(name)
    }

    fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// The tokens of SQL, without spaces and comments.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut rest) = (Vec::new(), sql);
    while let Some(first) = rest.chars().next() {
        let until = |end: Option<usize>, length: usize| end.map_or(rest.len(), |end| end + length);
        let (kind, length) = match first {
            '-' if rest.starts_with("--") => (None, until(rest.find('\n'), 1)),
            '/' if rest.starts_with("/*") => (None, until(rest.find("*/"), 2)),
            '\'' => (Some(Kind::Text), end_of_quoted(rest, '\'')),
            'E' if rest.starts_with("E'") => (Some(Kind::Text), end_of_escaped(rest)),
            '"' | '`' => (Some(Kind::Name), end_of_quoted(rest, first)),
            '[' => (Some(Kind::Name), until(rest.find(']'), 1)),
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ if is_word(first) => {
                (Some(Kind::Word), until(rest.find(|letter| !is_word(letter)), 0))
            }
            _ => (Some(Kind::Mark), first.len_utf8()),
        };
        let Some((text, after)) = rest.split_at_checked(length) else { break };
        if let Some(kind) = kind {
            tokens.push(Token { kind, text, at: sql.len() - rest.len() });
        }
        rest = after;
    }
    tokens
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$') || !letter.is_ascii()
}

/// Where a quoted text ends; a doubled quotation mark is part of it.
fn end_of_quoted(text: &str, quote: char) -> usize {
    let mut ends = text.match_indices(quote).map(|(place, _)| place + 1).skip(1);
    while let Some(end) = ends.next() {
        if !text.get(end..).is_some_and(|rest| rest.starts_with(quote)) {
            return end;
        }
        ends.next();
    }
    text.len()
}

/// Where PostgreSQL's `E'…'` ends, in which a backslash stands before a quotation mark.
fn end_of_escaped(text: &str) -> usize {
    let mut letters = text.char_indices().skip(2);
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\'' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// SQL in which the first mention of a name is that of another.
pub(super) fn renamed(sql: &str, from: &str, to: &str) -> String {
    let place = tokens(sql).into_iter().find(|token| token.names(from));
    let parts = place.and_then(|token| Some((sql.get(..token.at)?, sql.get(token.end()..)?)));
    parts
        .map_or_else(|| sql.to_owned(), |(before, after)| [before, &identifier(to), after].concat())
}

/// The tokens as text: without comments, with one space where there was any.
pub(super) fn joined(tokens: &[Token<'_>]) -> String {
    let (mut text, mut end) = (String::new(), None);
    for token in tokens {
        if end.is_some_and(|end| end < token.at) {
            text.push(' ');
        }
        text.push_str(token.text);
        end = Some(token.end());
    }
    text
}

/// The tokens in groups, each of which begins where `begins` says so of a token that is in no parentheses; what stands
/// before the first is the first group, and may be empty. `begins` gets the group so far.
pub(super) fn grouped<'a>(
    tokens: &[Token<'a>],
    begins: impl Fn(&[Token<'a>], &Token<'a>, Option<&Token<'a>>) -> bool,
) -> Vec<Vec<Token<'a>>> {
    let (mut groups, mut group, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for (place, token) in tokens.iter().enumerate() {
        if depth == 0 && begins(&group, token, tokens.get(place + 1)) {
            groups.push(std::mem::take(&mut group));
        }
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        group.push(*token);
    }
    groups.push(group);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_one_token_each() {
        let sql = "a\"b\"\"c\" 'it''s' [d e] `f` -- g\n /* h */ (1.5),é";
        let all: Vec<_> = tokens(sql).iter().map(|token| token.text).collect();
        assert_eq!(
            all,
            ["a", "\"b\"\"c\"", "'it''s'", "[d e]", "`f`", "(", "1", ".", "5", ")", ",", "é"]
        );
        let names: Vec<_> = tokens(sql).iter().take(5).map(Token::name).collect();
        assert_eq!(names, ["a", "b\"c", "'it''s'", "d e", "f"]);
        assert_eq!(joined(&tokens("a  (b) -- c\nd")), "a (b) d");
        let escaped: Vec<_> = tokens(r"E'a\\b\'c, \\', E").iter().map(|token| token.text).collect();
        assert_eq!(escaped, [r"E'a\\b\'c, \\'", ",", "E"]);
    }
}
