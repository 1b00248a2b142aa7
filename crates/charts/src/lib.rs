//! Charts: plain series in, SVG out.
//!
//! In:  a [`Chart`] in the units that people read (milliseconds, percent), or the numbers of a [`Sparkline`] or
//!      [`Bullet`].
//! Out: SVG text that takes its colours from CSS custom properties ([`render`], [`render_set`]), or brings them along
//!      ([`standalone_svg`]).
//! Not here: which numbers to show and how they are worded; no database, network, clock or type of the model.
//!
//! Promises: a gap stays a gap and a spike stays visible however many points a series has; text is never placed nearer
//! than 13 px to its neighbour in a column; no number and no name makes drawing fail or break the markup.
//!
//! The feature `draw` (default) brings everything that draws. Without it [`scale`] and [`label`] are left: the mapping
//! from values to pixels, which a browser reads back from a drawing to add points to it, and the room for the labels at
//! the ends of lines, which move along.

pub mod label;
pub mod scale;

#[cfg(feature = "draw")]
mod bullet;
#[cfg(feature = "draw")]
mod chart;
#[cfg(feature = "draw")]
mod color;
#[cfg(feature = "draw")]
mod draw;
#[cfg(feature = "draw")]
pub mod histogram;
#[cfg(feature = "draw")]
mod reduce;
#[cfg(feature = "draw")]
mod series;
#[cfg(feature = "draw")]
mod size;
#[cfg(feature = "draw")]
mod sparkline;
#[cfg(feature = "draw")]
pub mod stages;
#[cfg(feature = "draw")]
mod tick;

pub use scale::{PlotBox, Scale, ScaleError, ScaleKind, Span};

#[cfg(feature = "draw")]
pub use {
    bullet::Bullet,
    chart::{Band, Callout, Chart, Label, Level, LevelKind, Marker, MarkerKind, Side, XAxis, XKind, YAxis, YBase},
    color::{Color, Theme},
    draw::{render, render_set, standalone_svg},
    series::{Mark, Point, Series},
    size::{Size, SizeClass},
    sparkline::Sparkline,
};
