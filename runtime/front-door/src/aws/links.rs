//! Links to objects, signed here: the one thing that is wanted of S3 needs no call, and so none of S3's crate.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Aws;
use crate::cloud::{Links, StoreError};

/// Long enough to be clicked, too short to be handed around.
const VALID_FOR: Duration = Duration::from_secs(300);

const SIGNING: &str = "sign a link";

/// What stays as it is in a key's path: RFC 3986's unreserved characters, and the slash.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

impl Links for Aws {
    async fn link(&self, bucket: &str, key: &str) -> Result<String, StoreError> {
        let provider = self.config.credentials_provider().ok_or_else(|| StoreError::new(SIGNING, "there are no credentials"))?;
        let credentials = provider.provide_credentials().await.map_err(|error| StoreError::new(SIGNING, error))?;
        let region = self.config.region().ok_or_else(|| StoreError::new(SIGNING, "there is no region"))?.as_ref();
        presign(&url(&self.config, region, bucket, key), region, credentials, SystemTime::now(), VALID_FOR)
    }
}

/// Where the object is: below its bucket's own name on AWS, as a path at any other endpoint.
fn url(config: &SdkConfig, region: &str, bucket: &str, key: &str) -> String {
    let key = utf8_percent_encode(key, ENCODED);
    match config.endpoint_url() {
        Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
        None if region.starts_with("cn-") => format!("https://{bucket}.s3.{region}.amazonaws.com.cn/{key}"),
        None => format!("https://{bucket}.s3.{region}.amazonaws.com/{key}"),
    }
}

fn presign(url: &str, region: &str, credentials: Credentials, now: SystemTime, valid_for: Duration) -> Result<String, StoreError> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(valid_for);
    // S3 takes paths as they are written, and a body of which nobody knows the digest yet.
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder().identity(&identity).region(region).name("s3").time(now).settings(settings).build();
    let parameters = parameters.map_err(|error| StoreError::new(SIGNING, error))?.into();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::UnsignedPayload);
    let signed = sign(request.map_err(|error| StoreError::new(SIGNING, error))?, &parameters);
    let (instructions, _) = signed.map_err(|error| StoreError::new(SIGNING, error))?.into_parts();
    let query: Vec<_> = instructions.params().iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    Ok(format!("{url}?{}", query.join("&")))
}

fn encode(text: &str) -> String {
    const ALL: &AsciiSet = &ENCODED.add(b'/');
    utf8_percent_encode(text, ALL).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    /// The example of "Authenticating Requests: Using Query Parameters" in the S3 API reference.
    #[test]
    fn a_link_is_signed_as_the_s3_reference_signs_it() {
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, None, "the reference");
        let then = UNIX_EPOCH + Duration::from_secs(1_369_353_600); // 2013-05-24T00:00:00Z

        let link = presign("https://examplebucket.s3.amazonaws.com/test.txt", "us-east-1", credentials, then, Duration::from_secs(86_400))
            .unwrap();

        let signature = "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(link.ends_with(signature), "S3 would refuse it: {link}");
        assert!(link.contains("X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"), "{link}");
    }

    #[test]
    fn a_key_is_encoded_but_for_its_slashes() {
        let config = SdkConfig::builder().endpoint_url("http://127.0.0.1:4566/").build();

        assert_eq!(url(&config, "eu-central-1", "b", "a b/ü+c.png"), "http://127.0.0.1:4566/b/a%20b/%C3%BC%2Bc.png");
        let aws = SdkConfig::builder().build();
        assert_eq!(url(&aws, "eu-central-1", "b", "k"), "https://b.s3.eu-central-1.amazonaws.com/k");
    }
}
