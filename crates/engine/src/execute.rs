//! Carries out one job from pre-flight to its last word.
//!
//! In:  a [`Job`], orders while it runs. Out: reports, and what the last of them says.

mod cases;

use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread,
    time::{Duration, Instant},
};

use perflab_model::{
    load::{Load, RateStage},
    plan::Plan,
    runner::{Done, Ending, Job, LogLevel, LogLine, Order, Report, Started},
    unit::{Millis, Nanos, Rps},
};
use tokio::sync::watch;

use self::cases::CasesNeeds;
use crate::{
    bench::{Workshop, with_requests},
    clock::{RunClock, wall_us},
    code::ErrorCode,
    flow::{Program, Token},
    guard::Guard,
    http::{H2Pool, HttpContext, Resolver, TlsSetup},
    load::{Crew, Model, Shelf, closed, open, prefetch},
    permission::{Asking, Permission, Watching},
    preflight::{self, Ready},
    record::{Examples, Groups, Names, Recorder, Ticker, TickerPlan},
    redact::Redactor,
    settings::Settings,
    stop::{Heed, Interrupt, Stop, Watch},
    vitals::Probe,
};

/// After this much silence the worker is taken for dead.
const SILENCE: Duration = Duration::from_secs(25);

/// From `Started` to the first start, which `Started` names: time for everything to be in place.
const HEAD_START: Duration = Duration::from_millis(100);

/// After how many of its own tasks a worker of the runtime looks at starts that the pacer has handed over.
const GLOBAL_QUEUE_EVERY: u32 = 7;

/// How long the last words may wait for a reader.
const LAST_WORD: Duration = Duration::from_secs(5);

/// How long the runner of a part waits for the others. The worker gives up long before.
const FOR_THE_OTHERS: Duration = Duration::from_secs(3600);

/// Longest time to resolve the names of a plan.
const RESOLVING: Duration = Duration::from_secs(15);

/// How much longer than planned a run may take before it is given up: something of ours hangs.
const OVERTIME: Duration = Duration::from_secs(60);

/// Carries out a job. Blocks until it has ended; the same `Done` is also the last report.
///
/// The end of `orders` means that whoever gave them is gone: the run is cut off, as it is after 25 s without an order.
pub fn execute(job: Job, settings: Settings, orders: Receiver<Order>, reports: SyncSender<Report>) -> Done {
    execute_with(job, settings, None, orders, reports)
}

/// The same, with operations of benchmark cases from the caller's workshop instead of our own.
pub fn execute_with(
    job: Job,
    settings: Settings,
    workshop: Option<Arc<dyn Workshop>>,
    orders: Receiver<Order>,
    reports: SyncSender<Report>,
) -> Done {
    let (ending, mismatches) = match carry_out(job, &settings, workshop, orders, &reports) {
        Ok(end) => end,
        Err(ending) => (ending, Vec::new()),
    };
    let done = Done { at_us: wall_us(), ending, mismatches };
    say_last(&reports, Report::Done(done.clone()));
    done
}

/// Says something to a reader that may have stopped reading without going away.
fn say_last(reports: &SyncSender<Report>, mut report: Report) {
    let until = Instant::now() + LAST_WORD;
    while let Err(TrySendError::Full(unsaid)) = reports.try_send(report) {
        if Instant::now() >= until {
            return;
        }
        report = unsaid;
        thread::sleep(Duration::from_millis(5));
    }
}

type End = (Ending, Vec<String>);

fn carry_out(
    mut job: Job,
    settings: &Settings,
    workshop: Option<Arc<dyn Workshop>>,
    orders: Receiver<Order>,
    reports: &SyncSender<Report>,
) -> Result<End, Ending> {
    let is_benchmark = matches!(job.plan.load, Load::Cases(_));
    let needs_network = match with_requests(&job.plan) {
        Some(plan) => {
            job.plan = plan;
            true
        }
        None => !is_benchmark,
    };
    let ready = if needs_network {
        Some(preflight::check(&job, settings)?)
    } else {
        preflight::check_without_requests(&job, settings)?;
        None
    };
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores)
        .thread_name("load")
        // Starts come from outside the runtime. By default a busy worker looks for such work only now and then.
        .global_queue_interval(GLOBAL_QUEUE_EVERY)
        .enable_all()
        .build()
        .map_err(|error| internal(&format!("the runtime could not be started: {error}")))?;
    let stop = Arc::new(Stop::default());
    let adjustments = Arc::new(open::Adjustments::default());
    let (go, gone) = watch::channel(None);
    let listener = Listener::start(orders, Arc::clone(&stop), Arc::clone(&adjustments), go, &job.plan);
    let run = Run { plan: job.plan, stop, adjustments, gone, reports: reports.clone(), cores, asking: settings.asking };
    let end = match ready {
        Some(ready) if !is_benchmark => runtime.block_on(run.run(ready)),
        requests => runtime.block_on(run.run_cases(CasesNeeds { requests, settings: settings.clone(), workshop })),
    };
    listener.end();
    // What still hangs after the cut-off must not hold the process.
    runtime.shutdown_timeout(Duration::from_millis(500));
    end
}

fn internal(message: &str) -> Ending {
    Ending::Failed { code: "internal".to_owned(), message: message.to_owned() }
}

/// The thread that obeys orders.
struct Listener {
    over: Arc<AtomicBool>,
}

impl Listener {
    fn start(
        orders: Receiver<Order>,
        stop: Arc<Stop>,
        adjustments: Arc<open::Adjustments>,
        go: watch::Sender<Option<i64>>,
        plan: &Plan,
    ) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let adjustable = !plan.load.adjustable().is_empty();
        thread::spawn(move || {
            let mut heard = Instant::now();
            while !is_over.load(Ordering::Acquire) {
                match orders.recv_timeout(Duration::from_millis(200)) {
                    Ok(order) => {
                        heard = Instant::now();
                        match order {
                            Order::Alive => {}
                            // A run that has ended waits for nothing any more.
                            Order::Go { at_us } => drop(go.send(Some(at_us))),
                            Order::Stop => stop.end_starts(Ending::Stopped),
                            Order::Abort => stop.cut(Ending::Aborted),
                            Order::Adjust { number, by } if adjustable => adjustments.order(number, by),
                            Order::Adjust { .. } => {
                                tracing::warn!("the rate of this run is not adjustable: the order is ignored");
                            }
                        }
                    }
                    Err(RecvTimeoutError::Timeout) if heard.elapsed() < SILENCE => {}
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                        stop.cut(Ending::Orphaned);
                        return;
                    }
                }
            }
        });
        Self { over }
    }

    fn end(&self) {
        self.over.store(true, Ordering::Release);
    }
}

/// A run under way.
struct Run {
    plan: Plan,
    stop: Arc<Stop>,
    adjustments: Arc<open::Adjustments>,
    /// When all parts of the run start, once it is said.
    gone: watch::Receiver<Option<i64>>,
    reports: SyncSender<Report>,
    cores: usize,
    asking: Asking,
}

impl Run {
    async fn run(self, ready: Ready) -> Result<End, Ending> {
        let Ready { program, names, guard, tls, stray, secrets, warnings } = ready;
        for warning in warnings {
            self.log(LogLevel::Warn, warning);
        }
        if names.folded() > 0 {
            self.log(LogLevel::Warn, format!("{} names beyond the 500th are counted as `(other)`", names.folded()));
        }
        let resolver = Arc::new(Resolver::default());
        let redactor = Redactor::new(secrets);
        self.resolve(&program, &guard, &resolver, &redactor).await?;
        let (permission, _watching) =
            self.ask_permission(&program, &guard, &resolver, tls.clone(), redactor.clone()).await?;
        let examples = Arc::new(Examples::new(redactor));
        let context = |clock, recorder| {
            Arc::new(HttpContext {
                policy: self.plan.http.clone(),
                guard: guard.clone(),
                resolver: Arc::clone(&resolver),
                tls: tls.clone(),
                recorder,
                clock,
                permission: Some(Arc::clone(&permission)),
            })
        };
        let crew = |context, shelf| Crew {
            program: Arc::clone(&program),
            context,
            stop: Arc::clone(&self.stop),
            shelf: Arc::new(shelf),
            examples: Arc::clone(&examples),
            reports: self.reports.clone(),
            h2: Arc::new(H2Pool::default()),
            graceful: self.plan.graceful_stop.duration(),
            stray,
        };
        // Log-ins before the run are not part of what is measured: they get books of their own.
        let rehearsal = crew(
            context(
                RunClock::starting_at(Instant::now()),
                Arc::new(Recorder::new(names.clone(), program.groups.clone())),
            ),
            Shelf::new(Vec::new(), self.reports.clone()),
        );
        let shelf = self.log_in_before(rehearsal).await;
        if self.stop.starts_over() {
            return Ok((self.stop.ending(), Vec::new()));
        }
        let (pinned, here) = (resolver.pinned(), on_this_host(&resolver.pinned()));
        let Some((begin, at_us)) = self.begin().await else { return Ok((self.stop.ending(), Vec::new())) };
        let clock = RunClock::starting_at(begin);
        self.say(Report::Started(Started {
            at_us,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            host: host_name(),
            cores: u32::try_from(self.cores).unwrap_or(u32::MAX),
            addresses: pinned.iter().map(ToString::to_string).collect(),
            shared_host: !here.is_empty(),
        }));
        let recorder = Arc::new(Recorder::new(names, program.groups.clone()));
        let ticker = self.start_ticker(clock, &recorder, here)?;
        let crew = Arc::new(crew(context(clock, Arc::clone(&recorder)), Shelf::new(shelf, self.reports.clone())));
        let mismatches = self.drive(crew, &ticker, &recorder).await;
        ticker.finish();
        for example in examples.last() {
            say_last(&self.reports, example);
        }
        if let Some(message) = recorder.opening.told() {
            say_last(&self.reports, Report::Log(LogLine { at_us: wall_us(), level: LogLevel::Info, message }));
        }
        Ok(match mismatches {
            Ok(goose) => {
                let disagree = goose.map(|goose| closed::mismatches(&recorder.totals(), &goose)).unwrap_or_default();
                (self.stop.ending(), disagree)
            }
            Err(ending) => (ending, Vec::new()),
        })
    }

    /// When the run starts, by our clock and by the wall's: soon, or, where there are other parts, when all of them do.
    /// Nothing where the run ends before.
    async fn begin(&self) -> Option<(Instant, i64)> {
        let head_start_us = i64::try_from(HEAD_START.as_micros()).unwrap_or(i64::MAX);
        if self.plan.load.parts().is_empty() {
            return Some((Instant::now() + HEAD_START, wall_us() + head_start_us));
        }
        self.say(Report::Ready);
        let mut watch = Watch::new(Arc::clone(&self.stop));
        let never = Instant::now() + FOR_THE_OTHERS;
        let mut gone = self.gone.clone();
        let said = Box::pin(gone.wait_for(Option::is_some));
        let at_us = watch.until(never, Heed::Starts, said).await.ok().and_then(Result::ok).and_then(|said| *said)?;
        let left = Duration::from_micros(u64::try_from(at_us - wall_us()).unwrap_or(0));
        Some((Instant::now() + left, at_us))
    }

    /// Resolves every place that the plan names, so that a name which leads astray is found before the first request.
    async fn resolve(
        &self,
        program: &Program,
        guard: &Guard,
        resolver: &Resolver,
        redactor: &Redactor,
    ) -> Result<(), Ending> {
        let mut watch = Watch::new(Arc::clone(&self.stop));
        let until = Instant::now() + RESOLVING;
        for origin in program.origins() {
            let asking = Box::pin(resolver.addresses(guard, origin));
            let resolved = watch.until(until, Heed::Starts, asking).await;
            let (code, message) = match resolved {
                Ok(Ok(_)) => continue,
                Ok(Err(failure)) if failure.code == ErrorCode::RedirectBlocked => ("target.denied", failure.message),
                Ok(Err(failure)) => ("dns", failure.message),
                Err(Interrupt::Stopped) => return Err(self.stop.ending()),
                Err(Interrupt::Deadline) => {
                    ("dns", format!("`{}` was not resolved within {} s", origin.host, RESOLVING.as_secs()))
                }
            };
            // What a name is told for may be a secret.
            return Err(Ending::Failed { code: code.to_owned(), message: redactor.redact(&message) });
        }
        Ok(())
    }

    /// Asks the targets that are not this machine whether they agree to load.
    async fn ask_permission(
        &self,
        program: &Program,
        guard: &Guard,
        resolver: &Arc<Resolver>,
        tls: Option<TlsSetup>,
        redactor: Redactor,
    ) -> Result<(Arc<Permission>, Watching), Ending> {
        let context = HttpContext {
            policy: self.plan.http.clone(),
            guard: guard.clone(),
            resolver: Arc::clone(resolver),
            tls,
            recorder: Arc::new(Recorder::new(Names::default(), Groups::default())),
            clock: RunClock::starting_at(Instant::now()),
            permission: None,
        };
        let (base, headers) = (&program.base.origin, &program.common_headers);
        let stop = Arc::clone(&self.stop);
        let permission = Arc::new(Permission::new(&self.plan, base, headers, context, stop, redactor, self.asking));
        let watching = permission.watch();
        for sentence in permission.before_the_run(&program.origins()).await? {
            self.log(LogLevel::Info, sentence);
        }
        Ok((permission, watching))
    }

    async fn log_in_before(&self, crew: Crew) -> Vec<Vec<Option<Token>>> {
        let model = if self.plan.load.has_rate() { Model::Open } else { Model::Closed };
        let begun = Instant::now();
        let made = prefetch(&Arc::new(crew), model).await;
        let count: usize = made.tokens.iter().flatten().flatten().count();
        if count > 0 || made.failed > 0 {
            let level = if made.failed > 0 { LogLevel::Warn } else { LogLevel::Info };
            let took = begun.elapsed().as_secs_f64();
            self.log(level, format!("{count} log-ins before the run took {took:.1} s, {} failed", made.failed));
        }
        made.tokens
    }

    fn start_ticker(&self, clock: RunClock, recorder: &Arc<Recorder>, here: Vec<u16>) -> Result<Ticker, Ending> {
        let cores = u32::try_from(self.cores).unwrap_or(u32::MAX);
        let plan = TickerPlan {
            load: self.plan.load.clone(),
            warmup: Nanos::from(self.plan.warmup_time().duration()),
            stop: Arc::clone(&self.stop),
        };
        Ticker::start(plan, clock, Arc::clone(recorder), Probe::new(cores, here), self.reports.clone())
            .map_err(|error| internal(&format!("the ticker could not be started: {error}")))
    }

    /// Does the plan; goose's totals come back from closed runs.
    async fn drive(
        &self,
        crew: Arc<Crew>,
        ticker: &Ticker,
        recorder: &Recorder,
    ) -> Result<Option<closed::GooseTotals>, Ending> {
        let whole = self.plan.load.duration().duration();
        let most = whole + self.plan.graceful_stop.duration() + OVERTIME;
        let (after, load) = self.plan.load.pieces().first().copied().unwrap_or((Millis::ZERO, &self.plan.load));
        let begin = crew.context.clock.instant(Nanos::from(after.duration()));
        let driving = async {
            match load {
                // Refused before the run, or carried out by the harness.
                Load::Combined { .. } | Load::Cases(_) => Ok(None),
                Load::Open { stages, limits } => {
                    // Until its part begins the rate is nothing.
                    let wait = RateStage { from: Rps::ZERO, to: Rps::ZERO, over: after };
                    let plan = open::OpenPlan {
                        stages: std::iter::once(wait).filter(|_| after > Millis::ZERO).chain(stages.clone()).collect(),
                        limits: *limits,
                        begin: Nanos::from(after.duration()),
                        end: Nanos::from(whole),
                        cap: self.plan.environment.caps.rate.get(),
                    };
                    open::drive(plan, crew, Arc::clone(&self.adjustments), ticker).await;
                    Ok(None)
                }
                Load::Closed { stages, iterations } => {
                    let mut watch = Watch::new(Arc::clone(&self.stop));
                    if !watch.sleep_until(begin, Heed::Starts).await {
                        ticker.starts_ended(crew.context.clock.now());
                        return Ok(None);
                    }
                    let end = load.duration().duration();
                    let peak = load.peak_users().unwrap_or(0);
                    let plan = closed::ClosedPlan { stages: stages.clone(), iterations: *iterations, end, peak };
                    closed::drive(plan, crew, ticker).await.map_err(|error| {
                        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                        Ending::Failed {
                            code: "engine.goose".to_owned(),
                            message: format!("{error}{}", cause.unwrap_or_default()),
                        }
                    })
                }
            }
        };
        let driven = tokio::time::timeout(most, driving).await;
        // Before the last ticks, so that they show nobody at work any more.
        recorder.settle();
        driven.unwrap_or_else(|_| {
            self.stop.cut_off();
            let message = "the run did not end in time although everything was cut off: a fault of the generator";
            Err(Ending::Failed { code: "engine.hung".to_owned(), message: message.to_owned() })
        })
    }

    fn log(&self, level: LogLevel, message: String) {
        self.say(Report::Log(LogLine { at_us: wall_us(), level, message }));
    }

    fn say(&self, report: Report) {
        // A reader that is gone has ended the run by its other pipe already.
        let _ = self.reports.send(report);
    }
}

/// Ports of those addresses that belong to this machine: only its own addresses can be bound.
fn on_this_host(addresses: &[SocketAddr]) -> Vec<u16> {
    let is_own = |address: &SocketAddr| address.ip().is_loopback() || TcpListener::bind((address.ip(), 0)).is_ok();
    addresses.iter().filter(|address| is_own(address)).map(SocketAddr::port).collect()
}

fn host_name() -> String {
    sysinfo::System::host_name().unwrap_or_else(|_| "unknown".to_owned())
}
