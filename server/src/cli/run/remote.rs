//! A launch on a lab over its API, and the wait for its answer.

use std::time::Duration;

use anyhow::{Context as _, bail};
use perflab_model::{
    launch::LaunchRequest,
    name::SuiteName,
    problem::Problem,
    run::{Run, Trigger},
    view::Launched,
};
use tokio::time::Instant;
use url::Url;

use super::{RunArgs, exit, report};

/// How long one request waits at the lab.
const WAIT_EACH: Duration = Duration::from_secs(60);
/// How long to wait before a lab that does not answer is asked again.
const AFTER_TROUBLE: Duration = Duration::from_secs(2);

pub(super) async fn run(args: &RunArgs, server: &Url) -> anyhow::Result<u8> {
    let client = client()?;
    let request = LaunchRequest {
        project: None,
        suite: args.suite.parse::<SuiteName>().with_context(|| format!("`{}` is no suite's name", args.suite))?,
        scenario: args.scenario.clone(),
        environment: args.env.clone(),
        overrides: args.overrides(),
        revision: args.revision(),
        tags: args.tags.clone(),
        trigger: Trigger::Cli,
    };
    let reply = client
        .post(endpoint(server, &["api", "v1", "runs"])?)
        // A reply that gets lost must not launch twice when a person repeats the command by hand within it.
        .header("Idempotency-Key", uuid::Uuid::now_v7().to_string())
        .json(&request)
        .send()
        .await
        .with_context(|| format!("the lab at {server} does not answer"))?;
    if !reply.status().is_success() {
        return refused(reply).await;
    }
    let launched: Launched = reply.json().await.context("the lab's answer cannot be read")?;
    let page = endpoint(server, &["runs", &launched.number.to_string()])?;
    println!("run #{}: {page}", launched.number);
    if !args.wait {
        return Ok(exit::OK);
    }
    let Some(run) = wait(args, server, &client, &launched).await? else {
        eprintln!("run #{} has not ended within {}; it goes on: {page}", launched.number, args.timeout);
        return Ok(exit::WAITED);
    };
    let Some(summary) = run.summary else {
        let message = run.row.end.map_or_else(|| "it ended without results".to_owned(), |end| end.message);
        eprintln!("run #{}: {message}", launched.number);
        return Ok(args.exit_code(perflab_model::verdict::Gate::Inconclusive));
    };
    if let Some(end) = &run.row.end {
        print!("{}", report::text(&summary, end));
    }
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&summary)?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("the summary cannot be written to {}", path.display()))?;
    }
    Ok(args.exit_code(summary.gate))
}

/// Waits for the end; `None` when the time is up. A lab that restarts meanwhile is asked again.
async fn wait(
    args: &RunArgs,
    server: &Url,
    client: &reqwest::Client,
    launched: &Launched,
) -> anyhow::Result<Option<Run>> {
    let deadline = Instant::now() + args.timeout.duration();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let mut url = endpoint(server, &["api", "v1", "runs", &launched.id.to_string()])?;
        url.set_query(Some(&format!("wait={}ms", left.min(WAIT_EACH).as_millis().max(1))));
        match client.get(url).timeout(WAIT_EACH + Duration::from_secs(30)).send().await {
            Ok(reply) if reply.status().is_success() => {
                let run: Run = reply.json().await.context("the lab's answer cannot be read")?;
                if run.row.state.is_terminal() {
                    return Ok(Some(run));
                }
            }
            Ok(reply) if reply.status().is_client_error() => {
                let problem = problem(reply).await;
                bail!("{problem}");
            }
            Ok(_) | Err(_) => tokio::time::sleep(AFTER_TROUBLE).await,
        }
    }
}

/// A client for a lab: no proxies from the environment, which could not reach a loopback address anyway.
pub(in crate::cli) fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(5)).build()?)
}

/// An address below the lab's.
pub(in crate::cli) fn endpoint(server: &Url, path: &[&str]) -> anyhow::Result<Url> {
    let mut url = server.clone();
    url.path_segments_mut()
        .map_err(|()| anyhow::anyhow!("{server} is no address of a lab; write it as http://127.0.0.1:7080"))?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

/// A refused launch: what is wrong, field by field.
async fn refused(reply: reqwest::Response) -> anyhow::Result<u8> {
    let usage = reply.status().is_client_error();
    let problem = problem(reply).await;
    eprintln!("{problem}");
    for field in &problem.fields {
        eprintln!("  {}: {}", field.field, field.message);
        if let Some(hint) = &field.hint {
            eprintln!("    {hint}");
        }
    }
    Ok(if usage { exit::USAGE } else { exit::ERROR })
}

/// The problem in a reply that is not a success.
pub(in crate::cli) async fn problem(reply: reqwest::Response) -> Problem {
    let status = reply.status();
    reply.json().await.unwrap_or_else(|_| {
        Problem::new(
            perflab_model::problem::ProblemKind::Internal,
            "lab.unreadable",
            format!("The lab answered {status} without saying why"),
            Some("Look at its log".to_owned()),
        )
    })
}
