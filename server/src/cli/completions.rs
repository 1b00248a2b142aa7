//! `perflab completions SHELL`.

use clap::{Args, CommandFactory};

use super::{Cli, exit};

/// Print completions for a shell.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Which shell.
    shell: clap_complete::Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<u8> {
    let mut command = Cli::command();
    clap_complete::generate(args.shell, &mut command, "perflab", &mut std::io::stdout());
    Ok(exit::OK)
}
