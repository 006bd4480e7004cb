//! Which pages may call: decided by the exact origin, since an HTTP API's own CORS knows no "any port" and no 403.

use contract::Words;

/// What the header `Origin` says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin<'a> {
    /// There is none: no browser, or a page of the same origin.
    None,
    /// One that may call.
    Allowed(&'a str),
    /// Any other, `null` among them: sandboxed frames send it, and so does every file.
    Foreign,
}

/// How long a browser may remember a preflight's answer, in seconds; Chrome takes no more than two hours.
const MAX_AGE: &str = "7200";

/// Headers of the answer to a preflight of an allowed origin.
pub(crate) const PREFLIGHT: [(&str, &str); 3] = [
    ("access-control-allow-methods", "POST, GET, OPTIONS"),
    ("access-control-allow-headers", "Authorization, Content-Type, Idempotency-Key"),
    ("access-control-max-age", MAX_AGE),
];

/// Headers that a page may read of an answer.
pub(crate) const EXPOSED: &str = "Location, Retry-After, WWW-Authenticate";

impl<'a> Origin<'a> {
    pub(crate) fn of(header: Option<&'a str>, configured: &Words) -> Self {
        match header {
            None => Self::None,
            Some(origin) if configured.contains(origin) || is_localhost(origin) || is_capacitor(origin) => Self::Allowed(origin),
            Some(_) => Self::Foreign,
        }
    }
}

/// `http://localhost`, with any port or none. Browsers write origins in lower case, without a trailing dot and without a leading zero.
fn is_localhost(origin: &str) -> bool {
    match origin.strip_prefix("http://localhost") {
        None => false,
        Some("") => true,
        Some(rest) => rest.strip_prefix(':').is_some_and(is_port),
    }
}

/// `capacitor://` and a host, with any port or none: pages inside of an app, whose scheme no web page can have.
fn is_capacitor(origin: &str) -> bool {
    let Some(rest) = origin.strip_prefix("capacitor://") else { return false };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    !host.is_empty() && host.bytes().all(letter) && !host.ends_with('.') && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_origin_may_call() {
        let configured: Words = "https://app.example.com".parse().unwrap();
        let allowed = [
            "http://localhost",
            "http://localhost:1",
            "http://localhost:5173",
            "http://localhost:65535",
            "capacitor://localhost",
            "capacitor://app.example.com",
            "https://app.example.com",
        ];
        let foreign = [
            "",
            "null",
            "evil.com",
            "https://evil.com",
            "http://localhost.evil.com",
            "http://localhost:80@evil.com",
            "http://localhost@evil.com",
            "http://localhost:",
            "http://localhost:0",
            "http://localhost:080",
            "http://localhost:65536",
            "http://localhost:+80",
            "http://localhost:80/",
            "http://localhost:80.evil.com",
            "http://localhost/",
            "http://localhost.",
            "http://localhost.:80",
            "HTTP://LOCALHOST:80",
            "http://Localhost:80",
            "https://localhost:80",
            "http://127.0.0.1:80",
            "http://[::1]:80",
            "http://localhost:80,https://evil.com",
            "http://localhost:80 https://evil.com",
            " http://localhost:80",
            "capacitor://",
            "capacitor://a@b",
            "capacitor://localhost.",
            "capacitor://localhost/",
            "Capacitor://localhost",
            "xcapacitor://localhost",
            "https://app.example.com:443",
            "https://app.example.com.",
            "https://app.example.com.evil.com",
            "http://app.example.com",
        ];

        for origin in allowed {
            assert_eq!(Origin::of(Some(origin), &configured), Origin::Allowed(origin), "`{origin}` could not call");
        }
        for origin in foreign {
            assert_eq!(Origin::of(Some(origin), &configured), Origin::Foreign, "`{origin}` could call in a user's name");
        }
        assert_eq!(Origin::of(None, &configured), Origin::None, "programs that are no browser could not call");
    }
}
