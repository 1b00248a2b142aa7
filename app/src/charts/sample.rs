//! Runs for the tests of charts.

use perflab_model::{
    environment::{Caps, Environment},
    launch::Overrides,
    load::{Arrivals, Load, LoadPart, OnSaturated, OpenLimits, RateStage, UserStage, Warmup},
    plan::{HttpPolicy, Plan, Rule},
    tick::{Phase, Point, Quantiles, Vitals},
    unit::{Millis, Rps},
};

/// A run that starts 100 iterations a second for so many seconds.
pub(crate) fn open(seconds: u64) -> Plan {
    let rate = Rps::new(100.0).expect("a rate");
    let limits = OpenLimits {
        max_in_flight: 50,
        on_saturated: OnSaturated::Drop,
        max_late: Millis::ZERO,
        arrivals: Arrivals::Even,
        adjustable: false,
    };
    plan(Load::Open { stages: vec![RateStage { from: rate, to: rate, over: Millis::from_secs(seconds) }], limits })
}

/// A run of 10 users, reached after 5 seconds.
pub(crate) fn closed(seconds: u64) -> Plan {
    let rise = UserStage { from: 0, to: 10, over: Millis::from_secs(5) };
    plan(Load::Closed {
        stages: vec![rise, UserStage { from: 10, to: 10, over: Millis::from_secs(seconds - 5) }],
        iterations: None,
    })
}

/// Both of them side by side, the rate from the fifth second on.
pub(crate) fn both(seconds: u64) -> Plan {
    let part = |name: &str, after: u64, load: Load| LoadPart {
        name: name.parse().expect("a name"),
        start_after: Millis::from_secs(after),
        load,
    };
    plan(Load::Combined {
        parts: vec![part("browse", 0, closed(seconds).load), part("buy", 5, open(seconds - 5).load)],
    })
}

fn plan(load: Load) -> Plan {
    Plan {
        run: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"),
        project: None,
        whole: None,
        suite: "mita".parse().expect("a name"),
        suite_version: "9f31c2e0aa".to_owned(),
        scenario: "smoke".parse().expect("a name"),
        seed: 1,
        environment: Environment {
            name: "local".parse().expect("a name"),
            base_url: "http://127.0.0.1:8000".parse().expect("a URL"),
            allow: Vec::new(),
            caps: Caps::default(),
            variables: Default::default(),
            labels: Vec::new(),
            vouched: None,
            unverified_tls: None,
            history: perflab_model::environment::History::default(),
        },
        load,
        warmup: Warmup::None,
        graceful_stop: Millis::from_secs(30),
        find_limit: false,
        http: HttpPolicy::default(),
        classes: Vec::new(),
        flows: Vec::new(),
        auth: Vec::new(),
        feeds: Vec::new(),
        overrides: Overrides::default(),
        parameters: Default::default(),
        rules: Vec::new(),
    }
}

/// With a rule in place of its own.
pub(super) fn judged(plan: Plan, rule: &str) -> Plan {
    let threshold = rule.parse().expect("a rule");
    Plan { rules: vec![Rule { threshold, source: "suite mita".to_owned() }], ..plan }
}

/// A second in which so many requests were answered.
pub(crate) fn second(second: u32, answered: u64) -> Point {
    Point {
        second,
        seconds: 1,
        at_us: i64::from(second) * 1_000_000,
        phase: Phase::Measured,
        target: 100.0,
        planned: 100,
        started: 100,
        late: 0,
        late_own: 0,
        dropped: 0,
        finished: answered,
        failed: 0,
        aborted: 0,
        iterations: answered,
        iterations_aborted: 0,
        in_flight: 3,
        users: 10,
        bytes_sent: 0,
        bytes_received: 0,
        connections: 0,
        handshakes: 0,
        latency: answering(answered),
        recent: answering(answered),
        lag_p99_us: Some(600),
        errors: Default::default(),
        generator: Vitals { cpu: Some(0.2), memory_bytes: Some(61_000_000), ..Vitals::default() },
        parts: Vec::new(),
    }
}

/// Quantiles of so many answers.
fn answering(answered: u64) -> Option<Quantiles> {
    (answered > 0).then_some(Quantiles {
        samples: answered,
        mean_us: 40_000,
        p50_us: 35_000,
        p90_us: 80_000,
        p95_us: 110_000,
        p99_us: 160_000,
        max_us: 170_000,
    })
}
