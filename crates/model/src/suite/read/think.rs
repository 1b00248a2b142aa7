//! Waits.

use super::Reader;
use crate::{
    flow::Think,
    suite::{error::Path, raw::RawThink},
    unit::Millis,
};

impl Reader<'_, '_> {
    pub(super) fn think(&mut self, raw: RawThink, path: &Path) -> Think {
        let raw = match raw {
            RawThink::Text(text) if text.0 == "none" => return Think::None,
            RawThink::Text(text) => return self.pause(&text.0, path),
            RawThink::Full(raw) => raw,
        };
        let given = [raw.constant.is_some(), raw.uniform.is_some(), raw.exponential.is_some(), raw.lognormal.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let hint = "write one of constant, uniform, exponential, lognormal".to_owned();
            self.problems.add(path, "a wait has exactly one distribution", Some(hint));
            return Think::None;
        }
        if let Some((from, to)) = raw.uniform {
            if from > to {
                let hint = Some("write [shortest, longest]".to_owned());
                self.problems.add(&path.key("uniform"), format!("{from} is longer than {to}"), hint);
            }
            return Think::Uniform(from, to);
        }
        if let Some(shape) = raw.lognormal {
            return Think::Lognormal { median: shape.median, sigma: shape.sigma };
        }
        raw.constant.map(Think::Constant).or_else(|| raw.exponential.map(Think::Exponential)).unwrap_or(Think::None)
    }

    fn pause(&mut self, text: &str, path: &Path) -> Think {
        match text.parse::<Millis>() {
            Ok(Millis::ZERO) => Think::None,
            Ok(time) => Think::Constant(time),
            Err(error) => {
                self.problems.add(path, error.to_string(), None);
                Think::None
            }
        }
    }
}
