//! Uploads of pictures: paths, bodies and answers, and the configuration of the service that takes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Words;
use crate::settings::{Any, Numbers, OneOf, configuration};

/// The routes, as HTTP APIs write them: method and path.
pub const ROUTES: [(&str, &str); 2] = [("POST", "/images"), ("GET", "/images/{id}")];

/// Types that are taken, as clients declare them and as S3 keeps them.
pub const CONTENT_TYPES: [&str; 2] = ["image/jpeg", "image/png"];

/// Largest body that a function takes directly, in bytes. Lambda hands over 6 MB, in which a binary body is base64: a third more,
/// with the request's headers around it.
pub const MOST_DIRECT_BYTES: u32 = 4 * 1024 * 1024;

/// Body of `POST /images` that declares a picture instead of bringing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// `image/jpeg` or `image/png`.
    pub content_type: String,
    /// How many bytes it has: exactly so many will be taken.
    pub bytes: u64,
}

/// Answer 201 to `POST /images`, whose `Location` is the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The picture's identity.
    pub id: String,
    /// Where it lies, or will lie, in the source bucket.
    pub key: String,
    /// Where to send it; absent when it was taken with the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
}

/// A form for S3: `POST` with `multipart/form-data`, these fields first and the picture as the last one, called `file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Where to send it.
    pub url: String,
    /// The fields that go before the picture, each as it is: S3 refuses another value, and a field more.
    pub fields: BTreeMap<String, String>,
    /// When the form ends, in seconds since 1970.
    pub expires_at: u64,
}

/// Answer to `GET /images/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The picture's identity.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// Of a transcoded picture: its proxies, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<Proxy>,
    /// Of a rejected one: why, as one word of a fixed list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a rejected one: why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where a picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It arrived, and its proxies are not there yet.
    Waiting,
    /// Its proxies are there.
    Transcoded,
    /// It is no picture that proxies can be made of.
    Rejected,
}

/// A proxy of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// Edge of the square that it fits into, in pixels.
    pub edge: u32,
    /// Where to fetch it, for a few minutes.
    pub url: String,
}

configuration! {
    /// All that the upload service needs to know.
    UploadConfig, prefix "UPLOAD";
    references {
        /// Who must have issued a token: `https://cognito-idp.<region>.amazonaws.com/<pool>`.
        issuer = "ISSUER", "the issuer of the user pool's tokens, an https URL";
        /// Where the issuer's public keys are; beside the local cloud another address than the issuer's.
        jwks_url = "JWKS_URL", "the URL of the issuer's public keys";
        /// The app client that a token must be for.
        client_id = "CLIENT_ID", "the id of the user pool's app client";
        /// Name of the table that counts requests per user.
        rate_table = "RATE_TABLE", "the name of the table that counts requests";
        /// Bucket that pictures arrive in.
        source_bucket = "SOURCE_BUCKET", "the name of the bucket that pictures arrive in";
        /// Bucket that proxies are written to.
        destination_bucket = "DESTINATION_BUCKET", "the name of the bucket for proxies";
    }
    values {
        /// `presigned` is a function behind an HTTP API, which takes small pictures itself and hands out forms for others; `stream` is a
        /// server, which takes every picture itself.
        mode: String = "MODE", OneOf(&["presigned", "stream"]);
        /// Where a server listens.
        listen: String = "LISTEN", Any("an address and a port, such as `0.0.0.0:8080`, or `none` in the mode `presigned`");
        /// Which tokens are taken: Cognito's `id` or `access` tokens.
        token_use: String = "TOKEN_USE", OneOf(&["id", "access"]);
        /// Origins that browsers may call from, beside any port of localhost and every `capacitor://` origin.
        origins: Words = "ORIGINS", Any("origins such as `https://app.example.com` with commas between, or `none`");
        /// Requests that one user may make within any second.
        burst_per_second: u32 = "BURST_PER_SECOND", 1..=100;
        /// Requests that one user may make within any minute.
        per_minute: u32 = "PER_MINUTE", 1..=1_000;
        /// `60` says so whatever is left to wait, `exact` says the seconds that are left.
        retry_after: String = "RETRY_AFTER", OneOf(&["60", "exact"]);
        /// Where pictures arrive in the source bucket.
        incoming_prefix: String = "INCOMING_PREFIX", Any("a folder that ends with a slash, such as `in/`");
        /// Where refused pictures go in the source bucket.
        reject_prefix: String = "REJECT_PREFIX", Any("a folder that ends with a slash, such as `rejected/`");
        /// Edges of the squares that proxies fit into, largest first.
        boxes: Words = "BOXES", Numbers(16..=16_384);
        /// Largest picture, in bytes.
        max_bytes: u32 = "MAX_BYTES", 1..=1 << 30;
        /// How long a form or a link is good, in seconds.
        link_seconds: u32 = "LINK_SECONDS", 60..=3_600;
        /// Of a server: pictures that it takes at once; each holds one part of 8 MiB in memory, and another on its way.
        max_uploads: u32 = "MAX_UPLOADS", 1..=256;
        /// Of a server: a client that sends nothing for so many seconds is given up.
        idle_seconds: u32 = "IDLE_SECONDS", 1..=300;
        /// Of a server: how long uploads may go on after it was told to end, in seconds.
        drain_seconds: u32 = "DRAIN_SECONDS", 1..=110;
    }
}

impl<S> UploadConfig<S> {
    /// The edges of the squares that proxies fit into, as numbers.
    #[must_use]
    pub fn edges(&self) -> Vec<u32> {
        self.boxes.0.iter().filter_map(|edge| edge.parse().ok()).collect()
    }
}

/// Key of an uploaded picture in the source bucket; `folder` stands for its owner.
///
/// ```
/// assert_eq!(contract::upload::key("in/", "5c2e", "01JB"), "in/5c2e/01JB");
/// ```
#[must_use]
pub fn key(incoming_prefix: &str, folder: &str, id: &str) -> String {
    format!("{incoming_prefix}{folder}/{id}")
}
