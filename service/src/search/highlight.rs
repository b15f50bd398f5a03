//! Where a search was found, for people to see.

use std::ops::Range;

use super::{Search, Term, fold};

/// The longest text that is shown whole, in characters; of a longer one, this much.
const LENGTH: usize = 200;
/// How much of that stands before what was found first.
const BEFORE: usize = 40;

/// `text`, or the part of it around what was found first, as HTML: what was found in `<mark>`, everything else escaped.
/// `None` when nothing was found in it.
pub(crate) fn highlight(search: &Search, text: &str) -> Option<String> {
    let found = places(search, text);
    let first = found.first()?.start;
    let window = window(text, first);
    let mut html = String::new();
    if window.start > 0 {
        html.push('…');
    }
    let mut at = window.start;
    for place in found.iter().filter(|place| place.start >= window.start && place.end <= window.end)
    {
        escape(&mut html, text.get(at..place.start));
        html.push_str("<mark>");
        escape(&mut html, text.get(place.clone()));
        html.push_str("</mark>");
        at = place.end;
    }
    escape(&mut html, text.get(at..window.end));
    if window.end < text.len() {
        html.push('…');
    }
    Some(html)
}

/// What is to be marked, in its order and without overlaps.
fn places(search: &Search, text: &str) -> Vec<Range<usize>> {
    let words = fold::words(text);
    let mut places: Vec<Range<usize>> = Vec::new();
    for at in 0..words.len() {
        let rest = words.get(at..).unwrap_or_default();
        let longest =
            search.wanted().filter(|term| begins(term, rest)).map(|term| term.words.len()).max();
        let run = longest.and_then(|length| Some((rest.first()?, rest.get(length - 1)?)));
        let Some((first, last)) = run else { continue };
        match places.last_mut() {
            Some(place) if place.end > first.place.start => {
                place.end = place.end.max(last.place.end);
            }
            _ => places.push(first.place.start..last.place.end),
        }
    }
    places
}

fn begins(term: &Term, words: &[fold::Word]) -> bool {
    let last = term.words.len() - 1;
    words.len() > last
        && term.words.iter().zip(words).enumerate().all(|(at, (sought, word))| {
            if term.prefix && at == last {
                word.text.starts_with(sought)
            } else {
                word.text == *sought
            }
        })
}

/// The part of `text` to show: all of it, or some before `first` and more after it.
fn window(text: &str, first: usize) -> Range<usize> {
    let nth = |text: &str, count: usize| text.char_indices().nth(count).map(|(at, _)| at);
    if nth(text, LENGTH).is_none() {
        return 0..text.len();
    }
    let before = text.get(..first).unwrap_or_default();
    let start = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
    let shown = text.get(start..).unwrap_or_default();
    start..nth(shown, LENGTH).map_or(text.len(), |end| start + end)
}

fn escape(html: &mut String, text: Option<&str>) {
    for letter in text.unwrap_or_default().chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(query: &str, text: &str) -> Option<String> {
        highlight(&Search::parse(query).expect("valid"), text)
    }

    #[test]
    fn what_was_found_is_marked_and_the_rest_escaped() {
        for (query, text, html) in [
            ("epee", "Une Épée!", "Une <mark>Épée</mark>!"),
            (
                "boa*",
                "<b>boats</b> & boathouses",
                "&lt;b&gt;<mark>boats</mark>&lt;/b&gt; &amp; <mark>boathouses</mark>",
            ),
            ("\"red boat\" red", "Red, boat; red", "<mark>Red, boat</mark>; <mark>red</mark>"),
            ("a OR b -c", "a b c", "<mark>a</mark> <mark>b</mark> c"),
            ("日本", "私は日本語", "私は<mark>日本</mark>語"),
        ] {
            assert_eq!(shown(query, text).as_deref(), Some(html), "{query} in {text}");
        }
        assert_eq!(shown("plane", "a boat"), None);
        let long = format!("{} boat {}", "x ".repeat(300), "y ".repeat(300));
        let part = shown("boat", &long).expect("found");
        assert!(
            part.starts_with('…') && part.ends_with('…') && part.contains("<mark>boat</mark>"),
            "{part}"
        );
        assert_eq!(part.chars().count(), LENGTH + "……<mark></mark>".chars().count());
    }

    proptest! {
        #[test]
        fn without_its_marks_it_is_the_text(text in "[a-c<>&\"'é ]{0,60}", query in "[a-cé]{1,2}\\*?") {
            if let Some(html) = shown(&query, &text) {
                let plain = html.replace("<mark>", "").replace("</mark>", "").replace("&lt;", "<").replace("&gt;", ">")
                    .replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
                prop_assert_eq!(plain, text);
            }
        }
    }
}
