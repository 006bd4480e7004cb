//! Where pictures lie, and what is written on them.

/// Longest object key that S3 takes, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 1_024;

/// Type of every proxy, whatever the input was.
pub const PROXY_CONTENT_TYPE: &str = "image/jpeg";

/// Names of the user metadata on a proxy and on a refused picture (S3 puts `x-amz-meta-` before them).
pub mod metadata {
    /// Entity tag of the source object that the proxy was made from, without quotes: says whether the proxy is still right.
    pub const SOURCE_ETAG: &str = "source-etag";
    /// Version of the source object, where its bucket keeps versions.
    pub const SOURCE_VERSION: &str = "source-version";
    /// How the proxy was made: another recipe makes the proxy stale, as another source does.
    pub const RECIPE: &str = "recipe";
}

/// Key of a proxy in the destination bucket.
///
/// It keeps the whole name of the input, so that `a.png` and `a.jpg` never share a proxy.
///
/// ```
/// assert_eq!(contract::images::proxy_key("in/photo.png", 2048), "in/photo.png/2048.jpg");
/// ```
#[must_use]
pub fn proxy_key(key: &str, box_edge: u32) -> String {
    format!("{key}/{box_edge}.jpg")
}

/// Where a refused picture goes, in its own bucket: its whole key below `reject_prefix`.
///
/// A key that would grow too long for S3 is filed under its entity tag instead; the reason beside it names the whole key.
///
/// ```
/// assert_eq!(contract::images::reject_key("rejected/", "in/notes.txt", "d41d8c"), "rejected/in/notes.txt");
/// ```
#[must_use]
pub fn reject_key(reject_prefix: &str, key: &str, etag: &str) -> String {
    let moved = format!("{reject_prefix}{key}");
    if reason_key(&moved).len() <= MAX_KEY_BYTES { moved } else { format!("{reject_prefix}by-etag/{etag}") }
}

/// Key of the JSON object beside a refused picture that says why it was refused.
///
/// ```
/// assert_eq!(contract::images::reason_key("rejected/in/notes.txt"), "rejected/in/notes.txt.reason.json");
/// ```
#[must_use]
pub fn reason_key(rejected_key: &str) -> String {
    format!("{rejected_key}.reason.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_of_one_stem_keep_their_proxies_apart() {
        let (png, jpeg) = ("in/a.png", "in/a.jpg");

        let keys = [proxy_key(png, 1024), proxy_key(jpeg, 1024)];

        assert_ne!(keys[0], keys[1], "the second picture would overwrite the proxies of the first");
    }

    #[test]
    fn a_refused_key_always_fits_into_s3() {
        let longest = format!("in/{}", "x".repeat(MAX_KEY_BYTES - 3));

        let rejected = reject_key("rejected/", &longest, "9e107d9d372bb6826bd81d3542a419d6");

        assert!(reason_key(&rejected).len() <= MAX_KEY_BYTES, "S3 would refuse the move, and the queue would try it for ever");
        assert_eq!(rejected, "rejected/by-etag/9e107d9d372bb6826bd81d3542a419d6");
    }
}
