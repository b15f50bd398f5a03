//! `garboard db backup`: everything in one file.

pub mod file;

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use chrono::{SecondsFormat, Utc};
use clap::Args;
use sea_orm::{DatabaseConnection, DbBackend};
use serde::Serialize;

use crate::{
    DatabaseUrl, Project,
    connection::existing,
    report::{Report, table},
    rows::{Batch, Checksum, Order, Relation, decode, encode, prepare, read, relations, snapshot},
    version::applied,
};
use file::{Chunk, Head, Reader, Writer};

/// Write everything there is to a file.
///
/// The server may run meanwhile: the file has what the database had at one moment. It is compressed, and every part of it
/// has a checksum; `garboard db verify-backup` restores it into a scratch database, which is the only proof that it can be
/// restored. It holds rows, not the bytes of a database file, and can be restored on SQLite and on PostgreSQL alike,
/// whichever it is from; the schema is made anew by the migrations that it names.
///
/// The file holds all secrets that the database holds, so only its owner may read it. Keep it elsewhere than the database.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  FILE=/backups/garboard-$(date +%F).backup
  garboard db backup $FILE && garboard db verify-backup $FILE")]
pub struct BackupArguments {
    /// The file to write; it appears when it is whole.
    pub file: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// What it says of itself.
    pub head: Head,
    /// What each table has, in the order of the tables.
    pub checksums: Vec<Checksum>,
}

impl Contents {
    /// The tables with their rows and checksums, for people.
    pub fn table(&self) -> String {
        let rows = self.head.tables.iter().zip(&self.checksums).map(|(relation, checksum)| {
            let digest: String = checksum.text().chars().take(12).collect();
            [relation.name.clone(), checksum.rows.to_string(), digest]
        });
        table(["table", "rows", "checksum"], &rows.collect::<Vec<_>>())
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.checksums.iter().map(|checksum| checksum.rows).sum()
    }
}

/// Runs the command.
///
/// # Errors
/// When the database or the file cannot be reached, or the file is there already.
pub async fn run(
    project: &Project,
    arguments: &BackupArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let begin = Instant::now();
    let contents = backup(&project.database, &arguments.file, arguments.force, report).await?;
    let bytes = fs::metadata(&arguments.file)?.len();
    report.line(contents.table())?;
    report.line(format!(
        "{} rows in {} ({} KiB) in {:.1} s",
        contents.rows(),
        arguments.file.display(),
        bytes.div_ceil(1024),
        begin.elapsed().as_secs_f64()
    ))?;
    report.document(&contents)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a backup of a database, as it is at one moment.
///
/// # Errors
/// When the database or the file cannot be reached, or there is a file and `force` is not said.
pub async fn backup(
    url: &DatabaseUrl,
    path: &Path,
    force: bool,
    report: &Report,
) -> anyhow::Result<Contents> {
    if path.exists() && !force {
        bail!("{} is there already: name another file, or say --force", path.display());
    }
    let db = existing(url).await?;
    let migrations = applied(&db).await?;
    if migrations.is_empty() {
        bail!(
            "{url} has had no migrations, so nothing could be restored: is it the right database?"
        );
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".tmp");
    let file = private(Path::new(&unfinished));
    let file = file.with_context(|| format!("cannot write {}", unfinished.display()))?;
    prepare(&db).await?;
    let catalog = snapshot(&db).await?;
    let backend = db.get_database_backend();
    let head = Head {
        made_at: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        postgres: backend == DbBackend::Postgres,
        migrations,
        fingerprint: catalog.fingerprint(),
        tables: relations(&catalog, backend),
    };
    let contents = write(&db, head, Writer::new(file)?, report).await?;
    db.close().await?;
    fs::rename(&unfinished, path).with_context(|| format!("cannot write {}", path.display()))?;
    // The name is on the disk once its folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(contents)
}

/// A file that only its owner may read.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

async fn write(
    db: &DatabaseConnection,
    head: Head,
    mut writer: Writer,
    report: &Report,
) -> anyhow::Result<Contents> {
    writer.add(&Chunk::Head(Box::new(head.clone())))?;
    let mut checksums = Vec::new();
    for (place, relation) in head.tables.iter().enumerate() {
        let (mut checksum, mut buffer) = (Checksum::default(), Vec::new());
        let mut rows = read(db, relation, Order::Any);
        loop {
            let batch = Batch::next(&mut rows).await?;
            if batch.rows.is_empty() {
                break;
            }
            let mut encoded = Vec::new();
            for row in &batch.rows {
                checksum.add(row, &mut buffer);
                encode(row, &mut encoded);
            }
            writer.add(&Chunk::Rows(place, encoded))?;
            report.progress(|| format!("{}: {} rows", relation.name, checksum.rows));
        }
        checksums.push(checksum);
    }
    writer.add(&Chunk::End(checksums.clone()))?;
    writer.finish()?;
    Ok(Contents { head, checksums })
}

/// Reads a whole backup and looks at every checksum in it. Nothing is restored.
///
/// # Errors
/// When it is damaged: the message says where.
pub fn inspect(path: &Path, report: &Report) -> anyhow::Result<Contents> {
    let mut reader = Reader::open(path)?;
    let Chunk::Head(head) = reader.chunk()? else {
        bail!("the backup does not begin with its head")
    };
    let mut checksums = vec![Checksum::default(); head.tables.len()];
    loop {
        match reader.chunk()? {
            Chunk::Head(_) => bail!("the backup has two heads"),
            Chunk::Rows(place, bytes) => {
                let (Some(relation), Some(checksum)) =
                    (head.tables.get(place), checksums.get_mut(place))
                else {
                    bail!("the backup has rows of a table that it does not name");
                };
                each(relation, &bytes, |row| checksum.add_encoded(row))?;
                report.progress(|| format!("checking {}: {} rows", relation.name, checksum.rows));
            }
            Chunk::End(told) => {
                ensure!(told == checksums, "the backup has other rows than it says");
                return Ok(Contents { head: *head, checksums });
            }
        }
    }
}

/// The bytes of each row of a chunk.
fn each(relation: &Relation, bytes: &[u8], mut row: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let before = rest;
        decode(relation.fields.len(), &mut rest)?;
        row(before.get(..before.len() - rest.len()).unwrap_or_default());
    }
    Ok(())
}
