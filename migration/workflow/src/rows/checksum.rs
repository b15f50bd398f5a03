//! What tells equal tables from others, without their rows side by side.

use futures_util::TryStreamExt;
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Order, Relation, Value, encode, read};
use crate::catalog::hexadecimal;

/// How many rows there are, and the sum of their digests: in whichever order they come, on whichever database they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Told", try_from = "Told")]
pub struct Checksum {
    /// How many rows.
    pub rows: u64,
    sum: [u64; 4],
}

/// A checksum as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told {
    rows: u64,
    checksum: String,
}

impl Checksum {
    /// Counts a row in. `buffer` is overwritten: it saves an allocation for each row.
    pub fn add(&mut self, row: &[Value], buffer: &mut Vec<u8>) {
        buffer.clear();
        encode(row, buffer);
        self.add_encoded(buffer);
    }

    /// Counts a row in of which [`encode`] has made these bytes.
    pub fn add_encoded(&mut self, bytes: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        let digest = Sha256::digest(bytes);
        for (sum, part) in self.sum.iter_mut().zip(digest.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*part));
        }
    }

    /// 64 hexadecimal digits.
    pub fn text(&self) -> String {
        self.sum.iter().map(|part| hexadecimal(&part.to_be_bytes())).collect()
    }
}

impl From<Checksum> for Told {
    fn from(checksum: Checksum) -> Self {
        Self { rows: checksum.rows, checksum: checksum.text() }
    }
}

impl TryFrom<Told> for Checksum {
    type Error = String;

    fn try_from(told: Told) -> Result<Self, String> {
        let mut checksum = Self { rows: told.rows, ..Self::default() };
        for (place, part) in checksum.sum.iter_mut().enumerate() {
            let digits = told.checksum.get(place * 16..place * 16 + 16);
            let parsed = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
            *part = parsed.ok_or("a checksum has 64 hexadecimal digits")?;
        }
        Ok(checksum)
    }
}

/// Reads a whole table for its checksum. `seen` is told each row.
///
/// # Errors
/// Those of the database.
pub async fn checksum(
    db: &DatabaseConnection,
    relation: &Relation,
    mut seen: impl FnMut(&Checksum),
) -> anyhow::Result<Checksum> {
    let (mut checksum, mut buffer) = (Checksum::default(), Vec::new());
    let mut rows = read(db, relation, Order::Any);
    while let Some((row, _)) = rows.try_next().await? {
        checksum.add(&row, &mut buffer);
        seen(&checksum);
    }
    Ok(checksum)
}
