//! `perflab target serve`.

use clap::Subcommand;

use super::{exit, logging};

/// The reference target.
#[derive(Debug, Subcommand)]
pub(super) enum TargetCommand {
    /// Start it, on a loopback address.
    Serve(perflab_mita::ServeArgs),
}

pub(super) fn target(command: TargetCommand) -> anyhow::Result<u8> {
    let TargetCommand::Serve(args) = command;
    logging::start(logging::LogFormat::Text, "info");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        perflab_mita::serve(args.into_config(), super::serve::asked_to_end()).await?;
        Ok(exit::OK)
    })
}
