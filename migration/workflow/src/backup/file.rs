//! The file of a backup: a line that says what it is, then chunks, each compressed and with a digest of itself and of all before
//! it. So a byte that is flipped, a chunk that is missing, doubled or moved, and an end that is cut off or added to are all
//! told apart from a good file, before anything is restored.

use std::{
    fs::File,
    io::{BufReader, BufWriter, IntoInnerError, Read, Write},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::rows::{Checksum, Relation};

/// How the file begins.
const MAGIC: &[u8] = b"garboard backup 1\n";
/// What zstd itself advises.
const LEVEL: i32 = 3;
const DIGEST: usize = 32;

/// What is known before the first row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// When the rows were as they are here: RFC 3339, UTC.
    pub made_at: String,
    /// The version of the program that made it.
    pub program: String,
    /// Whether the rows are from PostgreSQL; otherwise they are from SQLite. They can be restored on either.
    pub postgres: bool,
    /// The migrations that were applied.
    pub migrations: Vec<String>,
    /// The fingerprint of the schema.
    pub fingerprint: String,
    /// The tables, each after those that it refers to.
    pub tables: Vec<Relation>,
}

/// A part of a backup.
#[derive(Debug)]
pub enum Chunk {
    /// The first.
    Head(Box<Head>),
    /// Rows of the table at a place of [`Head::tables`], encoded one after another.
    Rows(usize, Vec<u8>),
    /// The last: what each table has.
    End(Vec<Checksum>),
}

/// Writes a backup.
#[derive(Debug)]
pub struct Writer {
    file: BufWriter<File>,
    digest: [u8; DIGEST],
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn new(file: File) -> anyhow::Result<Self> {
        let mut file = BufWriter::new(file);
        file.write_all(MAGIC)?;
        Ok(Self { file, digest: Sha256::digest(MAGIC).into() })
    }

    /// Adds a chunk.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn add(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        let payload = match chunk {
            Chunk::Head(head) => tagged(b'H', &serde_json::to_vec(head)?),
            Chunk::Rows(table, rows) => {
                tagged(b'R', &[&u32::try_from(*table)?.to_le_bytes(), rows.as_slice()].concat())
            }
            Chunk::End(checksums) => tagged(b'E', &serde_json::to_vec(checksums)?),
        };
        let packed = zstd::bulk::compress(&payload, LEVEL)?;
        let sizes = [u32::try_from(packed.len())?, u32::try_from(payload.len())?];
        let sizes = sizes.map(u32::to_le_bytes).concat();
        self.digest = chain(&self.digest, &sizes, &packed);
        self.file.write_all(&sizes)?;
        self.file.write_all(&self.digest)?;
        self.file.write_all(&packed)?;
        Ok(())
    }

    /// Ends the file: it is on the disk.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn finish(self) -> anyhow::Result<()> {
        let file = self.file.into_inner().map_err(IntoInnerError::into_error)?;
        Ok(file.sync_all()?)
    }
}

fn tagged(tag: u8, rest: &[u8]) -> Vec<u8> {
    [&[tag], rest].concat()
}

fn chain(before: &[u8; DIGEST], sizes: &[u8], packed: &[u8]) -> [u8; DIGEST] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(sizes);
    hash.update(packed);
    hash.finalize().into()
}

/// Reads a backup.
#[derive(Debug)]
pub struct Reader {
    file: BufReader<File>,
    digest: [u8; DIGEST],
    /// How many bytes of the file have been read.
    position: u64,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is no backup of this program.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut reader =
            Self { file: BufReader::new(file), digest: Sha256::digest(MAGIC).into(), position: 0 };
        let is_ours = reader.take(MAGIC.len()).is_ok_and(|begin| begin == MAGIC);
        ensure!(is_ours, "{} is no backup, or one of a newer program", path.display());
        Ok(reader)
    }

    /// The next one; after [`Chunk::End`] there is none, nor anything else.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn chunk(&mut self) -> anyhow::Result<Chunk> {
        let position = self.position;
        self.read().with_context(|| format!("the backup is damaged at byte {position}"))
    }

    fn read(&mut self) -> anyhow::Result<Chunk> {
        let sizes = self.take(8)?;
        let size = |bytes: Option<&[u8]>| {
            let bytes =
                bytes.and_then(|bytes| bytes.try_into().ok()).context("a size has four bytes")?;
            Ok::<_, anyhow::Error>(usize::try_from(u32::from_le_bytes(bytes))?)
        };
        let (packed, unpacked) = (size(sizes.get(..4))?, size(sizes.get(4..))?);
        let digest = self.take(DIGEST)?;
        let packed = self.take(packed)?;
        self.digest = chain(&self.digest, &sizes, &packed);
        ensure!(digest == self.digest, "the digest of a chunk is wrong");
        let payload = zstd::bulk::decompress(&packed, unpacked)?;
        let (tag, rest) = payload.split_first().context("a chunk is empty")?;
        Ok(match tag {
            b'H' => Chunk::Head(parsed(rest)?),
            b'R' => {
                let (table, rows) = rest.split_at_checked(4).context("a chunk is of no table")?;
                Chunk::Rows(size(Some(table))?, rows.to_vec())
            }
            b'E' => {
                ensure!(self.file.read(&mut [0])? == 0, "there is something behind its end");
                Chunk::End(parsed(rest)?)
            }
            _ => bail!("a chunk is of no known kind"),
        })
    }

    fn take(&mut self, size: usize) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let size = u64::try_from(size)?;
        let read = (&mut self.file).take(size).read_to_end(&mut bytes)?;
        self.position = self.position.saturating_add(u64::try_from(read)?);
        ensure!(bytes.len() == usize::try_from(size)?, "it ends too early");
        Ok(bytes)
    }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(bytes).context("a chunk is no JSON")
}
