//! Which database, and how it is reached.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use url::{Host, Url};

/// What is shown in place of a password.
const MASK: &str = "********";

/// The address of a SQLite file or of a PostgreSQL database. Shown, its password is masked.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// A text that is not the address of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use sqlite://PATH or postgres://USER:PASSWORD@HOST[:PORT]/NAME")]
pub struct InvalidUrl;

impl DatabaseUrl {
    /// The address of the SQLite file at `path`, which is made if there is none.
    pub fn of_file(path: &Path) -> Self {
        Self(format!("sqlite://{}?mode=rwc", path.display()))
    }
    /// The same server, with another database; of a SQLite file, the file itself.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        match Url::parse(&self.0) {
            Ok(mut url) if self.is_postgres() => {
                url.set_path(name);
                Self(url.into())
            }
            _ => self.clone(),
        }
    }

    /// The name of the database on its server, or of the file without its folder.
    pub fn name(&self) -> String {
        match (self.sqlite_file(), Url::parse(&self.0)) {
            (Some(path), _) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            (None, Ok(url)) => url.path().trim_start_matches('/').to_owned(),
            (None, Err(_)) => String::new(),
        }
    }

    /// The URL with its password, for the driver.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it names a PostgreSQL server; otherwise it names a SQLite file.
    pub fn is_postgres(&self) -> bool {
        self.0.starts_with("postgres")
    }

    /// What to look at when the database does not answer.
    pub(crate) fn unreachable(&self) -> String {
        let ask = if self.is_postgres() {
            "does PostgreSQL run there, with this user and database?"
        } else {
            "is it a SQLite database, in a folder where this user may write?"
        };
        format!("cannot connect to {self} ({ask})")
    }

    /// Where the SQLite file is.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.0.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        Some(PathBuf::from(path.split('?').next().unwrap_or_default()))
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        if text.starts_with("sqlite:") {
            let url = Self(text.to_owned());
            let in_memory = text.contains(":memory:") || text.contains("mode=memory");
            return match url.sqlite_file() {
                Some(path) if !path.as_os_str().is_empty() && !in_memory => Ok(url),
                _ => Err(InvalidUrl),
            };
        }
        let mut url = Url::parse(text).map_err(|_not_a_url| InvalidUrl)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(InvalidUrl);
        }
        // Who says nothing about TLS gets a server whose certificate is checked, unless no network lies between.
        let says_tls = url.query_pairs().any(|(name, _)| name == "sslmode" || name == "ssl-mode");
        if !says_tls && !is_local(&url) {
            url.query_pairs_mut().append_pair("sslmode", "verify-full");
            return Ok(Self(url.into()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether the server is on this machine: a loopback address, or a socket in the file system.
pub fn is_local(url: &Url) -> bool {
    let socket = |text: &str| text.starts_with('/') || text.to_ascii_lowercase().starts_with("%2f");
    if let Some((_, host)) = url.query_pairs().find(|(name, _)| name == "host") {
        return socket(&host);
    }
    match url.host() {
        None => true,
        Some(Host::Domain(name)) => {
            name.is_empty()
                || name == "localhost"
                || socket(name)
                || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(mut url) = Url::parse(&self.0).ok().filter(|_| self.is_postgres()) else {
            return f.write_str(&self.0);
        };
        if url.password().is_some() {
            let _ = url.set_password(Some(MASK));
        }
        if url.query_pairs().any(|(name, _)| name == "password") {
            let shown = url.query_pairs().into_owned().map(|(name, value)| match name.as_str() {
                "password" => (name, MASK.to_owned()),
                _ => (name, value),
            });
            let shown: Vec<_> = shown.collect();
            url.query_pairs_mut().clear().extend_pairs(shown);
        }
        f.write_str(url.as_str())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn tls_to_a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        for (given, used) in [
            (
                "postgres://u:p@db.example.com/g",
                "postgres://u:p@db.example.com/g?sslmode=verify-full",
            ),
            (
                "postgres://u:p@10.0.0.7:6432/g?application_name=x",
                "postgres://u:p@10.0.0.7:6432/g?application_name=x&sslmode=verify-full",
            ),
            ("postgres://u@db/g?sslmode=disable", "postgres://u@db/g?sslmode=disable"),
            ("postgres://u@db/g?ssl-mode=require", "postgres://u@db/g?ssl-mode=require"),
            ("postgres://u@localhost/g", "postgres://u@localhost/g"),
            ("postgres://u@127.0.0.1:5433/g", "postgres://u@127.0.0.1:5433/g"),
            ("postgresql://u@[::1]/g", "postgresql://u@[::1]/g"),
            ("postgres:///g?host=/var/run/postgresql", "postgres:///g?host=/var/run/postgresql"),
            ("postgres://%2Fvar%2Frun/g", "postgres://%2Fvar%2Frun/g"),
            (
                "postgres://u@localhost/g?host=db.example.com",
                "postgres://u@localhost/g?host=db.example.com&sslmode=verify-full",
            ),
        ] {
            assert_eq!(database(given).reveal(), used);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = database("postgres://garboard:hunter2@db/g?password=hunter3&sslmode=disable");
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }

    #[test]
    fn a_database_is_a_file_or_a_server() {
        for text in [
            "",
            "garboard.db",
            "mysql://u@h/d",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://x?mode=memory",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
        }
        let file = |text: &str| database(text).sqlite_file().unwrap();
        assert_eq!(file("sqlite://data/garboard.db?mode=rwc"), PathBuf::from("data/garboard.db"));
        assert_eq!(file("sqlite:///var/lib/garboard.db"), PathBuf::from("/var/lib/garboard.db"));
    }
}
