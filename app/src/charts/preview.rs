//! The preview of a planned load.

use perflab_charts::{Chart, Label, stages::StagePreview};
use perflab_model::{load::Load, unit::Rps, view::LaunchPreview};

use super::run::stage_points;
use crate::components::{chosen, planned_time};

/// What the load will look like; nothing while it cannot be made out.
pub fn preview_chart(preview: &LaunchPreview) -> Option<Chart> {
    let load = preview.load.as_ref()?;
    let open = matches!(load, Load::Open { .. });
    let end = load.duration().plus(preview.graceful_stop).as_secs_f64();
    let peak = stage_points(load).into_iter().map(|(_, value)| value).fold(0.0, f64::max);
    // A cap far above the load would press it flat onto the axis; the estimate names it anyway.
    let caps = preview.cap.filter(|cap| *cap <= peak * 4.0).map(|cap| (cap, cap_label(cap, open, preview)));
    let preview = StagePreview {
        points: stage_points(load),
        unit: if open { "/s".to_owned() } else { String::new() },
        warm_up_s: preview.warmup.as_secs_f64(),
        caps: caps.into_iter().collect(),
        references: Vec::new(),
        note: None,
        end_s: Some(end),
    };
    Some(preview.chart(if open { "Planned rate" } else { "Planned users" }))
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
