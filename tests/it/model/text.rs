//! Patterns.

/// Whether a text matches a pattern, in which `*` stands for anything and every other character for itself; without
/// regard to case also for its lower-case and upper-case form, where that is one character.
pub(crate) fn matches(text: &str, pattern: &[Part], insensitive: bool) -> bool {
    let letters: Vec<char> = text.chars().collect();
    // The places in the text up to which the pattern read so far can reach.
    let mut reached = vec![false; letters.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; letters.len() + 1];
        for place in (0..=letters.len()).filter(|place| reached[*place]) {
            match part {
                Part::Anything => next[place..].fill(true),
                Part::Letter(letter) => {
                    let same = letters.get(place).is_some_and(|other| {
                        other == letter
                            || insensitive && forms(*letter).contains(other)
                            || [other, letter].iter().all(|letter| is_replaced(**letter))
                    });
                    if same {
                        next[place + 1] = true;
                    }
                }
            }
        }
        reached = next;
    }
    reached[letters.len()]
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Letter(char),
    Anything,
}

/// What an operator makes of its operand.
pub(crate) fn pattern(operator: &str, operand: &str) -> Vec<Part> {
    let literal = operand.chars().map(Part::Letter);
    match operator.trim_start_matches('i') {
        "like" => {
            let part = |letter| if letter == '*' { Part::Anything } else { Part::Letter(letter) };
            operand.chars().map(part).collect()
        }
        "startswith" => literal.chain([Part::Anything]).collect(),
        _ => [Part::Anything].into_iter().chain(literal).chain([Part::Anything]).collect(),
    }
}

/// U+FFFD, and what is no character and counts as it.
fn is_replaced(letter: char) -> bool {
    matches!(letter, '\u{FFFD}' | '\u{FFFE}' | '\u{FFFF}')
}

fn forms(letter: char) -> Vec<char> {
    let cases = [letter.to_lowercase().collect::<Vec<_>>(), letter.to_uppercase().collect()];
    cases.into_iter().filter(|form| form.len() == 1).flatten().collect()
}
