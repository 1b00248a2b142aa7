//! Bullets: one value against its limit in a ledger's line.

use crate::{
    color::Color,
    draw::canvas::{Canvas, Pen},
};

const WIDTH: u32 = 112;
const HEIGHT: u32 = 16;

/// A bullet ends at this many times its limit, so that all limits of a ledger stand under each other.
const END: f64 = 1.5;

/// Room for half the mark of a value at the end.
const ROOM: f64 = 3.0;

/// A value against its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bullet {
    /// The measured value; `None` draws the limit alone.
    pub value: Option<f64>,
    /// The interval around it.
    pub interval: Option<(f64, f64)>,
    /// The limit, in the same unit.
    pub limit: f64,
    /// A second, harder limit.
    pub max: Option<f64>,
    /// The colour of the outcome's mark.
    pub color: Color,
}

impl Bullet {
    /// A value and its limit.
    #[must_use]
    pub fn new(value: impl Into<Option<f64>>, limit: f64, color: Color) -> Self {
        Self { value: value.into(), interval: None, limit, max: None, color }
    }

    /// With the interval around the value.
    #[must_use]
    pub fn interval(self, low: f64, high: f64) -> Self {
        Self { interval: Some((low, high)), ..self }
    }

    /// With a second, harder limit.
    #[must_use]
    pub fn max(self, max: f64) -> Self {
        Self { max: Some(max), ..self }
    }

    /// The drawing, of class `bullet`: a bar to the value, a pale bar for the interval, a tick at the limit, which
    /// always stands at two thirds. What is beyond the end is drawn at the end.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut body = String::new();
        {
            let canvas = Canvas::new(&mut body, &[], None, (WIDTH, HEIGHT));
            self.draw(&canvas);
        }
        format!(
            "<svg class=\"bullet\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             aria-hidden=\"true\">{body}</svg>"
        )
    }

    fn draw(&self, canvas: &Canvas<'_>) {
        let (width, middle) = (f64::from(WIDTH), f64::from(HEIGHT) / 2.0);
        // A limit of zero (no error at all) still needs a length to compare with.
        let unit = if self.limit.is_finite() && self.limit != 0.0 { self.limit.abs() } else { 1.0 };
        let end = width - ROOM;
        let place = |value: f64| if value.is_finite() { (value / unit / END * end).clamp(0.0, end) } else { end };
        canvas.line((0.0, middle), (width, middle), Pen::new(Color::Line));
        if let Some(value) = self.value.filter(|value| !value.is_nan()) {
            let pen = Pen::new(self.color);
            let at = place(value);
            canvas.line((0.0, middle), (at, middle), pen.width_tenths(30));
            if let Some((low, high)) = self.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
                canvas.rectangle((place(low), middle - 3.0), (place(high), middle + 3.0), pen.opacity(0.35));
            }
            canvas.disc((at.max(ROOM), middle), 3.0, pen);
        }
        if let Some(max) = self.max.filter(|max| *max / unit <= END && *max != self.limit) {
            let at = place(max);
            canvas.line((at, 3.0), (at, 13.0), Pen::new(Color::ChartMuted).width_tenths(15));
        }
        if self.limit.is_finite() {
            let at = place(self.limit);
            canvas.line((at, 1.0), (at, 15.0), Pen::new(Color::Ink).width_tenths(15));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bullet_shows_bar_interval_mark_and_limit() {
        let svg = Bullet::new(231.0, 200.0, Color::IssuesMark).interval(224.0, 239.0).svg();
        insta::assert_snapshot!(svg.replace("><", ">\n<"), @r#"
        <svg class="bullet" viewBox="0 0 112 16" width="112" height="16" aria-hidden="true">
        <line x1="0" x2="112" y1="8" y2="8" stroke="var(--line)"/>
        <line x1="0" x2="83.9" y1="8" y2="8" stroke="var(--issues-mark)" stroke-width="3"/>
        <rect x="81.4" y="5" width="5.4" height="6" fill="var(--issues-mark)" fill-opacity="0.35"/>
        <circle cx="83.9" cy="8" r="3" fill="var(--issues-mark)"/>
        <line x1="72.7" x2="72.7" y1="1" y2="15" stroke="var(--ink)" stroke-width="1.5"/>
        </svg>
        "#);
    }

    #[test]
    fn limits_stand_under_each_other_whatever_their_unit() {
        let tick = |limit: f64| {
            let svg = Bullet::new(None, limit, Color::ExcellentMark).svg();
            svg.rsplit("<line").next().map(str::to_owned)
        };
        assert_eq!(tick(0.05), tick(2000.0));
    }

    #[test]
    fn odd_numbers_are_drawn_inside() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -5.0, 1e300] {
            for limit in [0.0, -1.0, f64::NAN, 1e-300] {
                let svg = Bullet::new(value, limit, Color::CriticalMark).interval(value, limit).max(value).svg();
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            }
        }
    }
}
