//! A search on a lab over its API, and the wait for its answer.

use std::time::Duration;

use anyhow::{Context as _, bail};
use perflab_model::{
    capacity::{CapacityRequest, CapacitySearch, CapacityUnit, SearchStarted, SearchState},
    run::RunState,
    view::LaunchOptions,
};
use tokio::time::Instant;
use url::Url;

use super::{CapacityArgs, exit, report};
use crate::cli::run::{ANSWER_WITHIN, client, endpoint, problem, refused};

/// How often the lab is asked how the search stands.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a lab that does not answer is asked again before the wait is given up.
const GIVE_UP_AFTER: u32 = 60;

pub(super) async fn search(args: &CapacityArgs, server: &Url) -> anyhow::Result<u8> {
    let suite = match args.suite.parse() {
        Ok(suite) => suite,
        Err(error) => {
            eprintln!("`{}` is no suite's name: {error}", args.suite);
            return Ok(exit::USAGE);
        }
    };
    let client = client()?;
    let unit = unit(args, server, &client).await?;
    let request = args.request(suite, unit);
    let started = match start(server, &client, &request).await? {
        Ok(started) => started,
        Err(code) => return Ok(code),
    };
    let page = endpoint(server, &["capacity", &started.id.to_string()])?;
    println!("capacity search: {page}");
    let Some(search) = wait(args, server, &client, &started).await? else {
        eprintln!("the search has not ended within {}; it goes on: {page}", args.options.timeout());
        return Ok(exit::WAITED);
    };
    print!("{}", report::of_lab(&search));
    let state = if search.row.state == SearchState::Failed { RunState::Failed } else { RunState::Finished };
    Ok(args.options.exit_code(state, search.gate))
}

/// What the levels of the scenario count. What the lab does not know it will say itself.
async fn unit(args: &CapacityArgs, server: &Url, client: &reqwest::Client) -> anyhow::Result<CapacityUnit> {
    let address = endpoint(server, &["api", "v1", "launch", "options"])?;
    let sent = client.get(address).timeout(ANSWER_WITHIN).send().await;
    let reply = sent.with_context(|| format!("the lab at {server} does not answer"))?;
    if !reply.status().is_success() {
        bail!("{}", problem(reply).await);
    }
    let options: LaunchOptions = reply.json().await.context("the lab's answer cannot be read")?;
    let suite = options.suites.iter().find(|suite| suite.name.as_str() == args.suite);
    let scenario = suite.and_then(|suite| suite.scenarios.iter().find(|known| known.name == args.scenario));
    Ok(if scenario.is_some_and(|scenario| scenario.open) { CapacityUnit::Rate } else { CapacityUnit::Users })
}

async fn start(
    server: &Url,
    client: &reqwest::Client,
    request: &CapacityRequest,
) -> anyhow::Result<Result<SearchStarted, u8>> {
    let address = endpoint(server, &["api", "v1", "capacity-searches"])?;
    let key = uuid::Uuid::now_v7().to_string();
    let sent = client.post(address).header("Idempotency-Key", key).timeout(ANSWER_WITHIN).json(request).send().await;
    let reply = sent.with_context(|| format!("the lab at {server} does not answer"))?;
    if reply.status().is_success() {
        return Ok(Ok(reply.json().await.context("the lab's answer cannot be read")?));
    }
    Ok(Err(refused(&problem(reply).await)))
}

/// Waits for the end and says each level as it comes; `None` when the time is up.
async fn wait(
    args: &CapacityArgs,
    server: &Url,
    client: &reqwest::Client,
    started: &SearchStarted,
) -> anyhow::Result<Option<CapacitySearch>> {
    let address = endpoint(server, &["api", "v1", "capacity-searches", &started.id.to_string()])?;
    let deadline = Instant::now() + args.options.timeout().duration();
    let (mut said, mut unheard) = (String::new(), 0);
    loop {
        match client.get(address.clone()).timeout(ANSWER_WITHIN).send().await {
            Ok(reply) if reply.status().is_success() => {
                let search: CapacitySearch = reply.json().await.context("the lab's answer cannot be read")?;
                unheard = 0;
                if search.row.state != SearchState::Running {
                    return Ok(Some(search));
                }
                if search.sentence != said {
                    eprintln!("{}", search.sentence);
                    said = search.sentence;
                }
            }
            Ok(reply)
                if reply.status().is_client_error() && reply.status() != reqwest::StatusCode::TOO_MANY_REQUESTS =>
            {
                bail!("{}", problem(reply).await);
            }
            // A lab that restarts meanwhile goes on with the search.
            Ok(_) | Err(_) if unheard < GIVE_UP_AFTER => unheard += 1,
            Ok(reply) => bail!("{}", problem(reply).await),
            Err(error) => return Err(error).with_context(|| format!("the lab at {server} does not answer")),
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
