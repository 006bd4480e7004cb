//! Texts that have a form: an account, a region, an address, an endpoint, a repository.

use super::schema::has_form;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::{fmt, str::FromStr};

/// An AWS account's number: twelve digits, of which the first may be 0, so it is text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

/// An AWS region's name, such as `eu-central-1`.
///
/// Only its form is known here: AWS opens a region more often than this code is released.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// An e-mail address.
///
/// Its form is looser than the grammar of addresses: enough to find a name or a link in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// A repository on GitHub as its tokens name it: `owner/name`, or `owner@1234/name@5678`.
///
/// The form leaves no room for `*`, `?` and `:`, which could make a trust policy mean more than one repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository(String);

/// The name of an environment of a repository on GitHub.
///
/// GitHub takes more letters than these, but writes some of them differently into a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentEnvironment(String);
/// An environment's name, such as `staging`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentName(String);

/// An alarm: the short name of its stack, a point, and its logical ID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AlarmName(String);

/// A web page's address, such as `https://wiki.example.com/runbooks`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(String);

/// Where pages of a browser come from, such as `https://app.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// The beginning of a login page's host name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainPrefix(String);

/// A type of EC2 instance, such as `g5.xlarge`.
///
/// Only its form is known here: AWS makes new types more often than this code is released.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceType(String);

/// What requests call a model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Model(String);

/// An image model by its id in Bedrock, of a provider whose requests and answers are known here.
///
/// Profiles that call a model in whichever region has room (`us.…`) are not among them: a role that may call one model in one region
/// could not use them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageModel(String);

/// The key of a model's file in its bucket. Its letters need no quoting in a shell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelKey(String);

/// A SHA-256, 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256(String);

/// The address of a server. Its letters need no quoting in a shell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerUrl(String);

/// The name of a parameter of SSM with its path. Its letters need no quoting in a shell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParameterName(String);

/// The ARN of a certificate in AWS Certificate Manager.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateArn(String);

/// A container image in ECR, named by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageDigest(String);

/// Where requests go when not to AWS.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Endpoint {
    /// The local cloud that `cargo xtask local` runs; its address is known once it runs.
    LocalCloud,
    /// A service that speaks AWS's APIs, such as `http://127.0.0.1:4566`.
    Url(String),
}

/// The word for [`Endpoint::LocalCloud`] in an environment file.
const LOCAL_CLOUD: &str = "local-cloud";

/// The text has not the form that it must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` must be {expected}")]
pub struct WrongForm {
    /// The text.
    pub text: String,
    /// What it must be.
    pub expected: &'static str,
}

/// Gives a text its form, once: as a pattern for editors and for reading, and in words for people whose text has another form.
///
/// The words stand in the schema under the key where editors look for them.
macro_rules! form {
    ($($name:ident: $pattern:literal, $expected:literal, $examples:expr;)+) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let examples: &[&str] = &$examples;
                json_schema!({ "type": "string", "pattern": $pattern, "patternErrorMessage": $expected, "examples": examples })
            }
        }

        impl FromStr for $name {
            type Err = WrongForm;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let right = has_form(text, $pattern);
                if right { Ok(Self::of(text)) } else { Err(WrongForm { text: text.to_owned(), expected: $expected }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = WrongForm;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

form! {
    AccountId: "^[0-9]{12}$", "12 digits in quotes, such as `\"111111111111\"`", ["111111111111"];
    Region: "^[a-z]{2,}(-[a-z]{2,}){1,2}-[0-9]{1,2}$", "an AWS region, such as `eu-central-1`", ["eu-central-1", "us-east-1"];
    EmailAddress: "^[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+$", "an e-mail address, such as `team@example.com`", ["team@example.com"];
    Repository: "^([A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}|[A-Za-z0-9][A-Za-z0-9_-]{0,38}@[0-9]{1,20}/[A-Za-z0-9._-]{1,100}@[0-9]{1,20})$",
        "a repository on GitHub, such as `owner/name` or `owner@1234/name@5678`", ["owner/name", "owner@1234/name@5678"];
    DeploymentEnvironment: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", "an environment on GitHub, such as `staging`", ["staging"];
    EnvironmentName: "^[a-z][a-z0-9-]{0,19}$", "an environment's name, such as `staging`", ["local", "staging", "qa", "prod"];
    AlarmName: "^[a-z][a-z0-9-]*[.][A-Z][A-Za-z0-9]*$", "a stack and the logical ID of one of its alarms, such as `jobs.OldestJobAlarm`", ["jobs.OldestJobAlarm"];
    WebAddress: "^https?://[^/\\s]\\S{0,499}$", "a URL such as `https://wiki.example.com/runbooks`", ["https://wiki.example.com/runbooks"];
    Origin: "^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", "an origin, such as `https://app.example.com`", ["https://app.example.com"];
    DomainPrefix: "^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$", "small letters, digits and hyphens, such as `cloudwright-staging`", ["cloudwright-staging"];
    InstanceType: "^[a-z][a-z0-9-]*[.][a-z0-9-]+$", "an instance type, such as `g5.xlarge`", ["g4dn.xlarge", "g5.xlarge", "g6.xlarge"];
    Model: "^[a-z0-9][a-z0-9._-]{0,63}$", "a model's name, such as `tinyllama`", ["tinyllama"];
    ImageModel: "^(amazon|stability)[.][a-z0-9][a-z0-9._-]{0,99}(:[0-9]{1,4})?$", "the id of an image model of Amazon or Stability, such as `stability.stable-image-core-v1:1`",
        ["stability.stable-image-core-v1:1", "stability.stable-image-ultra-v1:1", "stability.sd3-5-large-v1:0"];
    ModelKey: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,511}$", "the key of a GGUF file, such as `models/tinyllama.gguf`", ["models/tinyllama.gguf"];
    Sha256: "^[0-9a-f]{64}$", "a SHA-256 of 64 hexadecimal digits in quotes", ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"];
    ServerUrl: "^https?://[A-Za-z0-9.:/-]+$", "a URL, such as `http://127.0.0.1:8080`", ["http://127.0.0.1:8080"];
    ParameterName: "^(/[A-Za-z0-9_.-]+){1,15}$", "the name of a parameter with its path, such as `/cloudwright/prod/engine-key`", ["/cloudwright/prod/engine-key"];
    CertificateArn: "^arn:aws(-[a-z]+)*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}$", "the ARN of a certificate in ACM",
        ["arn:aws:acm:eu-central-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"];
    ImageDigest: "^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9-]+[.]amazonaws[.]com([.]cn)?/[a-z0-9]+([._/-][a-z0-9]+)*@sha256:[0-9a-f]{64}$",
        "an image in ECR with its digest, `<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<64 digits>`; a tag could be moved",
        ["111111111111.dkr.ecr.eu-central-1.amazonaws.com/upload@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"];
    Endpoint: "^(local-cloud|https?://[^/\\s]\\S*)$", "`local-cloud` or a URL such as `http://127.0.0.1:4566`", [LOCAL_CLOUD, "http://127.0.0.1:4566"];
}

macro_rules! newtype {
    ($($name:ident)+) => {$(
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            fn of(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

newtype!(AccountId Region EmailAddress Repository DeploymentEnvironment EnvironmentName AlarmName WebAddress Origin DomainPrefix InstanceType Model ImageModel ModelKey Sha256 ServerUrl ParameterName CertificateArn ImageDigest);

/// What stands for a text that an environment leaves out.
macro_rules! by_default {
    ($($name:ident: $text:literal;)+) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self::of($text)
            }
        }
    )+};
}

by_default! {
    DomainPrefix: "cloudwright";
    Model: "tinyllama";
    // Amazon's own are gone by November 2026: Titan Image Generator G1 v2 since 30 June 2026, Nova Canvas since 30 September 2026, says the
    // life cycle page of Bedrock's user guide. Of Stability's text-to-image models this one and its two neighbours (Stable Image Ultra,
    // Stable Diffusion 3.5 Large) were active when that page was last read, in July 2026; AWS's code examples moved to this one that month.
    // That it is active in your account on the day of a deploy is what `preflight` asks.
    ImageModel: "stability.stable-image-core-v1:1";
    ModelKey: "models/tinyllama.gguf";
}

impl ImageModel {
    /// The one region that has the model that is taken by default.
    pub(super) fn default_region() -> Region {
        Region::of("us-west-2")
    }
}

impl AlarmName {
    /// The stack's short name.
    #[must_use]
    pub fn stack(&self) -> &str {
        self.0.split_once('.').map_or("", |(stack, _)| stack)
    }

    /// The alarm's logical ID.
    #[must_use]
    pub fn logical_id(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, id)| id)
    }
}

impl ImageDigest {
    /// Region, account and name of its repository.
    #[must_use]
    pub fn repository(&self) -> [&str; 3] {
        let (registry, image) = self.0.split_once('/').unwrap_or_default();
        let mut parts = registry.split('.');
        let account = parts.next().unwrap_or_default();
        [parts.nth(2).unwrap_or_default(), account, image.split('@').next().unwrap_or_default()]
    }
}

impl Endpoint {
    /// The text, as it stands in an environment file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::LocalCloud => LOCAL_CLOUD,
            Self::Url(url) => url,
        }
    }

    fn of(text: &str) -> Self {
        if text == LOCAL_CLOUD { Self::LocalCloud } else { Self::Url(text.to_owned()) }
    }
}
