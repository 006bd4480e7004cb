//! What arrives in the body of a message: a notification from S3.
//!
//! Only what is used is read, so that a field which AWS adds or leaves out cannot fail a batch.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// What S3 has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// S3 tries whether the queue can be reached, once for each new notification configuration.
    Test,
    /// Something happened to objects.
    Objects(Vec<ObjectEvent>),
}

/// Something happened to an object; what it looks like now must be asked of S3, since events come late, twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    /// What, such as `ObjectCreated:Put`.
    pub name: String,
    /// In which bucket.
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
}

impl ObjectEvent {
    /// Whether the object is new, whichever way it came.
    #[must_use]
    pub fn is_creation(&self) -> bool {
        self.name.trim_start_matches("s3:").starts_with("ObjectCreated:")
    }
}

/// The message is no notification from S3.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The body is no JSON, or lacks what a notification has.
    #[error("the message is no notification from S3")]
    Body(#[from] serde_json::Error),
    /// The key is no text once it is decoded.
    #[error("the object key `{0}` is not percent-encoded UTF-8")]
    Key(String),
}

/// Reads the body of a message.
///
/// # Errors
///
/// It is no notification from S3.
pub fn read(body: &str) -> Result<Notification, Unreadable> {
    let wire: Wire = serde_json::from_str(body)?;
    match wire {
        Wire::Test { .. } => Ok(Notification::Test),
        Wire::Objects { records } => records.into_iter().map(ObjectEvent::try_from).collect::<Result<_, _>>().map(Notification::Objects),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Objects {
        #[serde(rename = "Records")]
        records: Vec<WireRecord>,
    },
    Test {
        #[serde(rename = "Event")]
        _event: TestEvent,
    },
}

#[derive(Deserialize)]
enum TestEvent {
    #[serde(rename = "s3:TestEvent")]
    Test,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRecord {
    event_name: String,
    s3: WireEntity,
}

#[derive(Deserialize)]
struct WireEntity {
    bucket: WireBucket,
    object: WireObject,
}

#[derive(Deserialize)]
struct WireBucket {
    name: String,
}

#[derive(Deserialize)]
struct WireObject {
    key: String,
}

impl TryFrom<WireRecord> for ObjectEvent {
    type Error = Unreadable;

    fn try_from(record: WireRecord) -> Result<Self, Unreadable> {
        let WireRecord { event_name: name, s3: WireEntity { bucket, object } } = record;
        Ok(Self { name, bucket: bucket.name, key: decode_key(&object.key)? })
    }
}

/// S3 encodes keys as HTML forms do: a space is a plus sign, a plus sign is `%2B`.
fn decode_key(encoded: &str) -> Result<String, Unreadable> {
    let spaced = encoded.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Unreadable::Key(encoded.to_owned()))?;
    Ok(decoded.into_owned())
}
