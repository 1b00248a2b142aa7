//! The `perflab` binary.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use clap::{Parser, Subcommand};
use perflab_server::site;

/// A performance lab in one binary.
#[derive(Parser)]
#[command(name = "perflab", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the lab to browsers.
    Serve {
        /// Where to listen.
        #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 7080)))]
        listen: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match Cli::parse().command {
        Command::Serve { listen } => serve(listen).await,
    }
}

async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    println!("perflab listens on http://{}", listener.local_addr()?);
    axum::serve(listener, site::with_headers(site::router(|| {}))).await?;
    Ok(())
}
