//! From text to the words that search compares: the same for what is stored and for what is asked.
//!
//! A word is a run of letters and digits without case, accents and compatibility forms. Where a script has no spaces
//! between words, each of its signs is one. Databases only ever see folded words, so neither's idea of a word matters.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};

/// The longest word in characters; longer ones are cut into several.
const MAX_WORD: usize = 64;

/// What `fold` does, as a number that is stored with its outcome: raise it when the outcome changes.
pub(super) const VERSION: i16 = 1;

/// A word, and where in the text it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Range<usize>,
}

/// The words of `text` in their order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    // How many characters the last word has, if it is not at its end.
    let mut open: Option<usize> = None;
    for (start, letter) in text.char_indices() {
        let place = start..start + letter.len_utf8();
        for folded in folded(letter) {
            if canonical_combining_class(folded) != 0 {
                if let (Some(_), Some(word)) = (open, words.last_mut()) {
                    word.place.end = place.end;
                }
                continue;
            }
            if !folded.is_alphanumeric() {
                open = None;
                continue;
            }
            let alone = stands_alone(folded);
            match (open, words.last_mut()) {
                (Some(length), Some(word)) if !alone && length < MAX_WORD => {
                    word.text.push(folded);
                    word.place.end = place.end;
                    open = Some(length + 1);
                }
                _ => {
                    words.push(Word { text: folded.into(), place: place.clone() });
                    open = (!alone).then_some(1);
                }
            }
        }
    }
    words
}

/// The words of `text` with a space between each two, as they are stored.
pub(super) fn fold(text: &str) -> String {
    let words: Vec<_> = words(text).into_iter().map(|word| word.text).collect();
    words.join(" ")
}

fn folded(letter: char) -> impl Iterator<Item = char> {
    // Some letters decompose only in lower case, and some lower-case letters again.
    let decomposed = std::iter::once(letter).nfkd();
    decomposed.flat_map(char::to_lowercase).nfkd()
}

/// Han, Hiragana and Katakana.
fn stands_alone(letter: char) -> bool {
    matches!(letter,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_accents_and_forms_do_not_matter() {
        for (text, folded) in [
            ("Épée, ÉPÉE e\u{301}pe\u{301}e", "epee epee epee"),
            ("e-mail: a_b@c.d", "e mail a b c d"),
            ("İstanbul Straße ǅ ﬁne ①²", "istanbul straße dz fine 12"),
            ("日本語 カナ", "日 本 語 カ ナ"),
            ("Привет, Ёж", "привет еж"),
            ("  …  ", ""),
            ("\u{212a}elvin", "kelvin"),
            ("don't", "don t"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
        assert_eq!(
            fold(&"a".repeat(130)).split(' ').map(str::len).collect::<Vec<_>>(),
            [64, 64, 2]
        );
    }

    proptest! {
        #[test]
        fn what_is_folded_stays_as_it_is(text in "\\PC{0,80}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn words_lie_where_they_say(text in "\\PC{0,80}") {
            // One letter can be the end of a word and all of the next: "¼" is two numbers.
            let mut last = 0..0;
            for word in words(&text) {
                prop_assert!(text.get(word.place.clone()).is_some_and(|part| !part.is_empty()));
                prop_assert!(word.place.start >= last.start && word.place.end >= last.end, "{:?}", word);
                last = word.place;
            }
        }
    }
}
