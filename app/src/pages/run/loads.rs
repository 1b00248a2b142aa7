//! The parts of a run of several loads: what each was to do and what it did.

use leptos::prelude::*;
use perflab_model::{
    display,
    load::LoadPart,
    tick::{PartPoint, Point},
    unit::Millis,
};

use crate::components::{Percent, Scroller};

/// A row for each part; nothing for a run of one load.
#[component]
pub fn Loads(
    /// The parts, as planned.
    parts: Vec<LoadPart>,
    /// The run's seconds.
    points: Vec<Point>,
) -> impl IntoView {
    let done = sums(parts.len(), &points);
    (!parts.is_empty()).then(|| {
        let rows = parts.into_iter().zip(done).map(|(part, done)| {
            let begins = match part.start_after {
                Millis::ZERO => "with the run".to_owned(),
                after => format!("after {after}"),
            };
            view! {
                <tr>
                    <td>{part.name.to_string()}</td>
                    <td>{part.load.summary()}</td>
                    <td>{begins}</td>
                    <td class="num">{display::count(done.started)}</td>
                    <td class="num">{if done.has_rate { display::count(done.dropped) } else { "–".to_owned() }}</td>
                    <td class="num">{display::count(done.finished)}</td>
                    <td class="num"><Percent part=done.failed whole=done.finished/></td>
                </tr>
            }
        });
        view! {
            <section class="section">
                <div class="section-head">
                    <h2>"Parts"</h2>
                    <p>"Loads side by side, each made by a process of its own. Counts are of the whole run, warm-up included."</p>
                </div>
                <Scroller label="Table of parts">
                    <table class="data">
                        <thead>
                            <tr>
                                <th>"Part"</th>
                                <th>"Planned"</th>
                                <th>"Begins"</th>
                                <th class="num">"Starts"</th>
                                <th class="num">"Dropped"</th>
                                <th class="num">"Requests"</th>
                                <th class="num">"Errors"</th>
                            </tr>
                        </thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </Scroller>
            </section>
        }
    })
}

/// What each part did in all.
fn sums(parts: usize, points: &[Point]) -> Vec<PartPoint> {
    let mut sums = vec![PartPoint::default(); parts];
    for point in points {
        for (sum, part) in sums.iter_mut().zip(&point.parts) {
            sum.has_rate = part.has_rate;
            sum.then(part);
        }
    }
    sums
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::charts::sample::second;

    #[test]
    fn what_each_part_did_is_added_up_over_the_run() {
        let part = |has_rate, started| PartPoint { has_rate, started, finished: 2 * started, ..PartPoint::default() };
        let points =
            [3, 5].map(|started| Point { parts: vec![part(false, started), part(true, 10)], ..second(0, 100) });
        let done: Vec<_> = sums(2, &points).iter().map(|part| (part.has_rate, part.started, part.finished)).collect();
        assert_eq!(done, [(false, 8, 16), (true, 20, 40)]);
    }
}
