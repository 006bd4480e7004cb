//! Messages into queues.

use engine::cloud::{CloudError, ErrorKind};

use super::{Aws, errors};

const SERVICE: &str = "sqs";

impl Aws {
    pub(super) async fn message(
        &self,
        url: &str,
        body: &str,
        group: Option<&str>,
        deduplication: Option<&str>,
    ) -> Result<String, CloudError> {
        self.count(SERVICE);
        let call = aws_sdk_sqs::Client::new(&self.config).send_message().queue_url(url).message_body(body);
        let call = call.set_message_group_id(group.map(str::to_owned)).set_message_deduplication_id(deduplication.map(str::to_owned));
        let sent = call.send().await.map_err(|error| {
            let error = errors::of(SERVICE, "SendMessage", error);
            // What SQS refuses about a message has many codes, and one meaning.
            let about_it = error.code.as_deref().is_some_and(|code| code.starts_with("Invalid") || code.starts_with("Missing"));
            if about_it && error.kind == ErrorKind::Other { CloudError { kind: ErrorKind::Refused, ..error } } else { error }
        })?;
        Ok(sent.message_id.unwrap_or_default())
    }
}
