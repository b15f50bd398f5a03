//! What `--help` says fits a terminal.

use clap::{Command, CommandFactory, Parser};
use workflow::command::DbArguments;

#[derive(Parser)]
struct Garboard {
    #[command(flatten)]
    _db: DbArguments,
}

#[test]
fn no_line_of_the_help_is_longer_than_a_terminal_is_wide() {
    fits(&mut Garboard::command());
}

fn fits(command: &mut Command) {
    command.build();
    for help in [command.render_help(), command.render_long_help()] {
        let help = help.to_string();
        let long = help.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "{}", command.get_name());
    }
    command.get_subcommands_mut().for_each(fits);
}
