//! Credentials that were left in a binary, found before it is sent to where more people can read it than the sources.
//!
//! Only what lives long and is known by its form: AWS access key IDs, private keys, GitHub's tokens. What has no form of its own (a
//! secret access key, a password) cannot be told from other data.

use std::fmt;

use memchr::memmem;

/// Counts the changes of what is looked for, so that a binary that passed before is looked at again.
pub(super) const RULES: u32 = 1;

/// The letters behind `AKIA` and `ASIA`: base32, as AWS encodes the account and a number.
const KEY_LETTERS: usize = 16;

/// A longer run of capitals and digits is data in base32, in which the four letters come by chance. The run may be longer than a key:
/// texts lie in a Rust binary without a gap, so that the next one's first letters follow the key.
const LONGEST_RUN: usize = 64;

/// What AWS's documentation has instead of the last letters: `AKIAIOSFODNN7EXAMPLE`.
const EXAMPLE: &[u8] = b"EXAMPLE";

/// The random part of GitHub's short tokens (`ghp_…`), and of the fine-grained ones, whose two parts are joined by a `_`.
const TOKEN_LETTERS: usize = 36;
const FINE_GRAINED_LETTERS: (usize, usize) = (22, 59);

/// As much of a private key must follow its header: libraries that read such files hold the header alone.
const KEY_MATERIAL: usize = 32;

/// What kind of credential it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    AccessKey,
    PrivateKey,
    GitHubToken,
}

/// A credential in a file. Its value is kept only as far as it helps to find out which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    kind: Kind,
    /// Of its first byte.
    offset: usize,
    masked: String,
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::AccessKey => "an AWS access key ID",
            Kind::PrivateKey => "a private key",
            Kind::GitHubToken => "a GitHub token",
        };
        write!(f, "{kind} `{}` at byte {}", self.masked, self.offset)
    }
}

/// Everything in some bytes that looks like a credential, in the order in which it stands there.
pub(super) fn find(bytes: &[u8]) -> Vec<Secret> {
    let mut found = Vec::new();
    for (prefix, look) in SIGNS {
        let places = memmem::find_iter(bytes, prefix);
        found.extend(places.filter_map(|offset| look(bytes, offset)));
    }
    found.sort_by_key(|secret| secret.offset);
    found
}

/// Looks at the place where a credential may begin.
type Look = fn(&[u8], usize) -> Option<Secret>;

/// How credentials begin, and who knows how they go on.
const SIGNS: [(&[u8], Look); 9] = [
    (b"AKIA", access_key),
    (b"ASIA", access_key),
    (b"-----BEGIN ", private_key),
    (b"ghp_", token),
    (b"gho_", token),
    (b"ghu_", token),
    (b"ghs_", token),
    (b"ghr_", token),
    (b"github_pat_", fine_grained_token),
];

fn access_key(bytes: &[u8], offset: usize) -> Option<Secret> {
    let (before, key) = bytes.split_at(offset);
    let key = key.get(..4 + KEY_LETTERS)?;
    let base32 = |byte: &u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(byte);
    if !key.iter().all(base32) || key.ends_with(EXAMPLE) {
        return None;
    }
    let capital = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let run = before.iter().rev().take(LONGEST_RUN).take_while(capital).count()
        + bytes[offset..].iter().take(LONGEST_RUN).take_while(capital).count();
    // Which key it is, is told by its last letters; the key ID alone opens nothing.
    let last = String::from_utf8_lossy(&key[KEY_LETTERS..]);
    let masked = format!("{}…{last}", String::from_utf8_lossy(&key[..4]));
    (run < LONGEST_RUN).then_some(Secret { kind: Kind::AccessKey, offset, masked })
}

fn private_key(bytes: &[u8], offset: usize) -> Option<Secret> {
    const END: &[u8] = b"PRIVATE KEY-----";
    // The longest word between is `ENCRYPTED`.
    let header = bytes.get(offset..)?;
    let end = memmem::find(&header[..header.len().min(64)], END)? + END.len();
    let body = skip_line_ends(&header[end..]);
    let material = body.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)).count();
    // Keys with a passphrase of the old form have lines with a colon first.
    let found = KEY_MATERIAL <= material || body.starts_with(b"Proc-Type:");
    let masked = format!("{}…", String::from_utf8_lossy(&header[..end]));
    found.then_some(Secret { kind: Kind::PrivateKey, offset, masked })
}

/// Without line ends, also those that are written as `\n` inside JSON.
fn skip_line_ends(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = [&b"\n"[..], b"\r", b"\\n", b"\\r", b" "].iter().find_map(|end| bytes.strip_prefix(*end)) {
        bytes = rest;
    }
    bytes
}

fn token(bytes: &[u8], offset: usize) -> Option<Secret> {
    let letters = bytes[offset + 4..].iter().take(TOKEN_LETTERS).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let masked = format!("{}…", String::from_utf8_lossy(&bytes[offset..offset + 4]));
    (letters == TOKEN_LETTERS).then_some(Secret { kind: Kind::GitHubToken, offset, masked })
}

fn fine_grained_token(bytes: &[u8], offset: usize) -> Option<Secret> {
    const PREFIX: &str = "github_pat_";
    let (first, second) = FINE_GRAINED_LETTERS;
    let rest = bytes.get(offset + PREFIX.len()..offset + PREFIX.len() + first + 1 + second)?;
    let (one, other) = (&rest[..first], &rest[first + 1..]);
    let found = rest[first] == b'_' && one.iter().chain(other).all(u8::is_ascii_alphanumeric);
    found.then(|| Secret { kind: Kind::GitHubToken, offset, masked: format!("{PREFIX}…") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that this file itself holds no credential.
    fn key(prefix: &str) -> String {
        format!("{prefix}{}", "QWERTY234567ZXCV")
    }

    fn in_binary(text: &str) -> Vec<u8> {
        [b"\x7fELF\0\x01\x02".as_slice(), text.as_bytes(), b"\0\xff\xfe"].concat()
    }

    #[test]
    fn a_credential_is_found_and_not_repeated() {
        let pem = format!("-----BEGIN RSA {}-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AH", "PRIVATE KEY");
        let in_json = format!("-----BEGIN {}-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAo", "PRIVATE KEY");
        let fine_grained = format!("github_{}_{}_{}", "pat", "A1".repeat(11), "b".repeat(59));
        let planted = [
            (key("AKIA"), "an AWS access key ID `AKIA…ZXCV` at byte 7"),
            (key("ASIA"), "an AWS access key ID `ASIA…ZXCV` at byte 7"),
            (pem, "a private key `-----BEGIN RSA PRIVATE KEY-----…` at byte 7"),
            (in_json, "a private key `-----BEGIN PRIVATE KEY-----…` at byte 7"),
            (format!("ghp_{}", "aB3".repeat(12)), "a GitHub token `ghp_…` at byte 7"),
            (fine_grained, "a GitHub token `github_pat_…` at byte 7"),
        ];

        for (secret, told) in planted {
            let found = find(&in_binary(&secret));

            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [told], "it would be uploaded: {secret}");
            assert!(!found[0].to_string().contains(&secret[..secret.len().min(40)]), "a log would hold the credential: {}", found[0]);
        }
    }

    #[test]
    fn texts_that_touch_a_key_do_not_hide_it() {
        let planted = format!("no such key{}Invalid HTTP GET{}POST", key("AKIA"), key("ASIA"));

        let offsets: Vec<_> = find(planted.as_bytes()).iter().map(|secret| secret.offset).collect();

        assert_eq!(offsets, [11, 47], "Rust puts no gap between two texts");
    }

    #[test]
    fn what_only_looks_like_a_credential_passes() {
        let base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".repeat(2);
        let harmless = [
            "AKIAIOSFODNN7EXAMPLE".to_owned(),
            "ASIAIOSFODNN7EXAMPLE".to_owned(),
            // Too short, letters that base32 does not have, and data in which the four letters come by chance.
            key("AKIA")[..19].to_owned(),
            key("AKIA").replace('7', "8"),
            key("AKIA").to_lowercase(),
            format!("{base32}{}{base32}", key("AKIA")),
            // What a library that reads keys holds.
            format!("-----BEGIN {}----------END {0}-----", "PRIVATE KEY"),
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0Z3VS5JJcds3".to_owned(),
            "ghp_buffer_of_the_page_that_was_read_last_time".to_owned(),
            format!("github_{}_{}", "pat", "a".repeat(90)),
        ];

        for text in harmless {
            assert_eq!(find(&in_binary(&text)), [], "nobody could deploy any more: {text}");
        }
    }

    #[test]
    fn the_end_of_a_file_is_no_place_to_fall_over() {
        let beginnings = ["AKIA", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "ghp_", "github_pat_", ""];

        assert!(beginnings.iter().all(|text| find(text.as_bytes()).is_empty()));
    }
}
