//! Networks: from where a partner may call, and which addresses count as one caller.

use std::net::IpAddr;

use ipnet::IpNet;

/// The length of the common prefix of all IPv4 addresses in the form ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

/// Whether one of these networks contains the caller's address. An IPv4 address or network may also have the form that
/// is mapped into IPv6.
pub fn contain(networks: &[String], address: IpAddr) -> bool {
    let plain = address.to_canonical();
    let mapped = match plain {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(_) => plain,
    };
    let networks = networks.iter().filter_map(|network| network.parse().ok());
    networks.into_iter().any(|network: IpNet| {
        // A network with a shorter prefix is an IPv6 network: ::/0 contains no IPv4 address.
        let may_be_mapped = network.prefix_len() >= MAPPED_PREFIX;
        network.contains(&plain) || (may_be_mapped && network.contains(&mapped))
    })
}

/// The key that counts a caller's failed logins: an IPv4 address, or the first 64 bits of an IPv6 address, because an
/// IPv6 caller has at least a network of that size to itself (RFC 6177 §2).
pub fn caller(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        // In hexadecimal: code that prints the usual form of an address makes the wasm larger.
        Some(IpAddr::V6(address)) => format!("{:x}::", u128::from(address) >> 64),
        Some(IpAddr::V4(address)) => format!("{:x}", u32::from(address)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_contain(networks: &[&str], addresses: &[(&str, bool)]) {
        let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
        for (address, expected) in addresses {
            let contain = contain(&networks, address.parse().unwrap());
            assert_eq!(contain, *expected, "{networks:?} {address}");
        }
    }

    #[test]
    fn an_address_is_in_its_network_however_it_is_written() {
        assert_contain(
            &["192.0.2.0/24", "2001:db8::/32"],
            &[
                ("192.0.2.0", true),
                ("192.0.2.255", true),
                ("192.0.3.0", false),
                ("::ffff:192.0.2.7", true),
                ("::ffff:192.0.3.7", false),
                ("2001:db8::1", true),
                ("2001:db9::1", false),
            ],
        );
        let either = [
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.3.7", false),
            ("2001:db8::1", false),
        ];
        assert_contain(&["::ffff:192.0.2.0/120"], &either);
    }

    #[test]
    fn a_wide_network_of_ipv6_lets_nobody_in_by_ipv4() {
        let callers = [("192.0.2.7", false), ("::ffff:192.0.2.7", false)];
        for wide in ["::/0", "::ffff:192.0.2.0/24", "::ffff:0:0/95"] {
            assert_contain(&[wide], &callers);
        }
        assert_contain(&["::/0"], &[("2001:db8::1", true)]);
        for all in ["::ffff:0:0/96", "0.0.0.0/0"] {
            assert_contain(&[all], &callers.map(|(address, _)| (address, true)));
            assert_contain(&[all], &[("2001:db8::1", false)]);
        }
    }

    #[test]
    fn whoever_has_a_network_of_ipv6_is_one_caller() {
        for (address, expected) in [
            ("192.0.2.7", "c0000207"),
            ("::ffff:192.0.2.7", "c0000207"),
            ("2001:db8:1:2:3:4:5:6", "20010db800010002::"),
            ("2001:db8:1:2::", "20010db800010002::"),
            ("2001:db8:1:3::", "20010db800010003::"),
        ] {
            assert_eq!(
                caller(Some(address.parse().unwrap())),
                expected,
                "{address}"
            );
        }
        assert_eq!(caller(None), "");
    }
}
