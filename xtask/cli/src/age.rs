//! How long ago, and how long, as a person says it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    now_milliseconds() / 1000
}

/// Milliseconds since 1970.
pub(crate) fn now_milliseconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `40s`, `12m`, `3h`, `5d`.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// `850 ms`, `4.2 s`, `3m 12s`.
pub(crate) fn span(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{}m {}s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_spans_are_as_coarse_as_people_want_them() {
        assert_eq!([0, 59, 60, 3_599, 3_600, 172_799, 172_800].map(age), ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]);
        assert_eq!([0, 999, 1_000, 4_250, 192_000].map(span), ["0 ms", "999 ms", "1.0 s", "4.2 s", "3m 12s"]);
    }
}
