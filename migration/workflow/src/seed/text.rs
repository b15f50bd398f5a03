//! Text, by what the name of its column leads one to expect.

use super::{dice::Dice, plan::Column};

const WORDS: [&str; 58] = [
    "account", "amber", "answer", "autumn", "balance", "bridge", "budget", "canvas", "change",
    "client", "copper", "copy", "delivery", "design", "draft", "field", "first", "garden",
    "harbour", "house", "idea", "invoice", "island", "kite", "ledger", "letter", "library",
    "light", "market", "meeting", "moving", "morning", "night", "number", "office", "order",
    "paper", "plan", "press", "project", "question", "quiet", "release", "report", "review",
    "river", "schedule", "season", "signal", "station", "street", "summer", "table", "team",
    "travel", "update", "window", "winter",
];
/// So that not all text is ASCII.
const FOREIGN: [&str; 6] = ["café", "größe", "naïve", "señor", "smørbrød", "東京"];
/// Those that fit into an address.
const NAMES: [&str; 16] = [
    "ada", "ben", "chloe", "david", "emma", "felix", "grace", "hugo", "ines", "jonas", "katya",
    "liam", "mei", "noah", "olga", "pedro",
];

/// Any word.
pub(super) fn word(dice: &mut Dice) -> &'static str {
    let words = if dice.percent(15) { &FOREIGN[..] } else { &WORDS };
    dice.choose(words).unwrap_or_default()
}

fn name(dice: &mut Dice) -> &'static str {
    dice.choose(&NAMES).unwrap_or_default()
}

/// Text for a column, within its rules. What is named after a secret gets random digits, which are no hash of anything: nobody can
/// sign in with them.
pub(super) fn text(column: &Column, row: u64, dice: &mut Dice) -> String {
    let limit = |limit: Option<i64>| limit.and_then(|limit| usize::try_from(limit).ok());
    let longest = limit(column.rules.longest).unwrap_or(usize::MAX);
    let mut text = expected(column, dice);
    while text.chars().count() < limit(column.rules.shortest).unwrap_or_default() {
        text.push_str(" and more");
    }
    if column.unique {
        // The number stays whole, and stands before the host of an address.
        let (head, host) = text.find('@').map_or((text.as_str(), ""), |at| text.split_at(at));
        let tail = format!("-{row:x}{host}");
        let room = longest.saturating_sub(tail.chars().count());
        text = head.chars().take(room).chain(tail.chars()).collect();
        let extra = text.chars().count().saturating_sub(longest);
        text = text.chars().skip(extra).collect();
    }
    if column.rules.lower_case {
        text = text.to_lowercase();
    }
    text.chars().take(longest).collect()
}

fn expected(column: &Column, dice: &mut Dice) -> String {
    let of = |parts: &[&str]| parts.iter().any(|part| column.name.contains(part));
    let any = dice.next();
    if of(&["hash", "token", "secret", "password", "sealed", "signature"]) {
        format!("{any:016x}{:016x}{:08x}", dice.next(), dice.below(1 << 32))
    } else if of(&["email", "recipient"]) {
        format!("{}.{}{}@example.com", name(dice), name(dice), any % 1_000)
    } else if of(&["color", "colour"]) {
        format!("#{:06x}", any % (1 << 24))
    } else if of(&["image", "logo", "url", "link", "avatar"]) {
        format!("https://example.com/{}/{any:x}.png", name(dice))
    } else if of(&["slug", "username"]) {
        format!("{}-{}", name(dice), any % 1_000)
    } else if of(&["ip_", "_ip"]) {
        format!("192.0.2.{}", any % 256)
    } else if of(&["locale", "language"]) {
        dice.choose(&["en", "en", "de", "fr", "pt-BR"]).unwrap_or_default().to_owned()
    } else if of(&["role"]) {
        dice.choose(&["member", "member", "member", "admin"]).unwrap_or_default().to_owned()
    } else if column.name.ends_with("_id") || of(&["key", "identifier"]) {
        format!("{}_{any:012x}", name(dice))
    } else {
        let short = column.rules.longest.is_some_and(|longest| longest <= 100);
        let most = match (short, column.rules.longest) {
            (true, _) => 2,
            (_, Some(_)) => 6,
            (_, None) => 60,
        };
        sentence(1 + dice.skewed(most), dice)
    }
}

fn sentence(words: u64, dice: &mut Dice) -> String {
    let mut text = String::new();
    for number in 0..words {
        if number > 0 {
            text.push(' ');
        }
        text.push_str(word(dice));
    }
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
