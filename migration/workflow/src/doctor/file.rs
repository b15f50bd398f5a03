//! What the system says of the file of a SQLite database.

use std::path::Path;

use super::{
    Finding,
    Severity::{self, Error, Warning},
};
use crate::stats::size;

/// A disk with less is nearly full.
const LITTLE: u64 = 64 << 20;

/// What there is to say of the file, its folder and its disk. `people_rely_on_it`: what is a notice otherwise is a warning.
///
/// # Errors
/// When the file cannot be looked at.
pub fn examine(file: &Path, people_rely_on_it: bool) -> std::io::Result<Vec<Finding>> {
    let file = file.canonicalize()?;
    let folder = file.parent().unwrap_or(&file);
    let bytes = file.metadata()?.len();
    let mut findings = Vec::new();
    #[cfg(unix)]
    {
        let severity = if people_rely_on_it { Warning } else { Severity::Notice };
        findings.extend(unix::permissions(&file, folder, severity)?);
        let disk = rustix::fs::statvfs(folder)?;
        findings.extend(space(disk.f_bavail.saturating_mul(disk.f_frsize), bytes));
    }
    #[cfg(target_os = "linux")]
    findings.extend(file_system(rustix::fs::statfs(folder)?.f_type));
    Ok(findings)
}

/// Whether the disk has room: a rebuild of a table, `VACUUM` or a backup beside the database need as much again.
pub fn space(free: u64, database: u64) -> Option<Finding> {
    let seen = format!("{} are free; the database has {}", shown(free), shown(database));
    let cure = "make room, or move the database to a larger disk";
    let severity = match free {
        _ if free < LITTLE => Error,
        _ if free < database => Warning,
        _ => return None,
    };
    Some(Finding::new(severity, "disk", seen, cure))
}

/// Whether a file system, by its number in Linux (of a type that depends on the processor), is one whose locks SQLite cannot rely on.
pub fn file_system(number: impl TryInto<i64>) -> Option<Finding> {
    let name = match number.try_into().unwrap_or_default() {
        0x6969 => "NFS",
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => "SMB",
        0x0102_1997 => "9P",
        0x00C3_6400 => "Ceph",
        _ => return None,
    };
    let seen =
        format!("the file is on a network ({name}), where locks and shared memory do not hold");
    let cure = "keep the file on a disk of the machine that serves, or use PostgreSQL";
    Some(Finding::new(Error, "file system", seen, cure))
}

fn shown(bytes: u64) -> String {
    size(i64::try_from(bytes).ok())
}

#[cfg(unix)]
mod unix {
    use std::{os::unix::fs::PermissionsExt, path::Path};

    use rustix::fs::{Access, access};

    use super::{Error, Finding, Severity};

    const READ: u32 = 0o004;
    const WRITE: u32 = 0o002;
    const ENTER: u32 = 0o001;

    pub(super) fn permissions(
        file: &Path,
        folder: &Path,
        severity: Severity,
    ) -> std::io::Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let others = |path: &Path| Ok::<_, std::io::Error>(path.metadata()?.permissions().mode());
        let mut reachable = true;
        for above in folder.ancestors() {
            reachable &= others(above)? & ENTER != 0;
        }
        let (own, around) = (others(file)?, others(folder)?);
        let cure = format!("chmod o= {}", file.display());
        if reachable && own & WRITE != 0 {
            let seen = "every user of this machine can write to the file";
            findings.push(Finding::new(Error, "permissions", seen, &cure));
        } else if reachable && own & READ != 0 {
            let seen = "every user of this machine can read the file";
            findings.push(Finding::new(severity, "permissions", seen, &cure));
        }
        if reachable && around & WRITE != 0 && around & 0o1000 == 0 {
            let seen = "every user of this machine can replace the file, by the folder it is in";
            let cure = format!("chmod o-w {}", folder.display());
            findings.push(Finding::new(Error, "permissions", seen, cure));
        }
        for path in [file, folder] {
            if access(path, Access::WRITE_OK).is_err() {
                let seen = format!("{} is not writable for this user", path.display());
                let cure = "SQLite writes the file and two more beside it: let the server's user own the folder";
                findings.push(Finding::new(Error, "permissions", seen, cure));
            }
        }
        Ok(findings)
    }
}
