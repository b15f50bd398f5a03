//! Reading the settings: command line, environment, `.env`, defaults; and everything wrong with them at once.

use std::{collections::HashMap, error::Error, ffi::OsString, fmt, fs, io, io::Write, path::Path};

use anyhow::Context;
use clap::{
    Arg, Command, Parser,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use uuid::Uuid;

use super::{
    Config, HEADING,
    show::{Setting, Source},
    value::{MASK, Secret},
};

/// Settings whose value is not repeated in a message.
const SECRET: &[&str] = &["AUTH_SECRET", "DATABASE_URL", "OAUTH_PROVIDERS", "SMTP_URL"];

/// Something wrong with one setting, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake(String);

impl Mistake {
    /// A value that cannot be used; `given` is shown, so a secret is masked before.
    pub fn invalid(variable: &str, given: &str, allowed: &str) -> Self {
        Self(format!("{variable}={given:?} is not valid: {allowed}"))
    }

    /// A value that is needed.
    pub fn missing(variable: &str, needed: &str) -> Self {
        Self(format!("{variable} is not set: {needed}"))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses the command line of `P`, with the settings, which are its `config`, from wherever they are given.
///
/// Ends the process where clap does: after `--help`, and on a command line that it does not understand.
///
/// # Errors
/// Every mistake in the settings.
pub fn load<P: Parser>(config: impl Fn(&P) -> &Config) -> Result<(P, Vec<Setting>), Vec<Mistake>> {
    load_from(std::env::args_os().collect(), &dotenv()?, config)
}

fn load_from<P: Parser>(
    arguments: Vec<OsString>,
    file: &HashMap<String, String>,
    config: impl Fn(&P) -> &Config,
) -> Result<(P, Vec<Setting>), Vec<Mistake>> {
    let mut command = P::command().mut_args(|argument| prepare(argument, file));
    // The settings are options of every command; the help of each would hide its own among them.
    command.build();
    let command = command.mut_subcommands(without_settings);
    let matches = match command.clone().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error)
            if matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidUtf8) =>
        {
            let mistakes: Vec<_> = command.get_arguments().filter_map(mistake).collect();
            if mistakes.is_empty() { error.exit() } else { return Err(mistakes) }
        }
        Err(error) => error.exit(),
    };
    let parsed = P::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let mistakes = config(&parsed).mistakes();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let settings = config(&parsed).settings(|variable, id| match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Source::CommandLine,
        Some(ValueSource::EnvVariable) => Source::Environment,
        _ if file.contains_key(variable) => Source::File,
        _ => Source::Default,
    });
    Ok((parsed, settings))
}

/// The command and those below it, whose help does not list the settings.
fn without_settings(command: Command) -> Command {
    const HINT: &str = "Every command takes the settings as options, too: see `garboard --help`.";
    let command = command.mut_args(|argument| match variable(&argument) {
        Some(_) => argument.hide(true),
        None => argument,
    });
    let help = match command.get_after_help() {
        Some(help) => format!("{help}\n\n{HINT}"),
        None => HINT.to_owned(),
    };
    command.after_help(help).mut_subcommands(without_settings)
}

/// What is in the nearest `.env`. The environment of the process is left as it is.
fn dotenv() -> Result<HashMap<String, String>, Vec<Mistake>> {
    // The parser's own message repeats the line, which may hold a secret.
    let broken = |error: dotenvy::Error| {
        let reason = match error {
            dotenvy::Error::LineParse(..) => {
                "a line is not NAME=value; a value with spaces or # stands in quotes".to_owned()
            }
            error => error.to_string(),
        };
        vec![Mistake(format!(".env cannot be read: {reason}"))]
    };
    match dotenvy::dotenv_iter() {
        Ok(lines) => lines
            .filter(|line| !matches!(line, Ok((_, value)) if value.is_empty()))
            .collect::<Result<_, _>>()
            .map_err(broken),
        Err(error) if error.not_found() => Ok(HashMap::new()),
        Err(error) => Err(broken(error)),
    }
}

/// The variable that an argument is set by, if it is a setting.
pub(super) fn variable(argument: &Arg) -> Option<String> {
    (argument.get_help_heading() == Some(HEADING))
        .then(|| argument.get_id().as_str().to_uppercase())
}

/// Lets a setting that is not in the environment take its value from the file. An empty variable counts as absent,
/// as in `docker-compose.yml`.
fn prepare(argument: Arg, file: &HashMap<String, String>) -> Arg {
    let Some(variable) = variable(&argument) else { return argument };
    let argument = argument.global(true).hide_env_values(true);
    match (environment(&variable), file.get(&variable)) {
        (Some(value), _) if !value.is_empty() => argument,
        (_, Some(value)) => argument
            .env(Resettable::Reset)
            .default_value(&*value.clone().leak())
            .hide_default_value(true),
        (Some(_empty), None) => argument.env(Resettable::Reset),
        (None, None) => argument,
    }
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// What is wrong with one setting, tried by itself.
fn mistake(argument: &Arg) -> Option<Mistake> {
    let variable = variable(argument)?;
    let error = Command::new("").arg(argument.clone()).try_get_matches_from([""]).err()?;
    let given = match error.get(ContextKind::InvalidValue) {
        Some(_) if SECRET.contains(&variable.as_str()) => MASK.to_owned(),
        Some(ContextValue::String(given)) => given.clone(),
        _ => String::new(),
    };
    let allowed = error.source().map_or_else(|| "use UTF-8 text".to_owned(), ToString::to_string);
    Some(Mistake::invalid(&variable, &given, &allowed))
}

/// The secret in `path`, made when there is none.
pub(super) fn kept_secret(path: &Path) -> anyhow::Result<Secret> {
    if !path.exists() {
        make_secret(path).with_context(|| {
            format!("cannot keep a generated AUTH_SECRET in {}", path.display())
        })?;
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.trim()
        .parse()
        .with_context(|| format!("{} is damaged: delete it, or set AUTH_SECRET", path.display()))
}

/// Writes a new secret beside `path` and moves it there, so that of two processes that start at once one makes it and
/// the other reads it whole.
fn make_secret(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "no ids, but 244 random bits from the system's generator"
    )]
    let (secret, name) =
        (format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()), Uuid::new_v4());
    let draft = path.with_file_name(format!(".auth_secret.{name}"));
    private(&draft)?.write_all(secret.as_bytes())?;
    let kept = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    fs::remove_file(&draft)?;
    kept
}

/// Creates a file that nobody else may read.
fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
        #[command(subcommand)]
        command: Option<Verb>,
    }

    #[derive(Debug, clap::Subcommand)]
    enum Verb {
        Serve,
    }

    fn load(
        arguments: &[&str],
        file: &[(&str, &str)],
    ) -> Result<(Program, Vec<Setting>), Vec<Mistake>> {
        let arguments = ["garboard"].iter().chain(arguments).map(Into::into).collect();
        let file =
            file.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load_from(arguments, &file, |program: &Program| &program.config)
    }

    fn mistakes(file: &[(&str, &str)]) -> Vec<String> {
        load(&[], file).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_mistake_is_one_line_that_says_what_is_allowed_and_gives_no_secret_away() {
        let found = mistakes(&[
            ("PORT", "80x"),
            ("DATABASE_URL", "mysql://u:hunter2@h/d"),
            ("AUTH_SECRET", "hunter2"),
            ("TRUSTED_ORIGINS", "https://a.example,nonsense"),
        ]);
        assert_eq!(
            found,
            [
                r#"DATABASE_URL="********" is not valid: use sqlite://PATH or postgres://USER:PASSWORD@HOST[:PORT]/NAME"#,
                r#"PORT="80x" is not valid: use a number from 0 to 65535; 0 takes any free port"#,
                r#"AUTH_SECRET="********" is not valid: use at least 32 random characters, such as `openssl rand -base64 32` prints"#,
                r#"TRUSTED_ORIGINS="nonsense" is not valid: use exact origins separated by commas, such as https://app.example.com, or * outside production"#,
            ]
        );
    }

    #[test]
    fn production_wants_a_secret_and_exact_origins() {
        let found = mistakes(&[("APP_ENV", "production"), ("TRUSTED_ORIGINS", "*")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("AUTH_SECRET is not set: "));
        assert!(found[1].starts_with(r#"TRUSTED_ORIGINS="*" is not valid: "#));
        assert!(load(&[], &[("TRUSTED_ORIGINS", "*")]).is_ok());
    }

    #[test]
    fn the_pool_has_a_connection_for_each_worker_and_no_more_than_its_size() {
        let postgres = ("DATABASE_URL", "postgres://u@localhost/g");
        let found = mistakes(&[postgres, ("DATABASE_MAX_CONNECTIONS", "4"), ("WORKERS", "8")]);
        assert_eq!(found.len(), 2, "{found:?}");
        let (program, _) = load(
            &[],
            &[
                postgres,
                ("DATABASE_MAX_CONNECTIONS", "9"),
                ("DATABASE_MIN_CONNECTIONS", "5"),
                ("WORKERS", "4"),
            ],
        )
        .unwrap();
        let options = program.config.database_options(program.config.workers());
        assert_eq!((options.max_connections, options.min_connections), (2, 1));
    }

    #[test]
    fn a_flag_is_stronger_than_the_file_wherever_it_stands() {
        for arguments in [["--port=1", "serve"], ["serve", "--port=1"]] {
            let (program, settings) = load(&arguments, &[("PORT", "2"), ("HOST", "::1")]).unwrap();
            assert_eq!(program.config.port, 1);
            let sources =
                |name: &str| settings.iter().find(|setting| setting.name == name).unwrap().source;
            assert_eq!(sources("PORT"), Source::CommandLine);
            assert_eq!(sources("HOST"), Source::File);
            assert_eq!(sources("APP_ENV"), Source::Default);
        }
    }

    #[test]
    fn a_generated_secret_is_kept_and_private() {
        let folder = std::env::temp_dir().join(format!("garboard-{}", std::process::id()));
        let path = folder.join("auth_secret");
        let first = kept_secret(&path).unwrap();
        assert_eq!(kept_secret(&path).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
        fs::remove_dir_all(folder).unwrap();
    }
}
