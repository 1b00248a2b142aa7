//! From user stages to what goose calls a run.
//!
//! goose ends a run itself only at whole seconds and looks at the clock twice a second, so here its plan always holds the
//! last number of users, and our own end of the run stops it to the millisecond.

use perflab_model::load::UserStage;

/// How goose is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// One rise and a hold: any rate goes.
    Rise { users: usize, per_second: String },
    /// Anything else: `users,seconds` in whole seconds.
    Plan { text: String, rounded: bool },
    /// Nobody ever comes.
    Nobody,
}

/// goose cannot do a number of iterations by a plan, only from one rise. In this time all users come.
const ALL_AT_ONCE_MS: f64 = 50.0;

/// All users as nearly at once as a rise can be.
pub(crate) fn at_once(users: u32) -> Shape {
    Shape::Rise { users: users as usize, per_second: format!("{}", f64::from(users) * 1000.0 / ALL_AT_ONCE_MS) }
}

/// Translates the stages.
pub(crate) fn shape(stages: &[UserStage]) -> Shape {
    if stages.iter().all(|stage| stage.to == 0 && stage.from == 0) {
        return Shape::Nobody;
    }
    if let [rise, holds @ ..] = stages
        && rise.from == 0
        && rise.to > 0
        && rise.over.get() > 0
        && holds.iter().all(|hold| hold.from == rise.to && hold.to == rise.to)
    {
        let per_second = f64::from(rise.to) / rise.over.as_secs_f64();
        return Shape::Rise { users: rise.to as usize, per_second: format!("{per_second}") };
    }
    let mut steps: Vec<String> = Vec::new();
    let (mut users, mut passed_ms, mut passed_s, mut rounded) = (0, 0_u64, 0_u64, false);
    for stage in stages {
        if stage.from != users {
            steps.push(format!("{},0s", stage.from));
        }
        // Ends are rounded, not lengths: errors do not add up over many stages.
        passed_ms += stage.over.get();
        let end_s = (passed_ms + 500) / 1000;
        rounded |= end_s * 1000 != passed_ms;
        steps.push(format!("{},{}s", stage.to, end_s - passed_s));
        passed_s = end_s;
        users = stage.to;
    }
    Shape::Plan { text: steps.join(";"), rounded }
}

#[cfg(test)]
mod tests {
    use perflab_model::unit::Millis;
    use rstest::rstest;

    use super::*;

    fn stages(list: &[(u32, u32, u64)]) -> Vec<UserStage> {
        list.iter().map(|(from, to, over)| UserStage { from: *from, to: *to, over: Millis::new(*over) }).collect()
    }

    #[rstest]
    #[case::ramp_and_hold(&[(0, 50, 25_000), (50, 50, 575_000)], 50, "2")]
    #[case::fractional_rate(&[(0, 10, 4_000), (10, 10, 60_000)], 10, "2.5")]
    #[case::slow(&[(0, 1, 1_500), (1, 1, 60_000)], 1, "0.6666666666666666")]
    fn one_rise_and_a_hold_keeps_its_rate(
        #[case] list: &[(u32, u32, u64)],
        #[case] users: usize,
        #[case] per_second: &str,
    ) {
        assert_eq!(shape(&stages(list)), Shape::Rise { users, per_second: per_second.to_owned() });
    }

    #[rstest]
    #[case::all_at_once(&[(0, 50, 0), (50, 50, 60_000)], "50,0s;50,60s", false)]
    #[case::constant_from_the_start(&[(50, 50, 60_000)], "50,0s;50,60s", false)]
    #[case::up_and_down(&[(0, 5, 5_000), (5, 5, 10_000), (5, 0, 5_000)], "5,5s;5,10s;0,5s", false)]
    #[case::rounded(&[(0, 5, 1_400), (5, 10, 1_400), (10, 2, 1_400)], "5,1s;10,2s;2,1s", true)]
    #[case::jump(&[(0, 5, 2_000), (20, 20, 3_000)], "5,2s;20,0s;20,3s", false)]
    fn other_shapes_become_a_plan_of_whole_seconds(
        #[case] list: &[(u32, u32, u64)],
        #[case] text: &str,
        #[case] rounded: bool,
    ) {
        assert_eq!(shape(&stages(list)), Shape::Plan { text: text.to_owned(), rounded });
    }

    #[test]
    fn no_users_at_all_is_no_plan_for_goose() {
        assert_eq!(shape(&stages(&[(0, 0, 5_000)])), Shape::Nobody);
    }
}
