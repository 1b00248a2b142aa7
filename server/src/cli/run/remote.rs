//! A launch on a lab over its API, and the wait for its answer.

use std::time::Duration;

use anyhow::{Context as _, bail};
use perflab_model::{
    launch::LaunchRequest,
    problem::{FieldProblem, Problem, ProblemKind},
    run::{Run, RunState, Trigger},
    verdict::Gate,
    view::{LaunchPreview, Launched},
};
use tokio::time::Instant;
use url::Url;

use super::{Became, Measured, RunOptions, Wait, Wish, document, exit, report};

/// How long a request may take that does not wait for anything.
pub(in crate::cli) const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How often a launch is sent before it is given up: always with the same key, so that it stays one launch.
const TRIES: u32 = 4;
/// How long one request waits at the lab.
const WAIT_EACH: Duration = Duration::from_secs(60);
/// How long to wait before a lab that does not answer is asked again.
const AFTER_TROUBLE: Duration = Duration::from_secs(2);

pub(in crate::cli) async fn run(args: &Wish<'_>, server: &Url) -> anyhow::Result<Became> {
    let options = args.options;
    let request = match request(args) {
        Ok(request) => request,
        Err(code) => return Ok(Became::only(code)),
    };
    let client = client()?;
    if let Some(path) = args.json {
        document::clear(path)?;
    }
    let launched = match launch(server, &client, &request).await? {
        Ok(launched) => launched,
        Err(problem) => return Ok(Became::only(refused(&problem))),
    };
    // Numbers belong to a project, and an address with one leads nowhere in a lab of several.
    let address = match &options.project {
        Some(_) => launched.id.to_string(),
        None => launched.number.to_string(),
    };
    let page = endpoint(server, &["runs", &address])?;
    println!("run #{}: {page}", launched.number);
    if args.wait == Wait::No {
        return Ok(Became::only(exit::OK));
    }
    let Some(run) = wait(options, server, &client, &launched).await? else {
        eprintln!("run #{} has not ended within {}; it goes on: {page}", launched.number, options.timeout);
        return Ok(Became::only(exit::WAITED));
    };
    let Some(summary) = run.summary else {
        let message = run.row.end.map_or_else(|| "it ended without results".to_owned(), |end| end.message);
        eprintln!("run #{}: {message}", launched.number);
        // One that was cancelled while it waited has no verdict; any other that ended without results has failed.
        let state = if run.row.state == RunState::Cancelled { RunState::Cancelled } else { RunState::Failed };
        return Ok(Became::only(options.exit_code(state, Gate::Inconclusive)));
    };
    if let Some(path) = args.json {
        document::write(path, &summary)?;
    }
    let code = options.exit_code(run.row.state, summary.gate);
    let Some(end) = run.row.end else { return Ok(Became::only(code)) };
    print!("{}", report::text(&summary, &end));
    let (target, load) = (run.plan.environment.base_url, run.plan.load);
    Ok(Became { code, measured: Some(Box::new(Measured { target, load, end, summary })) })
}

/// Whether the lab would launch it: the exit code if not, with everything that stands in its way said.
pub(in crate::cli) async fn check(wish: &Wish<'_>, server: &Url) -> anyhow::Result<Result<(), u8>> {
    let request = match request(wish) {
        Ok(request) => request,
        Err(code) => return Ok(Err(code)),
    };
    Ok(match preview(&request, server).await? {
        Err(problem) => Err(refused(&problem)),
        Ok(preview) if preview.problems.is_empty() => Ok(()),
        Ok(preview) => {
            fields(&preview.problems);
            Err(exit::USAGE)
        }
    })
}

/// Whether the lab's suite has the scenario. Where the lab cannot say, [`check`] tells why.
pub(in crate::cli) async fn has(wish: &Wish<'_>, server: &Url) -> anyhow::Result<bool> {
    let Ok(request) = request(wish) else { return Ok(true) };
    let preview = preview(&request, server).await?;
    Ok(preview.map_or(true, |preview| preview.problems.iter().all(|problem| problem.field != "scenario")))
}

/// What the launch would do; the inner error is what the lab refuses.
async fn preview(request: &LaunchRequest, server: &Url) -> anyhow::Result<Result<LaunchPreview, Problem>> {
    let address = endpoint(server, &["api", "v1", "launch", "preview"])?;
    let sent = client()?.post(address).timeout(ANSWER_WITHIN).json(request).send().await;
    let reply = sent.with_context(|| format!("the lab at {server} does not answer"))?;
    if !reply.status().is_success() {
        return Ok(Err(problem(reply).await));
    }
    Ok(Ok(reply.json().await.context("the lab's answer cannot be read")?))
}

/// What is asked of the lab, or the exit code when that cannot be written.
fn request(wish: &Wish<'_>) -> Result<LaunchRequest, u8> {
    let suite = wish.suite.parse().map_err(|error| {
        eprintln!("`{}` is no suite's name: {error}", wish.suite);
        exit::USAGE
    })?;
    let options = wish.options;
    Ok(LaunchRequest {
        project: options.project.clone(),
        suite,
        scenario: wish.scenario.clone(),
        environment: options.env.clone(),
        overrides: options.overrides(),
        revision: options.revision_for_lab(),
        tags: options.tags.clone(),
        trigger: Trigger::Cli,
    })
}

/// Launches; the inner error is what the lab refuses. A lab that is busy, or whose answer is lost, is asked again.
async fn launch(
    server: &Url,
    client: &reqwest::Client,
    request: &LaunchRequest,
) -> anyhow::Result<Result<Launched, Problem>> {
    let address = endpoint(server, &["api", "v1", "runs"])?;
    let key = uuid::Uuid::now_v7().to_string();
    let mut left = TRIES;
    loop {
        left -= 1;
        let sent = client.post(address.clone()).header("Idempotency-Key", &key).timeout(ANSWER_WITHIN).json(request);
        match sent.send().await {
            Ok(reply) if reply.status().is_success() => {
                return Ok(Ok(reply.json().await.context("the lab's answer cannot be read")?));
            }
            Ok(reply) => {
                let problem = problem(reply).await;
                let later = matches!(problem.kind, ProblemKind::Busy | ProblemKind::TooMuch | ProblemKind::Conflict);
                if !later || left == 0 {
                    return Ok(Err(problem));
                }
            }
            // Nobody is there: a person wants to know at once.
            Err(error) if error.is_connect() || left == 0 => {
                return Err(error).with_context(|| format!("the lab at {server} does not answer"));
            }
            Err(_) => {}
        }
        tokio::time::sleep(AFTER_TROUBLE).await;
    }
}

/// Waits for the end; `None` when the time is up. A lab that restarts meanwhile is asked again.
async fn wait(
    options: &RunOptions,
    server: &Url,
    client: &reqwest::Client,
    launched: &Launched,
) -> anyhow::Result<Option<Run>> {
    let deadline = Instant::now() + options.timeout.duration();
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
            // Too many requests is the one refusal that passes by itself.
            Ok(reply)
                if reply.status().is_client_error() && reply.status() != reqwest::StatusCode::TOO_MANY_REQUESTS =>
            {
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
pub(in crate::cli) fn refused(problem: &Problem) -> u8 {
    eprintln!("{problem}");
    fields(&problem.fields);
    match problem.kind {
        ProblemKind::Unreadable | ProblemKind::Invalid | ProblemKind::NotFound | ProblemKind::TooLarge => exit::USAGE,
        ProblemKind::Denied
        | ProblemKind::Conflict
        | ProblemKind::TooMuch
        | ProblemKind::Busy
        | ProblemKind::Internal => exit::ERROR,
    }
}

fn fields(problems: &[FieldProblem]) {
    for field in problems {
        eprintln!("  {}: {}", field.field, field.message);
        if let Some(hint) = &field.hint {
            eprintln!("    {hint}");
        }
    }
}

/// The problem in a reply that is not a success.
pub(in crate::cli) async fn problem(reply: reqwest::Response) -> Problem {
    let status = reply.status();
    reply.json().await.unwrap_or_else(|_| {
        Problem::new(
            ProblemKind::Internal,
            "lab.unreadable",
            format!("The lab answered {status} without saying why"),
            Some("Look at its log".to_owned()),
        )
    })
}
