//! `garboard db new`: a migration to be filled in.

mod registry;
mod skeleton;

use std::{
    env,
    fs::{self, File},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use clap::Args;
use serde::Serialize;

use crate::report::Report;

/// How the time in a name is written.
const TIME: &str = "%Y%m%d_%H%M%S";
/// PostgreSQL cuts off longer identifiers, and an index is named after its table and columns.
const LONGEST: usize = 48;

/// The end of `garboard db new --help`.
const NOTES: &str = "\
The name says what the migration is about, and decides what it begins with:
  create_label             a table `label`
  add_due_on_to_task       a column `due_on` of the table `task`
  anything_else            nothing but empty `up` and `down`

It is registered as the last one in lib.rs, so it compiles. Where two branches have a new one each,
git shows a conflict in lib.rs: keep both, in the order of their names.

Afterwards: write what is meant, then `cargo run -- db migrate`, and `cargo entities`.";

/// What is asked of `db new`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct NewArguments {
    /// What it does, in snake case: `create_label`, `add_due_on_to_task`.
    name: String,
    /// The folder of the migrations; if nothing is said, `migration/src` here or in a folder above.
    #[arg(long, value_name = "DIR")]
    migrations: Option<PathBuf>,
}

#[derive(Serialize)]
struct Outcome {
    /// The name of the migration.
    migration: String,
    /// Its source.
    file: PathBuf,
}

/// Writes a migration and registers it.
///
/// # Errors
/// Outside of a project, and when the name is no name, or a file cannot be written.
pub fn run(arguments: &NewArguments, report: &Report) -> anyhow::Result<ExitCode> {
    let folder = folder(arguments.migrations.as_deref())?;
    let (migration, file) = create(&folder, &arguments.name, Utc::now())?;
    report.line(format!("wrote {}", file.display()))?;
    report.line(format!("registered it in {}", folder.join("lib.rs").display()))?;
    report.line("next: say there what `up` and `down` do, then `cargo run -- db migrate`")?;
    report.document(&Outcome { migration, file })?;
    Ok(ExitCode::SUCCESS)
}

/// The folder of the migrations: the one that is named, or that of the project that the current directory is in.
///
/// # Errors
/// Outside of a project.
pub fn folder(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let missing = || {
        "there is no migration/src/lib.rs here or in a folder above: go to the project, or name the folder with \
         --migrations DIR"
    };
    match named {
        Some(folder) if folder.join("lib.rs").is_file() => Ok(folder.to_owned()),
        Some(folder) => bail!(
            "there is no lib.rs in {}: --migrations names the folder that lists the migrations",
            folder.display()
        ),
        None => find(&env::current_dir()?, "migration/src").with_context(missing),
    }
}

/// The folder of this name, of sources, of the project that `folder` is in: seen from there.
pub(crate) fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut candidates = folder.ancestors().map(|above| above.join(name));
    let found = candidates.find(|candidate| candidate.join("lib.rs").is_file())?;
    Some(found.strip_prefix(folder).map_or(found.clone(), Path::to_owned))
}

/// Writes a migration of this name into the folder of the migrations, registers it in the `lib.rs` there, and gives its
/// whole name and its file. Its time is `now`, or just after that of the last one, so that it comes last.
///
/// # Errors
/// When the name is no name, or is taken, or a file cannot be written; then nothing is.
pub fn create(folder: &Path, name: &str, now: DateTime<Utc>) -> anyhow::Result<(String, PathBuf)> {
    create_with(folder, name, now, &skeleton::of(name))
}

/// As [`create`], with this source.
///
/// # Errors
/// As [`create`].
pub fn create_with(
    folder: &Path,
    name: &str,
    now: DateTime<Utc>,
    source: &str,
) -> anyhow::Result<(String, PathBuf)> {
    named(name)?;
    let registry = folder.join("lib.rs");
    let open = File::options().read(true).write(true).open(&registry);
    let mut lib = open.with_context(|| format!("cannot open {}", registry.display()))?;
    // Two at once would each forget the other's line.
    lib.lock()?;
    let mut text = String::new();
    lib.read_to_string(&mut text)?;
    let modules = registry::modules(&text);
    free(&modules, name)?;
    let last = modules.iter().filter_map(|module| time_of(module)).max();
    let after = last.and_then(|last| last.checked_add_signed(Duration::seconds(1)));
    let time = after.map_or(now.naive_utc(), |after| after.max(now.naive_utc()));
    let module = format!("m{}_{name}", time.format(TIME));
    let text = registry::with(&text, &module).with_context(|| {
        format!(
            "cannot tell where {} lists its migrations: there is no line like `Box::new(m…::Migration),` and none \
             that ends in `vec![`",
            registry.display()
        )
    })?;
    let file = folder.join(format!("{module}.rs"));
    let made = File::create_new(&file).and_then(|mut made| made.write_all(source.as_bytes()));
    made.with_context(|| format!("cannot write {}", file.display()))?;
    let written =
        lib.rewind().and_then(|()| lib.set_len(0)).and_then(|()| lib.write_all(text.as_bytes()));
    if let Err(error) = written {
        fs::remove_file(&file)?;
        return Err(error).with_context(|| format!("cannot write {}", registry.display()));
    }
    Ok((module, file))
}

/// What a migration is about, without its time.
fn described(module: &str) -> Option<&str> {
    module.splitn(3, '_').nth(2)
}

fn time_of(module: &str) -> Option<NaiveDateTime> {
    let (date, rest) = module.strip_prefix('m')?.split_once('_')?;
    let time = rest.split('_').next()?;
    // Those that are numbered, not timed, count by their day.
    let written = NaiveDateTime::parse_from_str(&format!("{date}_{time}"), TIME);
    written.or_else(|_| NaiveDateTime::parse_from_str(&format!("{date}_000000"), TIME)).ok()
}

/// Whether a migration of the folder could have this name; to be asked before long work.
#[cfg(feature = "develop")]
pub(crate) fn check(folder: &Path, name: &str) -> anyhow::Result<()> {
    named(name)?;
    free(&registry::modules(&fs::read_to_string(folder.join("lib.rs"))?), name)
}

fn free(modules: &[&str], name: &str) -> anyhow::Result<()> {
    if let Some(taken) = modules.iter().find(|module| described(module) == Some(name)) {
        bail!("there is {taken} already: give this one another name");
    }
    Ok(())
}

/// Makes sure that a migration can be called this.
pub(crate) fn named(name: &str) -> anyhow::Result<()> {
    let mut words = name.split('_');
    let letters = |word: &str| {
        !word.is_empty()
            && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !(begins && words.all(letters)) {
        bail!(
            "{name:?} is no name: use words of a-z and 0-9 with _ between them, such as create_label"
        );
    }
    if name.len() > LONGEST {
        bail!("{name} is too long: at most {LONGEST} letters");
    }
    Ok(())
}
