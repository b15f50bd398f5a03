//! The source files of an entity crate.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use similar::TextDiff;

/// The source files of an entity crate, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities(BTreeMap<String, String>);

impl Entities {
    /// These files, by name.
    pub fn of(files: BTreeMap<String, String>) -> Self {
        Self(files)
    }

    /// Reads the Rust files of `folder`; a folder that does not exist has none.
    ///
    /// # Errors
    /// What reading met.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|extension| extension == "rs") {
                files.insert(name, fs::read_to_string(entry.path())?);
            }
        }
        Ok(Self(files))
    }

    /// The files by name.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The files by name.
    pub(crate) fn into_files(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Whether there is a file of a table, beside `lib.rs` and `prelude.rs`.
    pub fn has_tables(&self) -> bool {
        self.0.keys().any(|name| name != "lib.rs" && name != "prelude.rs")
    }

    /// Makes `folder` hold these files and no other Rust file, and returns the names that changed.
    ///
    /// The generator itself leaves the files of dropped tables behind.
    ///
    /// # Errors
    /// What writing met.
    pub fn write(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::create_dir_all(folder)?;
        let old = Self::read(folder)?;
        for name in old.0.keys().filter(|name| !self.0.contains_key(*name)) {
            fs::remove_file(folder.join(name))?;
        }
        for (name, content) in &self.0 {
            // An unchanged file keeps its time, so that cargo does not build it again.
            if old.0.get(name) != Some(content) {
                fs::write(folder.join(name), content)?;
            }
        }
        Ok(old.changed(self))
    }

    /// How these files have to change to become `new`, as `diff -u` tells it; empty when they are equal.
    pub fn diff(&self, new: &Self) -> String {
        let text = |files: &Self, name: &String| files.0.get(name).cloned().unwrap_or_default();
        let mut diff = String::new();
        for name in self.changed(new) {
            let (old, new) = (text(self, &name), text(new, &name));
            let lines = TextDiff::from_lines(&old, &new);
            diff += &lines.unified_diff().header(&name, &name).to_string();
        }
        diff
    }

    /// The names of the files that differ.
    pub fn changed(&self, new: &Self) -> Vec<String> {
        let names: BTreeSet<_> = self.0.keys().chain(new.0.keys()).collect();
        let changed = names.into_iter().filter(|name| self.0.get(*name) != new.0.get(*name));
        changed.cloned().collect()
    }
}
