//! `perflab kill-switch`: stop all load of a lab or of one environment, and let it begin again.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use perflab_model::{
    display,
    kill_switch::{KillSwitch, KillSwitches, KillTarget, PullRequest, Pulled, Released, ScopeWord},
    name::{EnvironmentName, ProjectName},
    run::Trigger,
};
use serde::de::DeserializeOwned;
use url::Url;

use super::{exit, run};

/// What to do with it.
#[derive(Debug, Subcommand)]
pub(super) enum KillSwitchCommand {
    /// Pull it: abort every run it concerns, and let nothing begin until it is released.
    On {
        #[command(flatten)]
        target: TargetArgs,
        /// Why; everybody reads it until the switch is released.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Release it: waiting runs begin, what was aborted stays aborted.
    Off {
        #[command(flatten)]
        target: TargetArgs,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Show which switches are pulled. The exit code is 0 when none is, and 3 when one is.
    Show {
        #[command(flatten)]
        lab: LabArgs,
        /// Print JSON instead of words.
        #[arg(long)]
        json: bool,
    },
}

/// Which lab is meant.
#[derive(Debug, Args)]
pub(super) struct LabArgs {
    /// The lab.
    #[arg(long, env = "PERFLAB_SERVER", value_name = "URL", default_value = "http://127.0.0.1:7080")]
    server: Url,
}

/// Which switch is meant.
#[derive(Debug, Args)]
pub(super) struct TargetArgs {
    #[command(flatten)]
    lab: LabArgs,
    /// Only this environment; the whole lab where nothing is said.
    #[arg(long, value_name = "NAME")]
    environment: Option<EnvironmentName>,
    /// The environment's project; the only one where nothing is said.
    #[arg(long, value_name = "NAME", requires = "environment")]
    project: Option<ProjectName>,
}

/// Who asks.
#[derive(Debug, Args)]
pub(super) struct WhoArgs {
    /// Your name, for those who read it; nobody checks it.
    #[arg(long, env = "USER", value_name = "TEXT")]
    name: Option<String>,
}

impl TargetArgs {
    fn scope(&self) -> ScopeWord {
        if self.environment.is_some() { ScopeWord::Environment } else { ScopeWord::Lab }
    }
}

pub(super) fn kill_switch(command: KillSwitchCommand) -> anyhow::Result<u8> {
    super::logging::start(super::logging::LogFormat::Text, "warn");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            KillSwitchCommand::On { target, reason, who } => on(&target, &reason, &who).await,
            KillSwitchCommand::Off { target, who } => off(&target, &who).await,
            KillSwitchCommand::Show { lab, json } => show(&lab, json).await,
        }
    })
}

async fn on(target: &TargetArgs, reason: &str, who: &WhoArgs) -> anyhow::Result<u8> {
    let body = PullRequest {
        target: KillTarget {
            scope: target.scope(),
            project: target.project.clone(),
            environment: target.environment.clone(),
        },
        reason: reason.to_owned(),
        name: who.name.clone(),
        trigger: Trigger::Cli,
    };
    let request = run::client()?.post(address(&target.lab)?).json(&body);
    let Some(Pulled { switch, aborted }) = ask(&target.lab, request).await? else { return Ok(exit::ERROR) };
    println!("{}", told(&switch));
    println!(
        "{}",
        match aborted {
            0 => "No run was under way.".to_owned(),
            1 => "One run is being aborted.".to_owned(),
            many => format!("{many} runs are being aborted."),
        }
    );
    Ok(exit::OK)
}

async fn off(target: &TargetArgs, who: &WhoArgs) -> anyhow::Result<u8> {
    let mut url = address(&target.lab)?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("scope", target.scope().code()).append_pair("trigger", Trigger::Cli.code());
        if let Some(environment) = &target.environment {
            query.append_pair("environment", environment.as_str());
        }
        if let Some(project) = &target.project {
            query.append_pair("project", project.as_str());
        }
        if let Some(name) = &who.name {
            query.append_pair("name", name);
        }
    }
    let Some(Released { switch }) = ask(&target.lab, run::client()?.delete(url)).await? else {
        return Ok(exit::ERROR);
    };
    println!(
        "{}",
        match switch {
            Some(switch) => format!("The kill switch of {} is released.", switch.scope),
            None => "It was not pulled: nothing was done.".to_owned(),
        }
    );
    Ok(exit::OK)
}

async fn show(lab: &LabArgs, json: bool) -> anyhow::Result<u8> {
    let request = run::client()?.get(address(lab)?);
    let Some(switches) = ask::<KillSwitches>(lab, request).await? else { return Ok(exit::ERROR) };
    if json {
        println!("{}", serde_json::to_string_pretty(&switches)?);
    } else if switches.pulled.is_empty() {
        println!("No kill switch is pulled.");
    } else {
        switches.pulled.iter().for_each(|switch| println!("{}", told(switch)));
    }
    Ok(if switches.pulled.is_empty() { exit::OK } else { exit::INCONCLUSIVE })
}

/// `The kill switch of the whole lab is pulled since … by …: reason`.
fn told(switch: &KillSwitch) -> String {
    format!(
        "The kill switch of {} is pulled since {} by {}: {}",
        switch.scope,
        display::clock(switch.pulled_us, true),
        switch.pulled_by,
        switch.reason
    )
}

fn address(lab: &LabArgs) -> anyhow::Result<Url> {
    run::endpoint(&lab.server, &["api", "v1", "kill-switch"])
}

/// Asks the lab; what it refuses is said, and comes as `None`.
async fn ask<T: DeserializeOwned>(lab: &LabArgs, request: reqwest::RequestBuilder) -> anyhow::Result<Option<T>> {
    let reply = request
        .timeout(run::ANSWER_WITHIN)
        .send()
        .await
        .with_context(|| format!("the lab at {} does not answer", lab.server))?;
    if !reply.status().is_success() {
        eprintln!("{}", run::problem(reply).await);
        return Ok(None);
    }
    Ok(Some(reply.json().await.context("the lab's answer cannot be read")?))
}
