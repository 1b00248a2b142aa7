//! The parts of a run of several loads: what each was to do and what it did.

use leptos::prelude::*;
use perflab_model::{
    display,
    load::LoadPart,
    tick::{PartPoint, Point},
    unit::Millis,
};

use crate::components::{Percent, Scroller, chosen};

/// A row for each part; nothing for a run of one load.
#[component]
pub fn Loads(
    /// The parts, as planned.
    parts: Vec<LoadPart>,
    /// What each has done.
    done: Vec<PartPoint>,
    /// Whether that is only so far.
    #[prop(optional)]
    so_far: bool,
) -> impl IntoView {
    let told = if so_far {
        "Loads side by side, each made by a process of its own. Counts are of the run so far, warm-up included."
    } else {
        "Loads side by side, each made by a process of its own. Counts are of the whole run, warm-up included."
    };
    (!parts.is_empty()).then(move || {
        // Before the first second nothing has been done.
        let done = done.into_iter().chain(std::iter::repeat(PartPoint::default()));
        let rows = parts.into_iter().zip(done).map(move |(part, done)| {
            let begins = match part.start_after {
                Millis::ZERO => "with the run".to_owned(),
                after => format!("after {after}"),
            };
            view! {
                <tr>
                    <td>{part.name.to_string()}</td>
                    <td>{part.load.summary()}</td>
                    <td>{begins}</td>
                    {so_far.then(|| view! { <td class="num">{now(&done)}</td> })}
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
                    <p>{told}</p>
                </div>
                <Scroller label="Table of parts">
                    <table class="data">
                        <thead>
                            <tr>
                                <th>"Part"</th>
                                <th>"Planned"</th>
                                <th>"Begins"</th>
                                {so_far.then(|| view! { <th class="num">"Now"</th> })}
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

/// What it makes now: `10/s` or `3 users`.
fn now(done: &PartPoint) -> String {
    if done.has_rate { format!("{}/s", chosen(done.target)) } else { told_users(done.users) }
}

fn told_users(users: u32) -> String {
    if users == 1 { "1 user".to_owned() } else { format!("{} users", display::count(users.into())) }
}

/// What each part did in all.
pub fn sums(parts: usize, points: &[Point]) -> Vec<PartPoint> {
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
