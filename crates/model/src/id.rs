//! Identifiers: one type per thing, so that a run's id never stands where an environment's should.
//!
//! Ids are UUIDs (version 7, made by the store) and text everywhere else: in the database, in addresses, in JSON.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: ids are UUIDs such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct IdError(String);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// Takes a UUID as this id.
            pub const fn new(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID behind the id.
            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid::Uuid::try_parse(text).map(Self).map_err(|_| IdError(text.chars().take(80).collect()))
            }
        }
    };
}

id!(/// A run: one execution of one suite version on one environment.
    RunId);
id!(/// A project: the product being measured.
    ProjectId);
id!(/// An environment: where the target runs.
    EnvironmentId);
id!(/// One version of a suite's text.
    SuiteVersionId);
id!(/// A worker process, for as long as it lives.
    WorkerId);
id!(/// A kill switch that was pulled once.
    KillSwitchId);
id!(/// A capacity search: a series of runs at rising load.
    SearchId);
id!(/// The text of a suite on its way to a version.
    DraftId);
id!(/// A finding: a level that moved.
    FindingId);
