//! The colours of charts: names of CSS custom properties, and their values for drawings that leave the page.

/// Light or dark, for a drawing that brings its colours along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white; for print as well.
    Light,
    /// Light on dark.
    Dark,
}

/// What is drawn in which colour. Fixed meanings: p50 `Series(3)`, p95 and "this run" `Series(1)`, p99 `Series(4)`,
/// drops `Series(2)`, errors `CriticalMark`, baseline and plan `ChartMuted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// `--series-1` to `--series-8`; counting goes round.
    Series(u8),
    /// Errors, and marks of a critical verdict.
    CriticalMark,
    /// Marks of a verdict with issues.
    IssuesMark,
    /// Marks of an excellent verdict.
    ExcellentMark,
    /// Marks of an inconclusive verdict.
    InconclusiveMark,
    /// Baseline, plan, earlier runs.
    ChartMuted,
    /// A threshold's limit.
    ChartLimit,
    /// A release's goal.
    ChartGoal,
    /// Warm-up, learnt limits, forecast.
    ChartBand,
    /// Lines of the grid.
    ChartGrid,
    /// The axis and vertical lines.
    ChartAxis,
    /// Text at the axes.
    ChartText,
    /// Labels of lines and points.
    ChartLabel,
    /// The strongest ink: levels, percentages of a change.
    Ink,
    /// The surface that the chart stands on.
    Surface,
    /// Hairlines outside of plots.
    Line,
}

impl Color {
    /// The custom property and its values in light and dark. They are those of the style sheet's tokens; a test of this
    /// crate holds them together.
    pub(crate) fn token(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Series(number) => match number.saturating_sub(1) % 8 {
                0 => ("series-1", "#1d4fc4", "#4b9dff"),
                1 => ("series-2", "#df6205", "#ff9a2e"),
                2 => ("series-3", "#009687", "#4ed3ae"),
                3 => ("series-4", "#8f1a63", "#cc66ac"),
                4 => ("series-5", "#525008", "#f2dc6e"),
                5 => ("series-6", "#a36eec", "#c9a4ff"),
                6 => ("series-7", "#0a78ad", "#a8e3f8"),
                _ => ("series-8", "#84664f", "#9a8166"),
            },
            Self::CriticalMark => ("critical-mark", "#bd1a30", "#f2655f"),
            Self::IssuesMark => ("issues-mark", "#c97d00", "#e0a030"),
            Self::ExcellentMark => ("excellent-mark", "#0f8f70", "#2fb592"),
            Self::InconclusiveMark => ("inconclusive-mark", "#4d5561", "#bcc4cd"),
            Self::ChartMuted => ("chart-muted", "#868f9c", "#6f7a89"),
            Self::ChartLimit => ("chart-limit", "#a3142a", "#ff8a84"),
            Self::ChartGoal => ("chart-goal", "#07694f", "#4fcfa9"),
            Self::ChartBand => ("chart-band", "#eef1f5", "#1b212a"),
            Self::ChartGrid => ("chart-grid", "#eceff2", "#222932"),
            Self::ChartAxis => ("chart-axis", "#b7bfc9", "#434d59"),
            Self::ChartText => ("chart-text", "#606a78", "#8f9aa7"),
            Self::ChartLabel => ("chart-label", "#4c5663", "#a9b3bf"),
            Self::Ink => ("ink", "#1b2027", "#e4e8ed"),
            Self::Surface => ("bg", "#ffffff", "#12161b"),
            Self::Line => ("line", "#dde1e6", "#2a313a"),
        }
    }

    /// The value of a paint attribute: a reference to the style sheet, or the colour itself.
    pub(crate) fn paint(self, theme: Option<Theme>) -> String {
        let (name, light, dark) = self.token();
        match theme {
            None => format!("var(--{name})"),
            Some(Theme::Light) => light.to_owned(),
            Some(Theme::Dark) => dark.to_owned(),
        }
    }

    /// A number for the colour, to carry it through plotters' red channel.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Series(number) => number.saturating_sub(1) % 8,
            Self::CriticalMark => 8,
            Self::IssuesMark => 9,
            Self::ExcellentMark => 10,
            Self::InconclusiveMark => 11,
            Self::ChartMuted => 12,
            Self::ChartLimit => 13,
            Self::ChartGoal => 14,
            Self::ChartBand => 15,
            Self::ChartGrid => 16,
            Self::ChartAxis => 17,
            Self::ChartText => 18,
            Self::ChartLabel => 19,
            Self::Ink => 20,
            Self::Surface => 21,
            Self::Line => 22,
        }
    }

    /// The colour of a [`Color::code`].
    pub(crate) fn of_code(code: u8) -> Self {
        const OTHERS: [Color; 15] = [
            Color::CriticalMark,
            Color::IssuesMark,
            Color::ExcellentMark,
            Color::InconclusiveMark,
            Color::ChartMuted,
            Color::ChartLimit,
            Color::ChartGoal,
            Color::ChartBand,
            Color::ChartGrid,
            Color::ChartAxis,
            Color::ChartText,
            Color::ChartLabel,
            Color::Ink,
            Color::Surface,
            Color::Line,
        ];
        match code {
            0..8 => Self::Series(code + 1),
            _ => OTHERS.get(usize::from(code) - 8).copied().unwrap_or(Self::Ink),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_survives_its_way_through_the_red_channel() {
        for code in 0..23 {
            assert_eq!(Color::of_code(code).code(), code);
        }
    }

    /// The value of a custom property in the style sheet's tokens, references followed.
    fn declared<'a>(tokens: &'a str, name: &str) -> Option<&'a str> {
        let declaration = format!("--{name}:");
        let (_, rest) = tokens.split_once(&declaration)?;
        let value = rest.split_once(';')?.0.trim();
        match value.strip_prefix("var(--") {
            Some(reference) => declared(tokens, reference.trim_end_matches(')')),
            None => Some(value),
        }
    }

    #[test]
    fn drawings_that_leave_the_page_have_the_colours_of_its_style_sheet() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../style/tokens.css");
        let tokens = std::fs::read_to_string(path).expect("the style sheet is part of the repository");
        for code in 0..23 {
            let (name, light, dark) = Color::of_code(code).token();
            let value = format!("light-dark({light}, {dark})");
            assert_eq!(declared(&tokens, name), Some(value.as_str()), "--{name}");
        }
    }
}
