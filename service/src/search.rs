//! Full-text search: one language, the same on both databases. What a caller writes is folded to words before anything
//! else, so nothing of a database's own search language can come through.

mod fold;
mod highlight;
mod index;
mod sql;

use std::fmt;

pub(crate) use highlight::highlight;
pub use index::fill;
pub(crate) use index::{index, index_many};
pub(crate) use sql::{condition, rank};

use crate::{Error, Result};

/// The longest `q` in characters.
pub const MAX_LENGTH: usize = 200;
/// The most terms of one `q`.
pub const MAX_TERMS: usize = 16;

/// What a row must contain: all terms of at least one alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    alternatives: Vec<Alternative>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Alternative {
    /// What there must be; at least one.
    wanted: Vec<Term>,
    /// What there must not be.
    unwanted: Vec<Term>,
}

/// Words that follow one another in one field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// Folded; at least one.
    words: Vec<String>,
    /// Whether the last word may go on.
    prefix: bool,
}

impl Search {
    /// Reads what stands in `q`: words, "phrases", -not, OR, prefix*. What follows one another must all be there; OR
    /// binds less.
    ///
    /// # Errors
    /// `BadQuery` when it is too long, or asks for nothing.
    pub fn parse(text: &str) -> Result<Self> {
        if text.chars().count() > MAX_LENGTH {
            let message = format!("is longer than {MAX_LENGTH} characters");
            return Err(Error::bad_query("q", message));
        }
        let mut alternatives = vec![Alternative::default()];
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (negative, after) = match rest.strip_prefix('-') {
                Some(after) => (true, after),
                None => (false, rest),
            };
            let (written, after) = token(after);
            if written == "OR" && !negative {
                alternatives.push(Alternative::default());
            } else if let (Some(term), Some(last)) = (Term::of(written), alternatives.last_mut()) {
                if negative { last.unwanted.push(term) } else { last.wanted.push(term) }
            }
            rest = after.trim_start();
        }
        alternatives.retain(|one| !one.wanted.is_empty() || !one.unwanted.is_empty());
        if alternatives.is_empty() || alternatives.iter().any(|one| one.wanted.is_empty()) {
            let message = "has no word to look for: write words, \"a phrase\", begin*, and beside these -not and OR";
            return Err(Error::bad_query("q", message));
        }
        let terms: usize =
            alternatives.iter().map(|one| one.wanted.len() + one.unwanted.len()).sum();
        if terms > MAX_TERMS {
            let message = format!("has {terms} terms; at most {MAX_TERMS} are allowed");
            return Err(Error::bad_query("q", message));
        }
        Ok(Self { alternatives })
    }

    /// What a row is found by.
    fn wanted(&self) -> impl Iterator<Item = &Term> {
        self.alternatives.iter().flat_map(|alternative| &alternative.wanted)
    }
}

/// The first term as it is written, quotes included, and what follows it. A phrase whose end is missing ends with the text,
/// for people who are still typing it.
fn token(text: &str) -> (&str, &str) {
    let end = match text.strip_prefix('"') {
        Some(phrase) => {
            let end = phrase.find('"').map_or(text.len(), |end| end + 2);
            end + text
                .get(end..)
                .unwrap_or_default()
                .bytes()
                .take_while(|byte| *byte == b'*')
                .count()
        }
        None => {
            text.find(|letter: char| letter.is_whitespace() || letter == '"').unwrap_or(text.len())
        }
    };
    text.split_at_checked(end).unwrap_or((text, ""))
}

impl Term {
    fn of(written: &str) -> Option<Self> {
        let words: Vec<_> = fold::words(written).into_iter().map(|word| word.text).collect();
        (!words.is_empty()).then(|| Self { words, prefix: written.ends_with('*') })
    }
}

/// As it can be written.
impl fmt::Display for Search {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (index, alternative) in self.alternatives.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" OR")?;
            }
            let wanted = alternative.wanted.iter().map(|term| ("", term));
            let unwanted = alternative.unwanted.iter().map(|term| ("-", term));
            for (sign, term) in wanted.chain(unwanted) {
                write!(formatter, "{separator}{sign}{term}")?;
                separator = " ";
            }
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.prefix { "*" } else { "" };
        match self.words.as_slice() {
            [word] => write!(formatter, "{word}{star}"),
            words => write!(formatter, "\"{}\"{star}", words.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        Search::parse(text).map_or_else(|error| error.to_string(), |search| search.to_string())
    }

    #[test]
    fn people_write_words_phrases_and_signs() {
        for (text, meaning) in [
            ("Boat", "boat"),
            ("  red   BOAT ", "red boat"),
            ("\"Red Boat\" -épée", "\"red boat\" -epee"),
            ("e-mail", "\"e mail\""),
            ("e-mail*", "\"e mail\"*"),
            ("boa*", "boa*"),
            ("\"red boa\"*", "\"red boa\"*"),
            ("-\"a b\" c", "c -\"a b\""),
            ("a OR b c OR -d e", "a OR b c OR e -d"),
            ("OR a OR OR b OR", "a OR b"),
            ("a or b AND c", "a or b and c"),
            ("\"unfinished phrase", "\"unfinished phrase\""),
            ("a\"b c\"d", "a \"b c\" d"),
            ("!!! boat ???", "boat"),
            ("日本", "\"日 本\""),
            ("name:boat NEAR(a,b) a & b | c", "\"name boat\" \"near a b\" a b c"),
        ] {
            assert_eq!(shown(text), meaning, "{text}");
        }
    }

    #[test]
    fn what_asks_for_nothing_is_refused() {
        let many = "a ".repeat(MAX_TERMS + 1);
        let long = "a".repeat(MAX_LENGTH + 1);
        for text in ["", " ", "-", "\"\"", "*", "OR", "-boat", "boat OR -boat", "…", &many, &long]
        {
            assert!(Search::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(text in "([-\"*]{0,2}(boat|É|OR|日本|a-b|[^\0]{0,3})[\"* ]{0,2}){0,6}") {
            if let Ok(search) = Search::parse(&text) {
                prop_assert_eq!(Search::parse(&search.to_string()).expect("printed"), search);
            }
        }
    }
}
