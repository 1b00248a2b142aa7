//! Names that people give: short, printable, one line.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or only blanks.
    #[error("a name must not be empty")]
    Empty,
    /// More than [`MAX_NAME_CHARS`] characters.
    #[error("a name has at most {MAX_NAME_CHARS} characters, this one has {0}")]
    TooLong(usize),
    /// A control character, which could break a line of a log or a table.
    #[error("a name must not hold control characters such as line breaks")]
    Control,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let trimmed = text.trim();
                let chars = trimmed.chars().count();
                if chars == 0 {
                    Err(NameError::Empty)
                } else if chars > MAX_NAME_CHARS {
                    Err(NameError::TooLong(chars))
                } else if trimmed.chars().any(char::is_control) {
                    Err(NameError::Control)
                } else {
                    Ok(Self(trimmed.to_owned()))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(/// A project's name, e.g. `MITA`.
    ProjectName);
name!(/// An environment's name, e.g. `staging`.
    EnvironmentName);
name!(/// A suite's name, e.g. `mita`.
    SuiteName);
name!(/// A scenario's name, e.g. `smoke`.
    ScenarioName);
name!(/// The name of a part of a scenario, e.g. `browse`.
    PartName);
name!(/// The name of a case of a benchmark suite, e.g. `hash [cost=12]`.
    CaseName);

impl ScenarioName {
    /// What a run of a benchmark suite has in place of a scenario.
    pub fn whole_suite() -> Self {
        Self(crate::bench::WHOLE_SUITE.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_line_break_is_refused() {
        assert_eq!("a\nb".parse::<SuiteName>(), Err(NameError::Control));
        assert_eq!("  ".parse::<SuiteName>(), Err(NameError::Empty));
        assert_eq!(" smoke ".parse::<ScenarioName>().map(String::from), Ok("smoke".to_owned()));
    }
}
