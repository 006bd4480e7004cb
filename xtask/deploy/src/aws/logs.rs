//! Lines into log groups.

use aws_sdk_cloudwatchlogs::error::DisplayErrorContext;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;

use super::Aws;

impl Aws {
    /// Adds lines to a stream of a log group, with their times in milliseconds since 1970, oldest first. The stream is made when it is
    /// missing; the group is its stack's.
    pub(crate) async fn put_log_lines(&self, group: &str, stream: &str, lines: Vec<(i64, String)>) -> Result<(), String> {
        let client = aws_sdk_cloudwatchlogs::Client::new(&self.config);
        let events = lines.into_iter().map(|(at, line)| InputLogEvent::builder().timestamp(at).message(line).build());
        let events = events.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        let put = || client.put_log_events().log_group_name(group).log_stream_name(stream).set_log_events(Some(events.clone())).send();
        match put().await {
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {}
            answer => return answer.map(drop).map_err(|error| DisplayErrorContext(error).to_string()),
        }
        let made = client.create_log_stream().log_group_name(group).log_stream_name(stream).send().await;
        made.map_err(|error| DisplayErrorContext(error).to_string())?;
        put().await.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
    }
}
