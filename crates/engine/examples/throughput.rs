//! Temporary.
#[path = "../tests/support/mod.rs"]
#[allow(dead_code, reason = "shared")]
mod support;
use perflab_model::runner::*;
use std::sync::mpsc::{channel, sync_channel};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "target" {
        let config =
            perflab_mita::Config { listen: ([127, 0, 0, 1], 8123).into(), load_users: 0, ..Default::default() };
        let _t = perflab_mita::BackgroundTarget::start(config, 2).unwrap();
        std::thread::sleep(std::time::Duration::from_secs(3600));
        return;
    }
    let n: f64 = args[2].parse().unwrap();
    let secs: u64 = args[3].parse().unwrap();
    let load = if args[1] == "open" {
        support::constant_rate(n, secs, args[4].parse().unwrap())
    } else {
        support::users(n as u32, secs)
    };
    let plan = support::plan(&args[5], load, vec![support::request(support::get("probe", &args[6]))]);
    let (_orders, obeyed) = sync_channel(1);
    let (reports, told) = sync_channel(100);
    let t = std::thread::spawn(move || {
        let mut all = vec![];
        for r in told {
            if let Report::Tick(t) = r {
                println!(
                    "{} planned {} started {} late {} dropped {} finished {} conns {} lat {:?} lag {:?} cpu {:?} other {:?} err {:?}",
                    t.point.second,
                    t.point.planned,
                    t.point.started,
                    t.point.late,
                    t.point.dropped,
                    t.point.finished,
                    t.point.connections,
                    t.point.latency,
                    t.point.lag_p99_us,
                    t.point.generator.cpu,
                    t.point.generator.other,
                    t.point.errors
                );
                all.push(t);
            } else {
                println!("{r:?}")
            }
        }
    });
    perflab_engine::execute(Job { plan, feeds: Default::default() }, Default::default(), obeyed, reports);
    t.join().unwrap();
    let _ = channel::<()>();
}
