//! The types of the settings. Each is parsed once, at start; what fails to parse says what is allowed.
//!
//! The error of every parser completes the sentence "use …". Whatever is secret shows itself masked, in `Debug`
//! and in `Display` alike, so that no log line and no `garboard config` can give it away.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    str::FromStr,
    time::Duration,
};

/// What is shown in place of a secret.
pub const MASK: &str = "********";

/// What a setting accepts, completing the sentence "use …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use(pub &'static str);

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "use {}", self.0)
    }
}

impl Error for Use {}

/// Where the process runs, and so how careful it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: migrates, seeds and explains itself.
    Development,
    /// For people who rely on it: refuses what is unsafe.
    Production,
    /// Under an automated test: as development, without demonstration data.
    Test,
}

impl FromStr for Environment {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            "test" => Ok(Self::Test),
            _ => Err(Use("development, production or test")),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Test => "test",
        })
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(Use("text or json")),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Whether an e-mail address must be verified before its user signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailVerification {
    /// It may be.
    Optional,
    /// It must be.
    Required,
}

impl FromStr for EmailVerification {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        match text {
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err(Use("optional or required")),
        }
    }
}

impl fmt::Display for EmailVerification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Optional => "optional",
            Self::Required => "required",
        })
    }
}

/// Text that only the process may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        if text.chars().count() < 32 {
            return Err(Use(
                "at least 32 random characters, such as `openssl rand -base64 32` prints",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// How many requests one client may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    /// As many as it likes.
    Off,
    /// So many at once, and so many again in each window.
    Per {
        /// How many.
        requests: NonZeroU32,
        /// How long the window is, in whole seconds.
        window: Duration,
    },
}

impl RateLimit {
    /// What `on` means.
    pub const USUAL: &str = "600/60s";
}

impl FromStr for RateLimit {
    type Err = Use;

    fn from_str(text: &str) -> Result<Self, Use> {
        const ALLOWED: Use = Use("on, off, or REQUESTS/WINDOW such as 600/60s");
        let text = match text {
            "off" => return Ok(Self::Off),
            "on" => Self::USUAL,
            text => text,
        };
        let (requests, window) = text.split_once('/').ok_or(ALLOWED)?;
        let requests = requests.parse().map_err(|_not_a_number| ALLOWED)?;
        let window = duration(window).map_err(|_not_a_duration| ALLOWED)?;
        if window.as_secs() == 0 || window.subsec_nanos() != 0 {
            return Err(ALLOWED);
        }
        Ok(Self::Per { requests, window })
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Per { requests, window } => write!(f, "{requests}/{}", show_duration(*window)),
        }
    }
}

/// `500ms`, `30s`, `5m`, `1h`.
///
/// # Errors
/// What else there is to write.
pub fn duration(text: &str) -> Result<Duration, Use> {
    const ALLOWED: Use = Use("a number above 0 with its unit ms, s, m or h, such as 30s");
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or(ALLOWED)?;
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().map_err(|_not_a_number| ALLOWED)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(ALLOWED),
    };
    match number.checked_mul(factor) {
        Some(millis) if (1..=MAX_DURATION_MS).contains(&millis) => {
            Ok(Duration::from_millis(millis))
        }
        _ => Err(ALLOWED),
    }
}

/// Longer than anyone means, and short enough for every timer.
const MAX_DURATION_MS: u64 = 366 * 24 * 3_600_000;

/// In the largest unit that is exact; few minutes or hours are left in the smaller one, as people write them.
pub fn show_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (factor, unit, least) in [(3_600_000, "h", 2), (60_000, "m", 2), (1000, "s", 1)] {
        if millis.is_multiple_of(factor) && millis / factor >= least {
            return format!("{}{unit}", millis / factor);
        }
    }
    format!("{millis}ms")
}

/// The address to listen on; `localhost` is 127.0.0.1.
///
/// # Errors
/// What else there is to write.
pub fn host(text: &str) -> Result<IpAddr, Use> {
    match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => text.parse().map_err(|_not_an_address| {
            Use("an IP address: 127.0.0.1, or 0.0.0.0 or :: for every interface")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, millis) in [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000)]
        {
            let parsed = duration(text).unwrap();
            assert_eq!(parsed, Duration::from_millis(millis));
            assert_eq!(show_duration(parsed), text);
        }
        for text in
            ["", "30", "s", "0s", "-1s", "1.5s", "30 s", "99999999999999999999s", "9999999h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_limit_is_off_or_requests_per_window() {
        for text in ["off", "600/60s", "3/10s"] {
            assert_eq!(text.parse::<RateLimit>().unwrap().to_string(), text);
        }
        assert_eq!("on".parse::<RateLimit>().unwrap().to_string(), RateLimit::USUAL);
        for text in ["", "yes", "0/60s", "600", "600/", "600/500ms", "600/60", "-1/1s"] {
            assert!(text.parse::<RateLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_is_long_and_shows_itself_to_nobody() {
        assert!("short".parse::<Secret>().is_err());
        let secret: Secret = "0123456789abcdef0123456789abcdef".parse().unwrap();
        assert_eq!(format!("{secret} {secret:?}"), format!("{MASK} {MASK}"));
    }
}
