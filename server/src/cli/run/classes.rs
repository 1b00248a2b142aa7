//! Who did what, as a table for a terminal: classes of users with their flows beneath.

use comfy_table::{Cell, CellAlignment, Table, presets};
use perflab_model::{
    breakdown::{ClassSummary, PartSums},
    display,
};

/// The table; nothing where everybody did the same, which the table of endpoints says already.
pub(super) fn classes(classes: &[ClassSummary]) -> Option<Table> {
    let is_mix = classes.len() > 1 || classes.iter().any(|class| class.parts.len() > 1);
    if !is_mix {
        return None;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "Class and flow",
        "Share, %",
        "Wanted, %",
        "Iterations",
        "Failed",
        "Requests",
        "Failed",
        "p50, ms",
        "p95, ms",
        "p99, ms",
        "Iteration p50",
    ]);
    for class in classes {
        table.add_row(row(class.name.clone(), class.share, class.share_wanted, &class.sums));
        for part in &class.parts {
            table.add_row(row(format!("  {}", part.part), part.share, part.share_wanted, &part.sums));
        }
    }
    Some(table)
}

fn row(name: String, share: Option<f64>, wanted: Option<f64>, sums: &PartSums) -> Vec<Cell> {
    let percent = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| display::number(share * 100.0));
    let few = |value: Option<f64>| value.map_or_else(|| "too few".to_owned(), display::number);
    // What is done once, and log-ins, are no iterations.
    let iterates = sums.counts.iterations_started > 0 || wanted.is_some();
    let of_iterations = |text: String| if iterates { text } else { "–".to_owned() };
    let duration = sums.duration.p50.map_or_else(|| "too few".to_owned(), |ms| display::seconds(ms / 1000.0));
    let cells = [
        percent(share),
        percent(wanted),
        of_iterations(display::count(sums.counts.iterations)),
        of_iterations(display::count(sums.counts.iterations_failed)),
        display::count(sums.counts.finished),
        display::count(sums.counts.failed),
        few(sums.latency.p50),
        few(sums.latency.p95),
        few(sums.latency.p99),
        of_iterations(duration),
    ];
    let cells = cells.map(|text| Cell::new(text).set_alignment(CellAlignment::Right));
    std::iter::once(Cell::new(name)).chain(cells).collect()
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        breakdown::{Part, PartCounts, PartSummary, ShareOf},
        summary::Distribution,
    };

    use super::*;

    fn sums(iterations: u64, p50: Option<f64>) -> PartSums {
        let times = Distribution {
            kind: None,
            unit: "ms".to_owned(),
            samples: iterations,
            mean: None,
            min: None,
            p50,
            p90: None,
            p95: None,
            p99: None,
            p999: None,
            max: None,
        };
        let counts = PartCounts {
            iterations_started: iterations,
            iterations,
            finished: 2 * iterations,
            ..PartCounts::default()
        };
        PartSums { counts, latency: times.clone(), duration: times }
    }

    fn class(parts: Vec<PartSummary>) -> ClassSummary {
        ClassSummary {
            name: "reader".to_owned(),
            weight: 1,
            share_of: ShareOf::Users,
            share_wanted: Some(1.0),
            share: Some(1.0),
            sums: sums(60, Some(12.3)),
            parts,
        }
    }

    #[test]
    fn flows_stand_beneath_their_class_and_one_flow_alone_is_not_told_twice() {
        let part = |name: &str, iterations: u64, wanted: f64| PartSummary {
            part: Part::Flow(name.to_owned()),
            weight: Some(1),
            share_wanted: Some(wanted),
            share: Some(iterations as f64 / 60.0),
            sums: sums(iterations, (iterations > 20).then_some(1_500.0)),
        };
        assert!(classes(&[class(vec![part("look", 60, 1.0)])]).is_none());
        let table = classes(&[class(vec![part("look", 45, 0.75), part("search", 15, 0.25)])]).expect("two flows");
        let rows: Vec<Vec<String>> = table
            .to_string()
            .lines()
            .map(|line| {
                line.split("  ").filter(|cell| !cell.trim().is_empty()).map(|cell| cell.trim().to_owned()).collect()
            })
            .collect();
        assert_eq!(rows[1][..4], ["reader", "100", "100", "60"]);
        assert_eq!(rows[2][..4], ["look", "75.0", "75.0", "45"]);
        assert_eq!(rows[3][..4], ["search", "25.0", "25.0", "15"]);
        assert_eq!(rows[3].last().map(String::as_str), Some("too few"));
    }
}
