//! `perflab target serve`.

use clap::Subcommand;

use super::{exit, logging, serve::ending::Signals};

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
        let mut signals = Signals::listen()?;
        let asked_to_end = async move {
            signals.unless_asked(std::future::pending::<()>()).await;
        };
        perflab_mita::serve(args.into_config(), asked_to_end).await?;
        Ok(exit::OK)
    })
}
