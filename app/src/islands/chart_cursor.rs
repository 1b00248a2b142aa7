//! A cursor over the charts of a page.

use leptos::prelude::*;

use crate::client::{cursor, stops};

/// Lets people point at charts and step through them by keyboard. Shows nothing itself: the readouts are the charts'.
#[island]
pub fn ChartCursor() -> impl IntoView {
    Effect::new(|| {
        cursor::watch();
        stops::watch();
    });
}
