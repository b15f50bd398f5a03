//! A copy of the workspace in which a guide is followed to the letter.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::page::{Block, Page, ROOT};

/// What of the workspace is compiled.
const SOURCES: [&str; 10] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "api",
    "benches",
    "entity",
    "migration",
    "rustfmt.toml",
    "service",
    "src",
];

/// What `cargo test --workspace --all-features` compiles, but for the tests: with other features, or without the
/// features that only tests want, everything that the workspace depends on would be compiled once more.
const BUILD: &str = "build --quiet --offline --workspace --all-features --examples";

/// How `cargo` behaves in the copy: what a guide runs is compiled as above, and the entities are stale before they
/// are written, and are not after.
const CARGO: &str = r#"
cargo() {
    case "$1 ${2-}" in
        'entities ')
            "$CARGO" $BUILD --bin db
            if "$BINARIES/db" entities --check; then echo 'not stale' >&2; return 1; fi
            "$BINARIES/db" entities
            "$BINARIES/db" entities --check ;;
        'db '*)
            "$GARBOARD" "$@" ;;
        'run --')
            "$GARBOARD" "${@:3}" ;;
        *)
            "$CARGO" "$@" ;;
    esac
}
"#;

/// A copy of the workspace, at the same place in each run, so that the compiler finds what it did before.
pub(super) struct Workspace {
    root: PathBuf,
    _lock: File,
}

/// The server of the copy.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    /// Open, or the server could not write.
    _said: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Workspace {
    pub(super) fn copy() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
        fs::create_dir_all(&root).expect("the folder can be made");
        let lock = File::create(root.with_extension("lock")).expect("the file can be made");
        lock.lock().expect("the copy can be locked");
        for name in SOURCES {
            let copy = root.join(name);
            // The first time there is nothing to remove.
            let _ = fs::remove_dir_all(&copy);
            duplicate(&Path::new(ROOT).join(name), &copy);
        }
        let workspace = Self { root, _lock: lock };
        // Another version, or its crates would take the place of ours in the folder that they share.
        workspace.edit("Cargo.toml", |text| {
            text.replacen("\nversion = \"", "\nversion = \"0.0.0-guide.", 1)
        });
        workspace
    }

    /// Does what the blocks of the page say, in order: runs those for `sh`, writes files, edits them. Those for `bash`
    /// speak to the server, which cannot be started before the end.
    pub(super) fn follow(&self, page: &Page) {
        for Block { language, text } in page.blocks() {
            match &*language {
                "sh" => self.cargo(&text),
                "rust" => self.write(&text),
                "diff" => self.patch(&text),
                "bash" => {}
                other => panic!("what to do with a block of {other}?"),
            }
        }
        self.cargo(&format!("cargo {BUILD} --bin garboard"));
    }

    fn cargo(&self, commands: &str) {
        let executable = env::current_exe().expect("the test has a name");
        let target = executable.ancestors().nth(3).expect("tests are in target/debug/deps");
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", &format!("{CARGO}\n{commands}")])
            .envs([("CARGO", env!("CARGO")), ("BUILD", BUILD)])
            .env("BINARIES", self.binaries())
            // What writes a migration is the same as in the original.
            .env("GARBOARD", env!("CARGO_BIN_EXE_garboard"))
            // What is compiled is shared with the original, what is linked is not.
            .env("CARGO_BUILD_BUILD_DIR", target)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .current_dir(&self.root);
        let done = bash.output().expect("bash starts");
        let said =
            [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(done.status.success(), "{commands}\nsaid:\n{}", said.concat());
    }

    fn binaries(&self) -> PathBuf {
        self.root.join("target/debug")
    }

    /// Writes the file that the first line names.
    fn write(&self, block: &str) {
        let (name, content) = block.split_once('\n').expect("a file has lines");
        let name = name.strip_prefix("// ").expect("the first line names the file");
        fs::write(self.root.join(self.find(name)), content).expect("the file can be written");
    }

    /// `…` in a name stands for the time at which the file was made.
    fn find(&self, name: &str) -> PathBuf {
        let Some((start, end)) = name.split_once('…') else { return name.into() };
        let (folder, start) = start.rsplit_once('/').expect("the file is in a folder");
        let files = fs::read_dir(self.root.join(folder)).expect("the folder is there");
        let mut files =
            files.map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"));
        let found = files.find(|file| file.starts_with(start) && file.ends_with(end));
        Path::new(folder).join(found.unwrap_or_else(|| panic!("no {name}")))
    }

    /// Edits the file that the first line names: each hunk has to fit in exactly one place.
    fn patch(&self, block: &str) {
        let mut hunks = block.split("@@ ");
        let name = hunks.next().and_then(|line| line.strip_prefix("--- ")).expect("a file's name");
        self.edit(self.find(name.trim_end()), |mut text| {
            for hunk in hunks {
                let side = |other: char| -> String {
                    let lines = hunk.lines().skip(1).filter(|line| !line.starts_with(other));
                    lines.map(|line| line.get(1..).unwrap_or_default().to_owned() + "\n").collect()
                };
                let (old, new) = (side('+'), side('-'));
                assert_eq!(text.matches(&old).count(), 1, "{name}has this once:\n{old}");
                text = text.replacen(&old, &new, 1);
            }
            text
        });
    }

    fn edit(&self, name: impl AsRef<Path>, change: impl FnOnce(String) -> String) {
        let path = self.root.join(name);
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::write(path, change(text)).expect("the file can be written");
    }

    /// Starts the copy's server on an empty database.
    pub(super) fn serve(&self) -> Server {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut child = Command::new(self.binaries().join("garboard"))
            .current_dir(folder.path())
            .env_clear()
            .envs([("PORT", "0"), ("RATE_LIMIT", "off")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut said = BufReader::new(stdout).lines();
        let address = said.by_ref().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("listening on http://").and_then(|address| address.parse().ok())
        });
        let address = address.expect("the server says where it listens");
        Server { child, address, _said: said, _folder: folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn duplicate(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).expect("a file can be copied");
        return;
    }
    fs::create_dir_all(to).expect("a folder can be made");
    for file in fs::read_dir(from).expect("a folder can be read") {
        let file = file.expect("a file");
        duplicate(&file.path(), &to.join(file.file_name()));
    }
}
