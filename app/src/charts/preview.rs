//! The preview of a planned load.

use perflab_charts::{Chart, Label, Series, stages::StagePreview};
use perflab_model::{load::Load, unit::Rps, view::LaunchPreview};

use super::stops::{Stop, preview_stops};
use crate::components::{chosen, planned_time};

/// A drawing of a planned load: of its rate, or of its users.
pub struct Preview {
    /// The drawing.
    pub chart: Chart,
    /// Where its cursor stops.
    pub stops: Vec<Stop>,
}

/// What the load will look like, rate and users apart; nothing while it cannot be made out.
pub fn previews(preview: &LaunchPreview) -> Vec<Preview> {
    let Some(load) = &preview.load else { return Vec::new() };
    let rate = load.has_rate().then(|| drawing(preview, load, load.rate_line(), true));
    let users = load.has_users().then(|| drawing(preview, load, load.users_line(), false));
    rate.into_iter().chain(users).collect()
}

fn drawing(preview: &LaunchPreview, load: &Load, points: Vec<(f64, f64)>, of_rate: bool) -> Preview {
    let end = load.duration().plus(preview.graceful_stop).as_secs_f64();
    let peak = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    // The cap is of the rate, where there is one. A cap far above the load would press it flat onto the axis; the estimate
    // names it anyway.
    let cap = preview.cap.filter(|cap| load.has_rate() == of_rate && *cap <= peak * 4.0);
    let caps = cap.map(|cap| (cap, cap_label(cap, of_rate, preview)));
    let unit = if of_rate { "/s" } else { "" };
    let stops = preview_stops(preview, &points, unit);
    let parts: Vec<_> = load.parts().iter().filter(|part| part.load.has_rate() == of_rate).collect();
    let plan = StagePreview {
        points,
        unit: unit.to_owned(),
        warm_up_s: preview.warmup.as_secs_f64(),
        caps: caps.into_iter().collect(),
        references: Vec::new(),
        note: None,
        end_s: Some(end),
    };
    let mut chart = plan.chart(if of_rate { "Planned rate" } else { "Planned users" });
    // Below their sum, each by its name.
    if parts.len() > 1 {
        for part in parts {
            let after = part.start_after.as_secs_f64();
            let corners: Vec<_> =
                part.load.corners().into_iter().map(|(at, value)| (after + at, Some(value))).collect();
            chart = chart.series(Series::line(part.name.as_str(), corners).thin().label(part.name.to_string()));
        }
    }
    Preview { chart, stops }
}

fn cap_label(cap: f64, open: bool, preview: &LaunchPreview) -> Label {
    let place = preview.request.environment.as_ref().map_or("the environment", |name| name.as_str());
    let shown = if open { Rps::new(cap).unwrap_or(Rps::ZERO).to_string() } else { chosen(cap) };
    Label::with_short(format!("cap of {place}, {shown}"), format!("cap {shown}"))
}

/// `1m warm-up, then up to 30s for replies in flight.`
pub fn preview_finding(preview: &LaunchPreview) -> String {
    let Some(load) = &preview.load else {
        return "There is nothing to show until the fields above are right.".to_owned();
    };
    let mut parts = vec![load.summary()];
    if preview.warmup.get() > 0 {
        parts.push(format!("the first {} are warm-up", planned_time(preview.warmup)));
    }
    if preview.graceful_stop.get() > 0 {
        parts.push(format!("then up to {} for replies in flight", preview.graceful_stop));
    }
    format!("{}.", parts.join(", "))
}
