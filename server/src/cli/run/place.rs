//! Where a run takes place: on this machine, or on a lab.
//!
//! In:  the command line and `PERFLAB_SERVER`. Out: the place, or which option does not belong there.
//!
//! A file always runs here unless `--server` stands beside it: a variable that somebody has exported for their lab must
//! not change what a command with a file does.

use std::path::Path;

use url::Url;

use super::{Wait, Wish};

/// Where.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Place {
    /// Here and now.
    Here,
    /// On the lab at that address.
    Lab(Url),
}

impl Wish<'_> {
    /// Where this run takes place; `exported` is the value of `PERFLAB_SERVER`.
    ///
    /// # Errors
    /// With a sentence when the variable is no address, or an option has no meaning there.
    pub(in crate::cli) fn place(&self, exported: Option<&str>) -> Result<Place, String> {
        let place = match (&self.options.server, exported) {
            (Some(server), _) => Place::Lab(server.clone()),
            (None, Some(text)) if !text.is_empty() && !is_file(self.suite) => {
                Place::Lab(text.parse().map_err(|error| {
                    format!("PERFLAB_SERVER is no address of a lab: {error}; write it as http://127.0.0.1:7080")
                })?)
            }
            _ => Place::Here,
        };
        match self.misplaced(&place) {
            None => Ok(place),
            Some(told) => Err(told),
        }
    }

    /// What is wrong with the options at that place. Ignoring one would let a pipeline believe what does not hold.
    fn misplaced(&self, place: &Place) -> Option<String> {
        let given = |options: &[(&'static str, bool)]| options.iter().find(|(_, given)| *given).map(|(name, _)| *name);
        match place {
            Place::Here => given(&[
                ("--env", self.options.env.is_some()),
                ("--wait", self.wait == Wait::Asked),
                ("--tag", !self.options.tags.is_empty()),
            ])
            .map(|option| {
                format!(
                    "{option} is for runs of a lab, but `{}` would run here; leave it out, or give the name of a suite of the lab and --server URL",
                    self.suite
                )
            }),
            Place::Lab(server) => given(&[
                ("--target", self.options.target.is_some()),
                ("--allow", !self.options.allow.is_empty()),
                ("--vouch", self.options.vouch.is_some()),
                ("--insecure-tls", self.options.insecure_tls),
                ("--max-rate", self.options.max_rate.is_some()),
            ])
                .map(|option| {
                    format!(
                        "{option} is for suite files, but `{}` would be launched on the lab at {server}; choose one of its environments with --env, or give a file",
                        self.suite
                    )
                })
                .or_else(|| {
                    given(&[("--json", self.json.is_some()), ("--inconclusive", self.options.inconclusive.is_some())])
                        .filter(|_| self.wait == Wait::No)
                        .map(|option| {
                            format!("{option} needs --wait: a run that was only launched has no verdict yet")
                        })
                }),
        }
    }
}

/// Whether a suite is given as a file rather than by its name.
pub(in crate::cli) fn is_file(suite: &str) -> bool {
    let path = Path::new(suite);
    suite.contains('/') || path.extension().is_some_and(|end| end == "yaml" || end == "yml") || path.is_file()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{super::tests::options, *};

    const EXPORTED: &str = "http://127.0.0.1:7080/";

    #[rstest]
    #[case::a_path("suites/mita.yaml", None, Ok(false))]
    #[case::a_path_beside_an_exported_lab("suites/mita.yaml", Some(EXPORTED), Ok(false))]
    #[case::a_file_by_its_ending("mita.yml --target http://127.0.0.1:8000", Some(EXPORTED), Ok(false))]
    #[case::a_file_that_is_there("Cargo.toml", Some(EXPORTED), Ok(false))]
    #[case::a_folder_is_no_file("src", Some(EXPORTED), Ok(true))]
    #[case::a_name("mita", Some(EXPORTED), Ok(true))]
    #[case::a_name_without_a_lab("mita", None, Ok(false))]
    #[case::an_empty_variable("mita", Some(""), Ok(false))]
    #[case::a_lab_by_option("mita --server http://127.0.0.1:7080", None, Ok(true))]
    #[case::options_of_a_lab("mita --project A --env b --wait --tag=-x --json s.json", Some(EXPORTED), Ok(true))]
    #[case::no_address("mita", Some("lab"), Err("PERFLAB_SERVER"))]
    #[case::a_target_on_a_lab("mita --target http://127.0.0.1:8000", Some(EXPORTED), Err("--target"))]
    #[case::an_environment_here("mita.yaml --env staging", Some(EXPORTED), Err("--env"))]
    #[case::a_project_here("mita.yaml --project shop", None, Ok(false))]
    #[case::a_vouch_on_a_lab("mita --vouch ours", Some(EXPORTED), Err("--vouch"))]
    #[case::a_cap_of_rates_on_a_lab("mita --max-rate 50000", Some(EXPORTED), Err("--max-rate"))]
    #[case::no_verifying_on_a_lab("mita --insecure-tls", Some(EXPORTED), Err("--insecure-tls"))]
    #[case::a_wait_here("mita.yaml --wait", Some(EXPORTED), Err("--wait"))]
    #[case::a_tag_here("mita.yaml --tag nightly", None, Err("--tag"))]
    #[case::a_document_of_a_launch("mita --json s.json", Some(EXPORTED), Err("--json"))]
    #[case::a_choice_about_a_launch("mita --inconclusive=pass", Some(EXPORTED), Err("--inconclusive"))]
    fn a_file_runs_here_and_a_name_on_the_lab(
        #[case] words: &str,
        #[case] exported: Option<&str>,
        #[case] expected: Result<bool, &str>,
    ) {
        let place = options(&format!("run --scenario smoke {words}")).wish().place(exported);
        match expected {
            Ok(false) => assert_eq!(place, Ok(Place::Here)),
            Ok(true) => assert_eq!(place, Ok(Place::Lab(EXPORTED.parse().expect("an address")))),
            Err(option) => {
                let told = place.expect_err("it must be refused");
                assert!(told.contains(option), "{told}");
            }
        }
    }
}
