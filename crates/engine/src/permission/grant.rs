//! What a target says about load: its `/.well-known/perflab.txt`, or the header `X-Perflab-Allow`.
//!
//! In:  the text or the header, and the project that asks. Out: a [`Grant`], or why it is none.
//!
//! A line that is not understood makes the whole text void: a limit with a slip of the pen in it must not be taken for
//! no limit.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use perflab_model::plan::PlanProject;

/// What a target has agreed to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Grant {
    /// Most requests a second.
    pub(super) max_rps: Option<f64>,
    /// Until when.
    pub(super) expires: Option<Timestamp>,
}

/// Why what a target says is no permission.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum NoGrant {
    /// It is not understood.
    #[error("{place} `{text}` is not understood: {wanted}")]
    Unreadable {
        /// `line 2 of perflab.txt`.
        place: String,
        /// What stands there, shortened.
        text: String,
        /// What should.
        wanted: &'static str,
    },
    /// It says a thing twice.
    #[error("{place} says `{key}` for the second time")]
    Twice {
        /// Where.
        place: String,
        /// What.
        key: &'static str,
    },
    /// It agrees to others, or to nobody.
    #[error("it allows {0}")]
    OtherProject(String),
    /// It agrees to nothing at all any more.
    #[error("its permission has expired at {0}")]
    Expired(Timestamp),
}

/// Longest piece of a target's text that messages show.
const MAX_SHOWN: usize = 60;

const WANTED_LINE: &str = "a line is `allow: PROJECT`, `max-rps: NUMBER` or `expires: DATE-TIME`, or begins with #";
const WANTED_HEADER: &str = "write `PROJECT; max-rps=NUMBER; expires=DATE-TIME`, the last two as wanted";
const WANTED_RATE: &str = "max-rps is a number above 0";
const WANTED_TIME: &str = "expires is a date or a date-time with its zone, as 2027-01-31 or 2027-01-31T18:00:00Z";

/// What has been read so far.
#[derive(Default)]
struct Said {
    allow: Vec<String>,
    grant: Grant,
}

impl Said {
    fn take(&mut self, place: &dyn fmt::Display, key: &str, value: &str) -> Result<(), NoGrant> {
        let unreadable = |wanted| NoGrant::Unreadable { place: place.to_string(), text: shown(value), wanted };
        let twice = |key| NoGrant::Twice { place: place.to_string(), key };
        match key.to_ascii_lowercase().as_str() {
            "allow" if !value.is_empty() => self.allow.push(value.to_owned()),
            "max-rps" if self.grant.max_rps.is_some() => return Err(twice("max-rps")),
            "max-rps" => {
                let rate = value.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
                self.grant.max_rps = Some(rate.ok_or_else(|| unreadable(WANTED_RATE))?);
            }
            "expires" if self.grant.expires.is_some() => return Err(twice("expires")),
            "expires" => self.grant.expires = Some(instant(value).ok_or_else(|| unreadable(WANTED_TIME))?),
            _ => {
                let text = shown(&format!("{key}: {value}"));
                return Err(NoGrant::Unreadable { place: place.to_string(), text, wanted: WANTED_LINE });
            }
        }
        Ok(())
    }

    fn for_project(self, project: Option<&PlanProject>, now: Timestamp) -> Result<Grant, NoGrant> {
        if !self.allow.iter().any(|name| project.is_some_and(|project| names(name, project))) {
            let others = match self.allow.as_slice() {
                [] => "nobody".to_owned(),
                all => all.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", "),
            };
            return Err(NoGrant::OtherProject(others));
        }
        match self.grant.expires {
            Some(expires) if expires <= now => Err(NoGrant::Expired(expires)),
            _ => Ok(self.grant),
        }
    }
}

/// Whether a word names the project: by its id, or by its name however its letters are cased.
fn names(word: &str, project: &PlanProject) -> bool {
    project.name.as_str().to_lowercase() == word.to_lowercase() || project.id.is_some_and(|id| id.to_string() == word)
}

/// A date lasts to its end, UTC.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    // Nothing but a date: of a time without a zone nobody knows which one was meant.
    let date: Date = (text.len() == "2027-01-31".len()).then(|| text.parse().ok())??;
    Some(date.tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
}

/// What a stranger wrote, fit to stand in a message.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > MAX_SHOWN {
        short.push('…');
    }
    short
}

/// Reads the text of `perflab.txt`.
pub(super) fn of_text(text: &str, project: Option<&PlanProject>, now: Timestamp) -> Result<Grant, NoGrant> {
    let mut said = Said::default();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("line {} of perflab.txt", number + 1);
        let Some((key, value)) = line.split_once(':') else {
            return Err(NoGrant::Unreadable { place, text: shown(line), wanted: WANTED_LINE });
        };
        said.take(&place, key.trim(), value.trim())?;
    }
    said.for_project(project, now)
}

/// Reads one value of `X-Perflab-Allow`.
pub(super) fn of_header(value: &str, project: Option<&PlanProject>, now: Timestamp) -> Result<Grant, NoGrant> {
    let place = "X-Perflab-Allow";
    let mut said = Said::default();
    let mut parts = value.split(';').map(str::trim);
    said.take(&place, "allow", parts.next().unwrap_or_default())?;
    for part in parts.filter(|part| !part.is_empty()) {
        let unreadable = || NoGrant::Unreadable { place: place.to_owned(), text: shown(part), wanted: WANTED_HEADER };
        let (key, value) = part.split_once('=').ok_or_else(unreadable)?;
        let key = key.trim();
        if key.eq_ignore_ascii_case("allow") {
            return Err(unreadable());
        }
        said.take(&place, key, value.trim()).map_err(|error| match error {
            NoGrant::Unreadable { wanted: WANTED_LINE, .. } => unreadable(),
            error => error,
        })?;
    }
    said.for_project(project, now)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn project() -> PlanProject {
        PlanProject {
            name: "MITA".parse().expect("a name"),
            id: Some(perflab_model::id::ProjectId::new(uuid::Uuid::nil())),
        }
    }

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().expect("an instant")
    }

    #[rstest]
    #[case::name("allow: MITA", None, None)]
    #[case::other_case("allow: mita", None, None)]
    #[case::id("allow: 00000000-0000-0000-0000-000000000000", None, None)]
    #[case::among_others("allow: shop\nallow: MITA\nallow: x", None, None)]
    #[case::all(
        "\u{feff}# load tests\r\n\r\nAllow: MITA\r\nmax-rps: 50\r\nexpires: 2026-12-31T00:00:00+01:00\r\n",
        Some(50.0),
        Some("2026-12-30T23:00:00Z")
    )]
    #[case::a_date_lasts_to_its_end("expires: 2026-11-26\nallow: MITA", None, Some("2026-11-27T00:00:00Z"))]
    fn a_text_that_names_the_project_is_a_permission(
        #[case] text: &str,
        #[case] max_rps: Option<f64>,
        #[case] expires: Option<&str>,
    ) {
        let expires = expires.map(|text| text.parse().expect("an instant"));
        assert_eq!(of_text(text, Some(&project()), now()), Ok(Grant { max_rps, expires }));
    }

    #[rstest]
    #[case::nothing("", "it allows nobody")]
    #[case::others("allow: shop", "it allows shop")]
    #[case::part_of_the_name("allow: MITA2", "it allows MITA2")]
    #[case::expired("allow: MITA\nexpires: 2026-11-26T11:59:59Z", "its permission has expired at 2026-11-26T11:59:59Z")]
    #[case::a_page(
        "<!doctype html>\n<title>Shop</title>",
        "line 1 of perflab.txt `<!doctype html>` is not understood: a line is `allow: PROJECT`, `max-rps: NUMBER` or `expires: DATE-TIME`, or begins with #"
    )]
    #[case::slip(
        "allow: MITA\nmax_rps: 5",
        "line 2 of perflab.txt `max_rps: 5` is not understood: a line is `allow: PROJECT`, `max-rps: NUMBER` or `expires: DATE-TIME`, or begins with #"
    )]
    #[case::no_load(
        "allow: MITA\nmax-rps: 0",
        "line 2 of perflab.txt `0` is not understood: max-rps is a number above 0"
    )]
    #[case::no_number(
        "allow: MITA\nmax-rps: NaN",
        "line 2 of perflab.txt `NaN` is not understood: max-rps is a number above 0"
    )]
    #[case::no_zone(
        "allow: MITA\nexpires: 2026-12-31T10:00:00",
        "line 2 of perflab.txt `2026-12-31T10:00:00` is not understood: expires is a date or a date-time with its zone, as 2027-01-31 or 2027-01-31T18:00:00Z"
    )]
    #[case::twice("allow: MITA\nmax-rps: 5\nmax-rps: 500", "line 3 of perflab.txt says `max-rps` for the second time")]
    fn anything_else_is_none_and_says_why(#[case] text: &str, #[case] why: &str) {
        assert_eq!(of_text(text, Some(&project()), now()).map_err(|error| error.to_string()), Err(why.to_owned()));
    }

    #[rstest]
    #[case("MITA", Ok(Grant::default()))]
    #[case(" mita ; max-rps=2.5 ", Ok(Grant { max_rps: Some(2.5), expires: None }))]
    #[case("shop", Err("it allows shop"))]
    #[case(
        "",
        Err(
            "X-Perflab-Allow `allow: ` is not understood: a line is `allow: PROJECT`, `max-rps: NUMBER` or `expires: DATE-TIME`, or begins with #"
        )
    )]
    #[case(
        "MITA; rate=5",
        Err(
            "X-Perflab-Allow `rate=5` is not understood: write `PROJECT; max-rps=NUMBER; expires=DATE-TIME`, the last two as wanted"
        )
    )]
    #[case(
        "shop; allow=MITA",
        Err(
            "X-Perflab-Allow `allow=MITA` is not understood: write `PROJECT; max-rps=NUMBER; expires=DATE-TIME`, the last two as wanted"
        )
    )]
    fn a_header_says_the_same_in_one_line(#[case] value: &str, #[case] expected: Result<Grant, &str>) {
        let read = of_header(value, Some(&project()), now()).map_err(|error| error.to_string());
        assert_eq!(read, expected.map_err(str::to_owned));
    }

    #[test]
    fn a_plan_of_no_project_is_allowed_by_nobody() {
        assert!(of_text("allow: MITA", None, now()).is_err());
    }
}
