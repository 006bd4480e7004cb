//! The SDK's errors as the engine's.

use std::error::Error;

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

use engine::cloud::{CloudError, ErrorKind};

/// AWS echoes what it refuses, up to the whole template; more than this helps nobody.
const LONGEST_MESSAGE: usize = 600;

/// An SDK error as a [`CloudError`].
pub(super) fn of<E>(service: &'static str, operation: &'static str, error: SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    let words = error.as_service_error().and_then(ProvideErrorMetadata::message).map(str::to_owned);
    let connection = matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout());
    let timeout = matches!(&error, SdkError::TimeoutError(_));
    // The call arrived, and its answer broke off or makes no sense.
    let broken = matches!(&error, SdkError::ResponseError(_));
    let status = error.raw_response().map(|response| response.status().as_u16());
    let message = words.unwrap_or_else(|| chain(&error));
    let kind = kind(code.as_deref(), &message);
    let out_of_order = kind == ErrorKind::Other && (broken || status.is_some_and(|status| 500 <= status));
    let kind = if connection || timeout {
        ErrorKind::Unreachable
    } else if out_of_order {
        ErrorKind::Unavailable
    } else {
        kind
    };
    CloudError { service, operation, code, message: shorten(message), kind }
}

/// An error with its causes, each in its own words, without the dump that the SDK's own display adds.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut words = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        words.push(cause.to_string());
        next = cause.source();
    }
    words.dedup();
    words.join(": ")
}

pub(super) fn kind(code: Option<&str>, message: &str) -> ErrorKind {
    match code {
        Some(
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException"
            | "InvalidAccessKeyId"
            | "AuthFailure"
            | "InvalidSignatureException"
            | "RequestExpired",
        ) => ErrorKind::Credentials,
        Some("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "Forbidden") => ErrorKind::Denied,
        // S3's `SlowDown` comes with 503, and is throttling all the same.
        Some(
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
            | "BandwidthLimitExceeded"
            | "SlowDown"
            | "PriorRequestNotComplete",
        ) => ErrorKind::Throttled,
        Some(
            "InternalFailure"
            | "InternalError"
            | "InternalServerError"
            | "InternalServiceError"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "RequestTimeout"
            | "RequestTimeoutException",
        ) => ErrorKind::Unavailable,
        Some("AlreadyExistsException" | "AlreadyExists") => ErrorKind::Exists,
        Some(
            "ChangeSetNotFound" | "ChangeSetNotFoundException" | "NoSuchKey" | "NoSuchBucket" | "NotFound" | "ResourceNotFoundException",
        ) => ErrorKind::NotFound,
        Some("PreconditionFailed" | "ConditionalRequestConflict") => ErrorKind::Conflict,
        Some("ValidationError") if message.contains("does not exist") => ErrorKind::NotFound,
        Some(
            "ValidationError"
            | "InsufficientCapabilities"
            | "InsufficientCapabilitiesException"
            | "LimitExceeded"
            | "LimitExceededException"
            | "InvalidChangeSetStatus"
            | "InvalidChangeSetStatusException"
            | "InvalidOperation"
            | "InvalidOperationException"
            | "TokenAlreadyExistsException",
        ) => ErrorKind::Refused,
        Some(_) => ErrorKind::Other,
        // The SDK reports missing credentials as a failed dispatch with this in its text.
        None if message.contains("credentials") || message.contains("identity") => ErrorKind::Credentials,
        None => ErrorKind::Other,
    }
}

/// None for what does not exist.
pub(super) fn absent<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn shorten(mut message: String) -> String {
    if message.chars().count() > LONGEST_MESSAGE {
        message = message.chars().take(LONGEST_MESSAGE / 2).chain(" … ".chars()).chain(tail(&message)).collect();
    }
    message
}

fn tail(message: &str) -> Vec<char> {
    let skip = message.chars().count() - LONGEST_MESSAGE / 2;
    message.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_echoes_a_whole_template_is_cut_in_its_middle() {
        let message = format!("Value '{}' failed to satisfy constraint", "x".repeat(60_000));

        let short = shorten(message);

        assert!(
            short.len() < 1_000 && short.ends_with("failed to satisfy constraint"),
            "the terminal would be flooded: {} bytes",
            short.len()
        );
    }

    #[test]
    fn throttling_and_an_aws_that_is_out_of_order_pass() {
        let kinds = ["Throttling", "SlowDown", "InternalFailure", "ServiceUnavailable"].map(|code| kind(Some(code), "Rate exceeded"));

        let (throttled, unavailable) = (ErrorKind::Throttled, ErrorKind::Unavailable);
        assert_eq!(kinds, [throttled, throttled, unavailable, unavailable], "a deploy would end for what passes in a second");
    }

    #[test]
    fn an_expired_token_is_a_matter_of_credentials() {
        let codes = ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"];

        for code in codes {
            assert_eq!(kind(Some(code), ""), ErrorKind::Credentials, "a person would not be told to sign in again for {code}");
        }
    }
}
