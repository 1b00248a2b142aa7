//! A run of a benchmark suite: what its requests need is made ready as for a load, then its cases are carried out.
//!
//! In:  a run whose load is cases. Out: its end; reports meanwhile.
//!
//! The cases are carried out on a thread of their own: operations block. Should one of them hang, the run ends all the same.

use std::{
    net::SocketAddr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use perflab_model::{
    load::Load,
    runner::{Ending, Report, Started},
};
use tokio::sync::oneshot;

use super::{End, OVERTIME, Run, host_name, internal, on_this_host};
use crate::{
    bench::{Board, OwnWorkshop, Session, Site, Teller, Workshop},
    clock::RunClock,
    http::{H2Pool, HttpContext, Resolver},
    load::{Crew, Shelf},
    permission::Watching,
    preflight::Ready,
    record::{Examples, Recorder},
    redact::Redactor,
    settings::Settings,
    stop::{Heed, Interrupt, Watch},
    vitals::Probe,
};

/// How long after the cut-off an operation may still take before it is left alone.
const AFTER_CUT: Duration = Duration::from_millis(1500);

/// How often it is forgotten what single requests are noted as.
const FORGETTING: Duration = Duration::from_secs(1);

/// What a run of cases needs besides its plan.
pub(super) struct CasesNeeds {
    /// Of the requests among its operations; nothing where there are none.
    pub(super) requests: Option<Ready>,
    pub(super) settings: Settings,
    /// Instead of our own.
    pub(super) workshop: Option<Arc<dyn Workshop>>,
}

/// What sends requests.
struct Net {
    crew: Arc<Crew>,
    addresses: Vec<SocketAddr>,
    _watching: Watching,
}

impl Run {
    /// Carries out the cases of the plan.
    pub(super) async fn run_cases(self, needs: CasesNeeds) -> Result<End, Ending> {
        let CasesNeeds { requests, settings, workshop } = needs;
        let redactor = Redactor::new(self.plan.secrets().iter().filter_map(|name| settings.secret(name)));
        let net = match requests {
            Some(ready) => Some(self.make_net(ready, &redactor).await?),
            None => None,
        };
        if self.stop.starts_over() {
            return Ok((self.stop.ending(), Vec::new()));
        }
        let addresses = net.as_ref().map_or(Vec::new(), |net| net.addresses.clone());
        let here = on_this_host(&addresses);
        let Some((begin, at_us)) = self.begin().await else { return Ok((self.stop.ending(), Vec::new())) };
        let cores = u32::try_from(self.cores).unwrap_or(u32::MAX);
        self.say(Report::Started(Started {
            at_us,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            host: host_name(),
            cores,
            addresses: addresses.iter().map(ToString::to_string).collect(),
            shared_host: !here.is_empty(),
        }));
        if let (Load::Cases(cases), None) = (&self.plan.load, &workshop) {
            for note in crate::bench::operation::notes(cases, &settings) {
                self.log(perflab_model::runner::LogLevel::Info, note);
            }
        }
        tokio::time::sleep_until(begin.into()).await;
        let board = Arc::new(Board::default());
        let probe = Probe::new(cores, here.clone());
        let teller = Teller::start(Arc::clone(&board), begin, probe, Arc::clone(&self.stop), self.reports.clone())
            .map_err(|error| internal(&format!("the teller could not be started: {error}")))?;
        let workshop = workshop.unwrap_or_else(|| {
            Arc::new(OwnWorkshop::new(Site {
                plan: Arc::new(self.plan.clone()),
                settings,
                redactor: redactor.clone(),
                stop: Arc::clone(&self.stop),
                crew: net.as_ref().map(|net| Arc::clone(&net.crew)),
            }))
        });
        let ended = self.carry_out_cases(workshop, &board, redactor, here).await;
        teller.finish();
        ended.map(|()| (self.stop.ending(), Vec::new()))
    }

    async fn carry_out_cases(
        &self,
        workshop: Arc<dyn Workshop>,
        board: &Arc<Board>,
        redactor: Redactor,
        here: Vec<u16>,
    ) -> Result<(), Ending> {
        let Load::Cases(cases) = self.plan.load.clone() else { return Ok(()) };
        let (stop, board, reports) = (Arc::clone(&self.stop), Arc::clone(board), self.reports.clone());
        let (seed, cores) = (self.plan.seed, u32::try_from(self.cores).unwrap_or(u32::MAX));
        let (over, mut is_over) = oneshot::channel();
        let work = move || {
            let (workshop, stop, board) = (workshop.as_ref(), stop.as_ref(), board.as_ref());
            Session { workshop, stop, board, reports, redactor, seed, cores, here, clock_ns: 0.0, until: None }
                .carry_out(&cases);
            // Nobody waits any more when it took too long.
            let _ = over.send(());
        };
        thread::Builder::new()
            .name("cases".to_owned())
            .spawn(work)
            .map_err(|error| internal(&format!("the thread of the cases could not be started: {error}")))?;
        let broken = |_| internal("the thread of the cases broke down: see the log of the runner");
        let most = Instant::now() + self.plan.load.duration().duration() + OVERTIME;
        match Watch::new(Arc::clone(&self.stop)).until(most, Heed::Starts, &mut is_over).await {
            Ok(done) => return done.map_err(broken),
            Err(Interrupt::Stopped) => {
                let patience = if self.stop.is_cut() { Duration::ZERO } else { self.plan.graceful_stop.duration() };
                if let Ok(done) = tokio::time::timeout(patience, &mut is_over).await {
                    return done.map_err(broken);
                }
            }
            Err(Interrupt::Deadline) => {}
        }
        self.stop.cut_off();
        match tokio::time::timeout(AFTER_CUT, is_over).await {
            Ok(done) => done.map_err(broken),
            // It is left alone: the process is about to end.
            Err(_) if self.stop.ending() != Ending::Completed => Ok(()),
            Err(_) => Err(Ending::Failed {
                code: "engine.hung".to_owned(),
                message: "an operation did not end in time although everything was cut off".to_owned(),
            }),
        }
    }

    /// Has the places of the requests resolved and asked whether they agree, as those of a load.
    async fn make_net(&self, ready: Ready, redactor: &Redactor) -> Result<Net, Ending> {
        let Ready { program, names, guard, tls, stray, secrets: _, warnings } = ready;
        for warning in warnings {
            self.log(perflab_model::runner::LogLevel::Warn, warning);
        }
        let resolver = Arc::new(Resolver::default());
        self.resolve(&program, &guard, &resolver, redactor).await?;
        let (permission, watching) =
            self.ask_permission(&program, &guard, &resolver, tls.clone(), redactor.clone()).await?;
        let context = Arc::new(HttpContext {
            policy: self.plan.http.clone(),
            guard,
            resolver: Arc::clone(&resolver),
            tls,
            recorder: Arc::new(Recorder::new(names, program.groups.clone())),
            clock: RunClock::starting_at(Instant::now()),
            permission: Some(permission),
        });
        // Nobody folds what requests are noted as here: it would grow, and show as growth of the operations.
        let noted = Arc::clone(&context);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(FORGETTING).await;
                noted.recorder.forget();
            }
        });
        let crew = Arc::new(Crew {
            program,
            context,
            stop: Arc::clone(&self.stop),
            shelf: Arc::new(Shelf::new(Vec::new(), self.reports.clone())),
            examples: Arc::new(Examples::new(redactor.clone())),
            reports: self.reports.clone(),
            h2: Arc::new(H2Pool::default()),
            graceful: self.plan.graceful_stop.duration(),
            stray,
        });
        Ok(Net { crew, addresses: resolver.pinned(), _watching: watching })
    }
}
