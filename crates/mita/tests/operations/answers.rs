//! What operations answer, by the cases of the service's own description.

use perflab_mita::operations::AtHand;
use rstest::rstest;
use serde_json::{Value, json};

use crate::once::{times, try_times};

#[rstest]
#[case(0.0, "US", "low")]
#[case(3000.01, "US", "lower_middle")]
#[case(12000.01, "US", "high")]
#[case(5991.34, "US-CA", "middle")]
#[case(11133.34, "US-TX", "high")]
#[case(6480.01, "US-NY", "middle")]
#[case(2916.67, "US-FL", "lower_middle")]
#[case(5000.0, "GB", "upper_middle")]
#[case(12000.01, "FR", "high")]
#[case(5000.0, "us-ca", "lower_middle")]
fn an_income_has_its_class_however_its_profile_is_had(#[case] income: f64, #[case] region: &str, #[case] tier: &str) {
    for profiles in ["known", "loaded", "cached"] {
        let parameters = json!({"income": income, "region": region, "profiles": profiles});
        assert_eq!(times("income.classify", parameters, 2).fields[1]["tier"], tier, "{profiles}");
    }
}

#[test]
fn a_negative_income_is_an_error_and_never_a_class() {
    let answers = times("income.classify", json!({"income": -1, "region": "US"}), 1);
    assert_eq!(answers.failures, ["a monthly income of -1 is negative"]);
    assert_eq!(answers.inputs, ["-1 a month in US"]);
}

#[rstest]
#[case("groceries", 260.18)]
#[case("dining", 252.51)]
#[case("public_transport", 450.31)]
#[case("gas", 192.99)]
#[case("events", 257.32)]
#[case("clothing", 154.39)]
#[case("hobbies", 102.93)]
#[case("flights", 77.20)]
#[case("insurance", 128.66)]
#[case("out_of_pocket", 85.77)]
#[case("coffee", 87.72)]
#[case("discretionary", 2050.0)]
#[case("fixed", 2650.0)]
fn the_budget_of_the_original_suite_is_met_to_the_cent(#[case] line: &str, #[case] amount: f64) {
    for memoise in [false, true] {
        let answers = times("budget.generate", json!({"memoise": memoise}), 2);
        assert!(answers.fields.iter().all(|fields| fields[line] == amount), "{:?}", answers.fields);
    }
}

#[test]
fn binary_numbers_lose_cents_and_decimal_ones_do_not() {
    let sum = |kind: &str| times("money.sum", json!({"kind": kind}), 1).fields[0].clone();
    assert_eq!((&sum("decimal")["total"], &sum("decimal")["is_exact"]), (&json!("100.00"), &json!(true)));
    assert_eq!(sum("float")["is_exact"], false);
}

#[test]
fn a_wrong_password_matches_nothing_and_logs_nobody_in() {
    assert_eq!(times("auth.verify", json!({"cost": 4, "right": false}), 1).fields[0]["matches"], false);
    let answers = times("auth.login", json!({"cost": 4, "right": false, "users": 1}), 6);
    assert_eq!(answers.failures[0], "e-mail or password is wrong");
    assert_eq!(answers.failures[5], "the account is locked after five bad passwords");
}

#[rstest]
#[case("access", "user", false, 9, 7200)]
#[case("access", "user", true, 16, 7200)]
#[case("access", "admin", false, 19, 7200)]
#[case("refresh", "user", true, 1, 604_800)]
fn tokens_carry_the_scopes_of_their_user(
    #[case] kind: &str,
    #[case] role: &str,
    #[case] premium: bool,
    #[case] scopes: u64,
    #[case] seconds: u64,
) {
    for name in ["auth.issue", "auth.validate"] {
        let answers = times(name, json!({"kind": kind, "role": role, "premium": premium}), 2);
        assert_eq!(answers.fields[1]["scopes"], scopes, "{name}");
        assert_eq!(answers.fields[1]["seconds"], seconds, "{name}");
    }
}

#[rstest]
#[case(json!({"cache": true}))]
#[case(json!({"version": "always"}))]
#[case(json!({"version": "when_old"}))]
fn tokens_are_validated_in_every_way(#[case] parameters: Value) {
    let answers = times("auth.validate", parameters, 3);
    assert!(answers.failures.is_empty(), "{:?}", answers.failures);
    assert!(answers.fields.iter().all(|fields| fields["token"] == "valid"));
}

#[test]
fn the_key_of_the_process_signs_tokens_and_is_never_shown() {
    let at_hand = AtHand::from_lookup(|name| (name == "JWT_SECRET").then(|| "canary-0123456789".to_owned()));
    let answers = try_times("auth.validate", json!({}), &at_hand, 1).expect("ready");
    assert_eq!(answers.fields[0]["token"], "valid");
    assert!(!format!("{:?} {:?}", answers.fields, answers.inputs).contains("canary"));
}

#[test]
fn the_eleventh_request_of_a_minute_is_denied() {
    let answers = times("security.rate_limit", json!({}), 11);
    let of = |field: &str| answers.fields.iter().map(|fields| fields[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("allowed")[..10], vec![json!(true); 10]);
    assert_eq!((&of("allowed")[10], &of("status")[10], &of("headers")[10]), (&json!(false), &json!(429), &json!(5)));
    assert!(of("retry_after_s")[10].as_u64().is_some_and(|seconds| (59..=60).contains(&seconds)));
    assert_eq!(of("remaining")[0], 9);
}

#[rstest]
#[case(json!({"scope": "burst", "tier": "premium"}), 80)]
#[case(json!({"scope": "burst", "tier": "premium", "user": true}), 160)]
#[case(json!({"scope": "hourly", "tier": "anonymous"}), 120)]
#[case(json!({"scope": "admin_paths", "tier": "admin"}), 200)]
#[case(json!({"scope": "auth_paths", "tier": "basic"}), 30)]
#[case(json!({"scope": "login_route"}), 10)]
#[case(json!({"scope": "login_route_in_tests"}), 1000)]
fn limits_follow_from_scope_and_tier(#[case] parameters: Value, #[case] limit: u64) {
    assert_eq!(times("security.rate_limit", parameters, 1).fields[0]["limit"], limit);
}

#[test]
fn health_is_never_limited() {
    let answers = times("security.rate_limit", json!({"limit": 1, "path": "/health"}), 5);
    assert!(answers.fields.iter().all(|fields| fields["allowed"] == true));
}

#[test]
fn somebody_who_keeps_to_their_limit_is_never_blocked() {
    for tier in ["anonymous", "basic", "premium", "admin"] {
        let answers = times("security.legitimate", json!({"tier": tier}), 1000);
        assert!(answers.fields.iter().all(|fields| fields["blocked"] == 0), "{tier}");
    }
    let answers = times("security.legitimate", json!({"tier": "basic", "per_minute": 60}), 1000);
    assert!(answers.fields.iter().any(|fields| fields["blocked"] == 1), "60 a minute are more than 40");
}

#[test]
fn without_an_index_the_table_is_walked() {
    for query in ["recent", "category_sums"] {
        let explained = |index: bool| {
            let parameters = json!({"query": query, "index": index, "users": 60, "rows": 50});
            times("db.explain", parameters, 1).fields[0].clone()
        };
        assert_eq!(explained(true)["uses_index"], true, "{}", explained(true)["plan"]);
        assert_eq!(explained(false)["uses_index"], false, "{}", explained(false)["plan"]);
    }
}

#[test]
fn the_same_seed_makes_up_the_same_transactions() {
    let groups = |seed: u64| {
        let answers = times("db.category_sums", json!({"seed": seed, "users": 60, "rows": 9, "days": 90}), 1);
        (answers.fields[0]["groups"].clone(), answers.fields[0]["as_generated"].clone())
    };
    assert_eq!(groups(1), groups(1));
    assert_eq!(groups(2).1, true);
}

#[test]
fn strong_references_hold_on_and_weak_ones_let_go() {
    let retained = |weak: bool| times("cache.weak", json!({"weak": weak}), 1).fields[0]["retained"].clone();
    assert_eq!((retained(true), retained(false)), (json!(0), json!(100)));
}
