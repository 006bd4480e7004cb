//! Forms for S3: a policy that says exactly what may come, signed here, so that S3 refuses everything else before it stores it.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_types::{
    DateTime, base64,
    date_time::{DateTimeFormatError, Format},
};
use caller::StoreError;
use contract::upload::Form;
use serde_json::json;

const SIGNING: &str = "sign a form";

/// What a form lets in.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The only key.
    pub key: &'a str,
    /// The only type that may be declared.
    pub content_type: &'a str,
    /// Exactly so many bytes.
    pub bytes: u64,
    /// The bucket's region.
    pub region: &'a str,
    /// How long.
    pub valid_for: Duration,
}

/// Where a bucket takes forms: at its own name on AWS, as a path at any other endpoint.
#[must_use]
pub fn url(endpoint: Option<&str>, region: &str, bucket: &str) -> String {
    match endpoint {
        Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
        None if region.starts_with("cn-") => format!("https://{bucket}.s3.{region}.amazonaws.com.cn/"),
        None => format!("https://{bucket}.s3.{region}.amazonaws.com/"),
    }
}

/// A form with these terms, in the name of whoever has these credentials.
///
/// # Errors
///
/// The clock says a time that no date stands for.
pub fn signed(url: String, terms: &Terms<'_>, credentials: &Credentials, now: SystemTime) -> Result<Form, StoreError> {
    let ends = whole_seconds(now + terms.valid_for);
    let time = compact(now).map_err(|error| StoreError::new(SIGNING, error))?;
    let day = time.get(..8).unwrap_or_default();
    let mut fields = BTreeMap::from([
        ("key".to_owned(), terms.key.to_owned()),
        ("Content-Type".to_owned(), terms.content_type.to_owned()),
        // Otherwise S3 answers 204, and a script cannot tell it from nothing.
        ("success_action_status".to_owned(), "201".to_owned()),
        ("x-amz-algorithm".to_owned(), "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential".to_owned(), format!("{}/{day}/{}/s3/aws4_request", credentials.access_key_id(), terms.region)),
        ("x-amz-date".to_owned(), time.clone()),
    ]);
    fields.extend(credentials.session_token().map(|token| ("x-amz-security-token".to_owned(), token.to_owned())));
    let exact = fields.iter().map(|(name, value)| json!(["eq", format!("${name}"), value]));
    let size = json!(["content-length-range", terms.bytes, terms.bytes]);
    let conditions: Vec<_> = exact.chain([json!({ "bucket": terms.bucket }), size]).collect();
    let expiration = ends.fmt(Format::DateTime).map_err(|error| StoreError::new(SIGNING, error))?;
    let policy = base64::encode(json!({ "expiration": expiration, "conditions": conditions }).to_string());
    let signature = sign(&policy, credentials.secret_access_key(), now, terms.region);
    fields.extend([("policy".to_owned(), policy), ("x-amz-signature".to_owned(), signature)]);
    Ok(Form { url, fields, expires_at: u64::try_from(ends.secs()).unwrap_or_default() })
}

/// What S3 counts again before it believes a policy.
fn sign(policy: &str, secret: &str, now: SystemTime, region: &str) -> String {
    calculate_signature(generate_signing_key(secret, now, region, "s3"), policy.as_bytes())
}

/// A time as `20151229T000000Z`.
fn compact(time: SystemTime) -> Result<String, DateTimeFormatError> {
    Ok(whole_seconds(time).fmt(Format::DateTime)?.replace(['-', ':'], ""))
}

fn whole_seconds(time: SystemTime) -> DateTime {
    DateTime::from_secs(DateTime::from(time).secs())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::Value;

    use super::*;

    // Of "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)" in the S3 API reference.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const THEN: Duration = Duration::from_secs(1_451_347_200); // 2015-12-29T00:00:00Z
    const POLICY: &str = concat!(
        r#"{ "expiration": "2015-12-30T12:00:00.000Z","#,
        "\r\n",
        r#"  "conditions": ["#,
        "\r\n",
        r#"    {"bucket": "sigv4examplebucket"},"#,
        "\r\n",
        r#"    ["starts-with", "$key", "user/user1/"],"#,
        "\r\n",
        r#"    {"acl": "public-read"},"#,
        "\r\n",
        r#"    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},"#,
        "\r\n",
        r#"    ["starts-with", "$Content-Type", "image/"],"#,
        "\r\n",
        r#"    {"x-amz-meta-uuid": "14365123651274"},"#,
        "\r\n",
        r#"    {"x-amz-server-side-encryption": "AES256"},"#,
        "\r\n",
        r#"    ["starts-with", "$x-amz-meta-tag", ""],"#,
        "\r\n\r\n",
        r#"    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},"#,
        "\r\n",
        r#"    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},"#,
        "\r\n",
        r#"    {"x-amz-date": "20151229T000000Z" }"#,
        "\r\n",
        "  ]\r\n}",
    );

    fn terms() -> Terms<'static> {
        Terms {
            bucket: "photos-in",
            key: "in/a/b",
            content_type: "image/png",
            bytes: 104_857_600,
            region: "eu-central-1",
            valid_for: Duration::from_secs(900),
        }
    }

    fn form(token: Option<&str>) -> Form {
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", SECRET, token.map(str::to_owned), None, "the reference");
        signed("https://photos-in.example.com/".to_owned(), &terms(), &credentials, UNIX_EPOCH + THEN).unwrap()
    }

    fn policy(form: &Form) -> Value {
        serde_json::from_slice(&base64::decode(&form.fields["policy"]).unwrap()).unwrap()
    }

    #[test]
    fn a_policy_is_signed_as_the_s3_reference_signs_it() {
        let signature = sign(&base64::encode(POLICY), SECRET, UNIX_EPOCH + THEN, "us-east-1");

        let expected = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e";
        assert_eq!(signature, expected, "S3 would refuse every form");
    }

    #[test]
    fn a_form_lets_in_exactly_what_was_declared() {
        let form = form(None);

        let policy = policy(&form);
        let conditions = policy["conditions"].as_array().unwrap();
        for expected in [
            json!(["eq", "$key", "in/a/b"]),
            json!(["eq", "$Content-Type", "image/png"]),
            json!(["content-length-range", 104_857_600, 104_857_600]),
            json!({ "bucket": "photos-in" }),
        ] {
            assert!(conditions.contains(&expected), "something else could be stored: {expected} is missing in {policy}");
        }
        assert_eq!(policy["expiration"], "2015-12-29T00:15:00Z");
        assert_eq!(form.expires_at, THEN.as_secs() + 900);
        assert_eq!(form.fields["x-amz-credential"], "AKIAIOSFODNN7EXAMPLE/20151229/eu-central-1/s3/aws4_request");
    }

    #[test]
    fn every_field_stands_in_the_policy_also_a_roles_token() {
        let form = form(Some("a-token"));

        let policy = policy(&form).to_string();
        for name in form.fields.keys().filter(|name| !["policy", "x-amz-signature"].contains(&name.as_str())) {
            assert!(policy.contains(&format!("\"${name}\"")), "S3 would refuse the form for a field that its policy does not know: {name}");
        }
        assert_eq!(form.fields["x-amz-security-token"], "a-token", "a function has no key without one");
    }

    #[test]
    fn a_form_goes_to_the_bucket_wherever_that_is() {
        assert_eq!(url(None, "eu-central-1", "b"), "https://b.s3.eu-central-1.amazonaws.com/");
        assert_eq!(url(None, "cn-north-1", "b"), "https://b.s3.cn-north-1.amazonaws.com.cn/");
        assert_eq!(url(Some("http://127.0.0.1:4566/"), "us-east-1", "b"), "http://127.0.0.1:4566/b");
    }
}
