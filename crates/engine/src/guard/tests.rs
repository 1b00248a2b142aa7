use rstest::rstest;

use super::*;

fn guard() -> Guard {
    let target = |host: &str, port| AllowedTarget::of_host(host, port).expect("an entry");
    Guard::new(
        vec![
            target("127.0.0.1", Some(8000)),
            target("localhost", Some(8000)),
            target("::1", Some(8000)),
            target("app.example", Some(443)),
            target("10.1.2.3", None),
            target("169.254.169.254", None),
            target("0.0.0.0", None),
            target("::", None),
            target("224.0.0.1", None),
            target("fe80::1", None),
            target("127.0.0.1", Some(7080)),
        ],
        Loopback::default(),
        vec![7080],
    )
}

#[rstest]
#[case("http://127.0.0.1:8000/")]
#[case("http://127.0.0.1:8000/a?b=c#d")]
#[case("http://localhost:8000/")]
#[case("http://LOCALHOST:8000/")]
#[case("http://localhost.:8000/")]
#[case("http://[::1]:8000/")]
#[case("http://[0:0:0:0:0:0:0:1]:8000/")]
#[case::hex("http://0x7f000001:8000/")]
#[case::one_number("http://2130706433:8000/")]
#[case::octal("http://0177.0.0.1:8000/")]
#[case::short("http://127.1:8000/")]
#[case::mixed("http://0x7f.0.0x0.1:8000/")]
#[case::ten_in_octal("http://012.1.2.3/x")]
#[case::mapped("http://[::ffff:127.0.0.1]:8000/")]
#[case::mapped_in_hex("http://[::ffff:7f00:1]:8000/")]
#[case::full_width_digits("http://１２７.0.0.1:8000/")]
#[case("https://app.example/")]
#[case("https://APP.example:443/x")]
#[case("http://10.1.2.3/")]
#[case("http://10.1.2.3:9999/")]
#[case("https://10.1.2.3:8443/")]
fn a_listed_target_is_allowed_in_every_spelling(#[case] url: &str) {
    let url = Url::parse(url).expect("a case is a URL");
    assert!(guard().check_url(&url).is_ok(), "{:?}", guard().check_url(&url));
}

#[rstest]
#[case::other_port("http://127.0.0.1:8001/")]
#[case::default_port("http://127.0.0.1/")]
#[case::other_loopback("http://127.0.0.2:8000/")]
#[case::other_host("http://example.com/")]
#[case::prefix("http://127.0.0.1.example.com:8000/")]
#[case::suffix("https://evil-app.example/")]
#[case::sub("https://x.app.example/")]
#[case::parent("https://example/")]
#[case::port_of_name("http://app.example/")]
#[case::user_info("http://127.0.0.1:8000@evil.example/")]
#[case::credentials("http://a:b@127.0.0.1:8000/")]
#[case::user("http://a@127.0.0.1:8000/")]
#[case::scheme("ftp://127.0.0.1:8000/")]
#[case::file("file:///etc/passwd")]
#[case::gopher("gopher://127.0.0.1:8000/")]
#[case::data("data:text/plain,x")]
#[case::metadata("http://169.254.169.254/latest/meta-data/")]
#[case::metadata_number("http://2852039166/")]
#[case::metadata_hex("http://0xa9fea9fe/")]
#[case::metadata_octal("http://0251.0376.0251.0376/")]
#[case::metadata_mapped("http://[::ffff:169.254.169.254]/")]
#[case::unspecified("http://0.0.0.0:8000/")]
#[case::unspecified_short("http://0:8000/")]
#[case::unspecified_v6("http://[::]:8000/")]
#[case::multicast("http://224.0.0.1/")]
#[case::link_local_v6("http://[fe80::1]/")]
#[case::own_port("http://127.0.0.1:7080/")]
#[case::neighbour("http://10.1.2.4/")]
#[case::eight_in_octal("http://010.1.2.3/x")]
#[case::nat64("http://[64:ff9b::a9fe:a9fe]/")]
#[case::six_to_four("http://[2002:a9fe:a9fe::1]/")]
#[case::compatible("http://[::169.254.169.254]/")]
#[case::unique_local("http://[fd00:ec2::254]/")]
#[case::broadcast("http://255.255.255.255/")]
fn everything_else_is_denied(#[case] url: &str) {
    let url = Url::parse(url).expect("a case is a URL");
    assert!(guard().check_url(&url).is_err(), "{url} got through");
}

#[rstest]
#[case::name("app.example", "93.184.216.34", 443, true)]
#[case::private_by_name("app.example", "10.9.9.9", 443, true)]
#[case::v6_by_name("app.example", "2606:2800:220:1::1", 443, true)]
#[case::rebound("app.example", "127.0.0.1", 443, false)]
#[case::rebound_v6("app.example", "::1", 443, false)]
#[case::rebound_mapped("app.example", "::ffff:127.0.0.1", 443, false)]
#[case::metadata("app.example", "169.254.169.254", 443, false)]
#[case::metadata_mapped("app.example", "::ffff:169.254.169.254", 443, false)]
#[case::metadata_nat64("app.example", "64:ff9b::a9fe:a9fe", 443, false)]
#[case::zero("app.example", "0.0.0.0", 443, false)]
#[case::wrong_port("app.example", "93.184.216.34", 80, false)]
#[case::localhost("localhost", "127.0.0.1", 8000, true)]
#[case::localhost_v6("localhost", "::1", 8000, true)]
#[case::own_port("localhost", "127.0.0.1", 7080, false)]
#[case::literal("127.0.0.1", "127.0.0.1", 8000, true)]
#[case::literal_elsewhere("127.0.0.1", "127.0.0.2", 8000, false)]
fn an_address_is_checked_again_after_its_name(
    #[case] host: &str,
    #[case] address: &str,
    #[case] port: u16,
    #[case] allowed: bool,
) {
    let address = address.parse().expect("a case is an address");
    let origin = Origin { tls: false, host: host.to_owned(), port };
    let checked = guard().check_address(&origin, address);
    assert_eq!(checked.is_ok(), allowed, "{checked:?}");
}

#[test]
fn what_counts_as_loopback_is_a_value() {
    let only_one = Loopback { v4: (Ipv4Addr::LOCALHOST, 32), v6: false };
    let listed = vec!["localhost".parse().expect("an entry")];
    let origin = Origin { tls: false, host: "localhost".to_owned(), port: 80 };
    let stranger = "127.0.0.2".parse().expect("an address");
    let guard = Guard::new(listed, only_one, vec![80]);
    assert_eq!(guard.check_address(&origin, stranger), Ok(()), "a stranger's port is not the lab's");
    assert!(guard.check_address(&origin, "127.0.0.1".parse().expect("an address")).is_err());
}

/// What an administrator may write: schemes, ports, ranges; and what nobody can allow.
fn ranges() -> Guard {
    let allow =
        ["https://api.example", "10.1.0.0/16:8080", "[fd00::]/8", "http://192.0.2.7:8080", "0.0.0.0/0:9", "[::]/0:9"];
    let allow = allow.map(|entry| entry.parse().expect("an entry")).to_vec();
    Guard::new(allow, Loopback::default(), vec![9])
}

#[rstest]
#[case("https://api.example/", true)]
#[case::without_tls("http://api.example:443/", false)]
#[case::other_port("https://api.example:8443/", false)]
#[case::first("http://10.1.0.0:8080/", true)]
#[case::last("https://10.1.255.255:8080/", true)]
#[case::one_number("http://167837953:8080/", true)]
#[case::before("http://10.0.255.255:8080/", false)]
#[case::after("http://10.2.0.0:8080/", false)]
#[case::port_of_the_range("http://10.1.0.1/", false)]
#[case::mapped("http://[::ffff:10.1.0.1]:8080/", true)]
#[case::v6("http://[fdab::1]:1234/", true)]
#[case::v6_beside("http://[fe00::1]:1234/", false)]
#[case::metadata_inside_a_range("http://[fd00:ec2::254]/", false)]
#[case::scheme_of_an_address("https://192.0.2.7:8080/", false)]
#[case::everything("http://203.0.113.1:9/", true)]
#[case::everything_but_metadata("http://169.254.169.254:9/", false)]
#[case::everything_but_link_local("http://[fe80::1]:9/", false)]
#[case::everything_but_multicast("http://224.0.0.1:9/", false)]
#[case::everything_but_nobody("http://0.0.0.0:9/", false)]
#[case::everything_but_the_lab("http://127.0.0.1:9/", false)]
#[case::everything_but_the_lab_elsewhere_on_loopback("http://127.8.8.8:9/", false)]
#[case::everything_but_the_lab_in_v6("http://[::1]:9/", false)]
#[case::everything_but_the_lab_mapped("http://[::ffff:127.0.0.1]:9/", false)]
#[case::everything_but_the_lab_translated("http://[64:ff9b::7f00:1]:9/", false)]
#[case::a_name_is_listed_by_name("http://app.example:9/", false)]
fn entries_may_say_scheme_port_and_range(#[case] url: &str, #[case] allowed: bool) {
    let url = Url::parse(url).expect("a case is a URL");
    let checked = ranges().check_url(&url);
    assert_eq!(checked.is_ok(), allowed, "{checked:?}");
}

#[rstest]
#[case::a_listed_name_may_resolve_anywhere("api.example", true, 443, "203.0.113.1", true)]
#[case::but_not_by_another_scheme("api.example", false, 443, "203.0.113.1", false)]
#[case::nor_to_this_machine("api.example", true, 443, "127.0.0.1", false)]
#[case::nor_to_metadata("api.example", true, 443, "169.254.169.254", false)]
#[case::a_name_in_a_range_is_no_listed_name("app.example", false, 8080, "10.2.0.1", false)]
fn what_a_name_resolves_to_is_checked_by_scheme_and_range(
    #[case] host: &str,
    #[case] tls: bool,
    #[case] port: u16,
    #[case] address: &str,
    #[case] allowed: bool,
) {
    let origin = Origin { tls, host: host.to_owned(), port };
    let checked = ranges().check_address(&origin, address.parse().expect("a case is an address"));
    assert_eq!(checked.is_ok(), allowed, "{checked:?}");
}

#[rstest]
#[case("127.0.0.1/32", Some((Ipv4Addr::LOCALHOST, 32)))]
#[case("127.0.0.0/8", Some((Ipv4Addr::new(127, 0, 0, 0), 8)))]
#[case::wider("127.0.0.0/7", None)]
#[case::elsewhere("10.0.0.0/8", None)]
#[case::everything("0.0.0.0/0", None)]
#[case::no_range("127.0.0.1", None)]
fn loopback_can_be_made_smaller_and_never_larger(#[case] text: &str, #[case] v4: Option<(Ipv4Addr, u8)>) {
    assert_eq!(Loopback::within(text), v4.map(|v4| Loopback { v4, v6: false }));
}
