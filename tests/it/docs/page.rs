//! A page of the documentation, taken apart.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the pages are.
pub(super) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A page in Markdown.
pub(super) struct Page {
    /// Its path from the root.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// What stands between two fences.
#[derive(Debug)]
pub(super) struct Block {
    /// What is written behind the first fence.
    pub(super) language: String,
    pub(super) text: String,
}

impl Page {
    pub(super) fn read(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_path_buf();
        let text = fs::read_to_string(Path::new(ROOT).join(&path)).expect("the page is there");
        Self { path, text }
    }

    /// The pages at the root and those in `docs`.
    pub(super) fn all() -> Vec<Self> {
        let folders = ["", "docs"].map(|folder| Path::new(ROOT).join(folder));
        let files = folders.iter().flat_map(|folder| {
            fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("a file"))
        });
        let pages = files
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "md"));
        pages
            .map(|path| Self::read(path.strip_prefix(ROOT).expect("a file below the root")))
            .collect()
    }

    /// What stands between fences, in order.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.trim_start().strip_prefix("```") else { continue };
            let indent = line.len() - line.trim_start().len();
            let inside = lines.by_ref().take_while(|line| line.trim_start() != "```");
            let text = inside.map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n");
            blocks.push(Block { language: language.to_owned(), text: text.collect() });
        }
        blocks
    }

    /// The block written for bash in which `text` occurs.
    pub(super) fn commands(&self, text: &str) -> String {
        let mut blocks = self.blocks().into_iter();
        let found = blocks.find(|block| block.language == "bash" && block.text.contains(text));
        found.unwrap_or_else(|| panic!("no commands with {text} in {}", self.path.display())).text
    }

    /// What stands in backticks within the prose.
    pub(super) fn spans(&self) -> Vec<String> {
        let prose = self.text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
        prose.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")).collect()
    }

    /// The files that links lead to, as seen from the root.
    pub(super) fn links(&self) -> Vec<PathBuf> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let links = self.text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        links
            .filter(|link| !link.is_empty() && !link.contains("://"))
            .map(|link| folder.join(link))
            .collect()
    }
}
