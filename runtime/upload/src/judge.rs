//! What is refused, and in which words: always with status 400, and before anything is stored.

use caller::Answer;
use contract::upload::{CONTENT_TYPES, MOST_DIRECT_BYTES};
use picture::{Format, Reason, sniff};

/// Enough bytes to tell what a file is.
pub(crate) const BEGIN_BYTES: usize = 8;

/// What a declared type may be beside the true one: it says nothing.
const SAYS_NOTHING: [&str; 2] = ["application/octet-stream", "binary/octet-stream"];

/// The type of a file by its first bytes, held against what its sender says that it is.
///
/// The sender's word alone counts for nothing; but one who says the wrong thing has sent something else than he meant, and hears of it.
pub(crate) fn content_type(begin: &[u8], declared: Option<&str>) -> Result<&'static str, Answer> {
    let found = match sniff(begin) {
        Ok(Format::Jpeg) => CONTENT_TYPES[0],
        Ok(Format::Png) => CONTENT_TYPES[1],
        Err(refusal) if refusal.reason == Reason::Empty => return Err(empty()),
        Err(refusal) => {
            let sent = if essence(declared) == "multipart/form-data" { "; send the picture itself as the body, not a form" } else { "" };
            return Err(Answer::error(400, refusal.reason.as_str(), format!("{refusal}{sent}")));
        }
    };
    let declared = essence(declared);
    if declared.is_empty() || declared == found || SAYS_NOTHING.contains(&declared.as_str()) {
        return Ok(found);
    }
    let message = format!("`Content-Type` is `{declared}`, the first bytes are those of `{found}`; send that, or `{}`", SAYS_NOTHING[0]);
    Err(Answer::error(400, "content_type_differs", message))
}

/// A media type without its parameters, in lower case; empty when there is none.
pub(crate) fn essence(content_type: Option<&str>) -> String {
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(crate) fn empty() -> Answer {
    Answer::error(400, Reason::Empty.as_str(), "the picture has no bytes")
}

pub(crate) fn too_large(bytes: u64, most: u32) -> Answer {
    let message = format!("the picture has {bytes} bytes, it may have at most {most}");
    Answer::error(400, Reason::TooManyBytes.as_str(), message)
}

/// The same where nobody knows how many more would have come.
pub(crate) fn too_large_already(most: u32) -> Answer {
    let message = format!("the picture has more than the {most} bytes that it may have; nothing of it was kept");
    Answer::error(400, Reason::TooManyBytes.as_str(), message)
}

/// A picture that may be as large as it is, but not in this way.
pub(crate) fn declare_it(bytes: usize) -> Answer {
    let message = format!(
        "the picture has {bytes} bytes, a request takes {MOST_DIRECT_BYTES}; declare it by `{{\"content_type\":\"image/jpeg\",\"bytes\":{bytes}}}` \
         with `Content-Type: application/json`, and send it where the answer says"
    );
    Answer::error(400, "declare_it", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn word(begin: &[u8], declared: Option<&str>) -> Result<&'static str, &'static str> {
        content_type(begin, declared).map_err(|answer| {
            assert_eq!(answer.status, 400, "a client would take it for its own success, or for our failure");
            answer.error.unwrap()
        })
    }

    #[test]
    fn a_file_is_what_it_begins_with_whatever_it_is_called() {
        for declared in [None, Some(""), Some("application/octet-stream"), Some("image/jpeg"), Some("IMAGE/JPEG; x=1")] {
            assert_eq!(word(JPEG, declared), Ok("image/jpeg"), "{declared:?}");
        }
        assert_eq!(word(PNG, Some("image/png")), Ok("image/png"));
    }

    #[test]
    fn a_lying_content_type_is_found_by_the_magic_bytes() {
        let gif = b"GIF89a\x01\0\x01\0";
        let cases: [(&[u8], &str, &str); 7] = [
            (gif, "image/jpeg", "not_an_image"),
            (gif, "image/gif", "not_an_image"),
            (b"<!DOCTYPE html><script>", "image/png", "not_an_image"),
            (b"%PDF-1.7\n", "image/jpeg", "not_an_image"),
            (JPEG, "image/png", "content_type_differs"),
            (PNG, "image/jpeg", "content_type_differs"),
            (PNG, "text/html", "content_type_differs"),
        ];
        for (begin, declared, expected) in cases {
            assert_eq!(word(begin, Some(declared)), Err(expected), "{declared}");
        }
    }

    #[test]
    fn a_polyglot_is_what_its_beginning_says() {
        let gif_then_jpeg = [b"GIF89a".as_slice(), JPEG].concat();
        let html_then_png = [b"<html>".as_slice(), PNG].concat();
        let pdf_then_jpeg = [b"%PDF-1.4".as_slice(), JPEG].concat();
        let zip_then_png = [b"PK\x03\x04".as_slice(), PNG].concat();
        for file in [gif_then_jpeg, html_then_png, pdf_then_jpeg, zip_then_png] {
            assert_eq!(word(&file, Some("image/jpeg")), Err("not_an_image"), "it would be stored as a picture: {file:?}");
        }
        // What hides behind a picture ends in the transcoder: proxies hold freshly encoded pixels, and nobody gets the original.
        let jpeg_then_zip = [JPEG, b"PK\x03\x04".as_slice()].concat();
        assert_eq!(word(&jpeg_then_zip, Some("image/jpeg")), Ok("image/jpeg"));
    }

    #[test]
    fn a_cut_signature_is_none() {
        for length in 1..PNG.len().min(BEGIN_BYTES) {
            assert_eq!(word(&PNG[..length], None), Err("not_an_image"), "{length} bytes");
        }
        assert_eq!(word(b"", None), Err("empty"));
        assert_eq!(word(&JPEG[..3], None), Ok("image/jpeg"));
    }

    #[test]
    fn a_browsers_form_is_told_how_to_send_a_picture() {
        let answer = content_type(b"------WebKitFormBoundary", Some("multipart/form-data; boundary=x")).unwrap_err();

        assert!(answer.body.contains("send the picture itself as the body"), "{}", answer.body);
    }
}
