//! What the commands tell: text that fits a terminal, or JSON for programs.

use std::{
    io::{self, BufRead as _, IsTerminal, Write},
    pin::pin,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::DatabaseUrl;

/// After how long a command that has said nothing says how far it is, and how often from then on.
const SILENCE: Duration = Duration::from_secs(2);

/// How wide a line may be.
const WIDTH: usize = 100;

/// Where a command tells its results: standard output. Progress goes to standard error, so that neither spoils the other.
#[derive(Debug)]
pub struct Report {
    json: bool,
    last: Mutex<Instant>,
}

impl Report {
    /// Tells text, or with `json` one JSON document.
    pub fn new(json: bool) -> Self {
        Self { json, last: Mutex::new(Instant::now()) }
    }

    /// Whether programs read this.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Says which database a command acts on, with its password masked. In JSON, that is on standard error.
    ///
    /// # Errors
    /// When nobody reads.
    pub fn database(&self, url: &DatabaseUrl) -> io::Result<()> {
        if self.json { writeln!(io::stderr(), "{url}") } else { writeln!(io::stdout(), "{url}") }
    }

    /// Tells a line of text; with JSON, nothing.
    ///
    /// # Errors
    /// When nobody reads.
    pub fn line(&self, line: impl AsRef<str>) -> io::Result<()> {
        if self.json { Ok(()) } else { writeln!(io::stdout(), "{}", line.as_ref()) }
    }

    /// Tells the one JSON document; without JSON, nothing.
    ///
    /// # Errors
    /// When nobody reads.
    pub fn document(&self, document: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            writeln!(io::stdout(), "{}", serde_json::to_string_pretty(document)?)?;
        }
        Ok(())
    }

    /// Says how far long work is: at most every two seconds, to whoever looks at standard error.
    pub fn progress(&self, line: impl FnOnce() -> String) {
        let Ok(mut last) = self.last.lock() else { return };
        if last.elapsed() >= SILENCE {
            *last = Instant::now();
            notice(&line());
        }
    }

    /// Runs long work, and says from time to time what `line` makes of how long it has been running.
    pub async fn during<T>(
        &self,
        work: impl Future<Output = T>,
        line: impl Fn(Duration) -> String,
    ) -> T {
        let start = Instant::now();
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(SILENCE, work.as_mut()).await {
                Ok(done) => return done,
                Err(_elapsed) => self.progress(|| line(start.elapsed())),
            }
        }
    }

    /// Asks a person, who says yes; nobody is asked, and nobody says so, where there is no terminal.
    pub fn asks(&self, question: &str) -> bool {
        let mut answer = String::new();
        !self.json
            && io::stdin().is_terminal()
            && io::stdout().is_terminal()
            && self.line(format!("{question} [y/N]")).is_ok()
            && io::stdin().lock().read_line(&mut answer).is_ok()
            && answer.trim().eq_ignore_ascii_case("y")
    }
}

/// A text on one line, cut off after this many letters.
pub fn shortened(text: &str, letters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= letters {
        return line;
    }
    line.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

/// Says to whoever looks at standard error what they would not expect.
pub(crate) fn notice(line: &str) {
    // Nobody may be looking.
    let _ = writeln!(io::stderr(), "{line}");
}

/// A text in lines that a terminal has room for, all but the first indented.
pub fn wrapped(text: &str, indent: usize) -> String {
    let (mut lines, mut width) = (String::new(), 0);
    for (place, word) in text.split(' ').enumerate() {
        let letters = word.chars().count();
        if width > indent && width + 1 + letters > WIDTH {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            width = indent;
        } else if place > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += letters;
    }
    lines
}

/// Rows under headings, each column as wide as its widest cell; the last one is not filled up.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let width = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count());
        let heading = headings.get(place).map_or(0, |heading| heading.chars().count());
        cells.max().unwrap_or_default().max(heading)
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |cells: [&str; N]| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings)];
    lines.extend(rows.iter().map(|row| line(row.each_ref().map(String::as_str))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_wrapped_between_words() {
        let text = wrapped(&"word ".repeat(30), 4);
        assert!(text.lines().all(|line| line.trim_end().len() <= WIDTH), "{text}");
        assert_eq!(text.lines().nth(1).map(|line| line.starts_with("    word")), Some(true));
        assert_eq!(text.split_whitespace().count(), 30);
        assert_eq!(wrapped("    led by spaces", 4), "    led by spaces");
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let rows = [["a".to_owned(), "1".to_owned()], ["longer".to_owned(), "22".to_owned()]];
        assert_eq!(table(["name", "n"], &rows), "name    n\na       1\nlonger  22");
    }
}
