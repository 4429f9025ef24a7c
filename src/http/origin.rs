//! Splits a request's URL into its origin and its target.

/// The origin that the OpenAPI documents are built with: that of `npm start`. Whoever serves one puts its own there.
pub const BUILT: &str = "http://127.0.0.1:8787";

/// Splits `https://host/path?query` into `https://host` and `/path?query`. The platform has already normalised the URL.
/// (The `url` crate would add 77 KB to the wasm.)
pub fn split_url(url: &str) -> (&str, &str) {
    let path_start = url
        .match_indices('/')
        .nth(2)
        .map_or(url.len(), |(at, _)| at);
    url.split_at_checked(path_start).unwrap_or((url, ""))
}

/// Whether nobody on the way can read the request: it uses TLS, or the loopback interface of a developer's machine.
pub fn is_private(origin: &str) -> bool {
    !origin.starts_with("http://") || is_local(origin)
}

/// Whether the request came over the loopback interface of a developer's machine, in plain HTTP.
pub fn is_local(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else {
        return false;
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|loopback| {
        let port = host.strip_prefix(loopback);
        port.is_some_and(|port| port.is_empty() || port.starts_with(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_after_its_host() {
        for (url, origin, target) in [
            ("https://a.example/b?c=/d", "https://a.example", "/b?c=/d"),
            ("http://127.0.0.1:8787/", "http://127.0.0.1:8787", "/"),
            ("https://a.example", "https://a.example", ""),
        ] {
            assert_eq!(split_url(url), (origin, target));
        }
    }

    #[test]
    fn only_tls_and_loopback_are_private() {
        for (origin, private) in [
            ("https://a.example", true),
            ("http://a.example", false),
            ("http://127.0.0.1:8787", true),
            ("http://localhost", true),
            ("http://[::1]:1", true),
            ("http://localhost.example", false),
        ] {
            assert_eq!(is_private(origin), private, "{origin}");
        }
    }
}
