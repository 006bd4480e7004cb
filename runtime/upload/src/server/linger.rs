//! The end of a body that nobody wants.
//!
//! A socket that is closed while bytes still wait in it is reset, and with it the answer that was just sent: the client would see a
//! broken connection instead of the reason. So a refused body is read on for a moment, and thrown away.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};
use tokio::time::timeout;

const MOST_BYTES: usize = 8 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(5);

/// Reads on, within bounds.
pub(super) async fn linger(mut body: Incoming) {
    let read = async {
        let mut bytes = 0;
        while bytes < MOST_BYTES
            && let Some(Ok(frame)) = body.frame().await
        {
            bytes += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    timeout(LONGEST, read).await.ok();
}

/// Whether there may be more of it.
pub(super) fn is_unread(body: &Incoming) -> bool {
    !body.is_end_stream()
}
