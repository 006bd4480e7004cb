//! Parameters and secrets. A secret's value is never asked for.

use serde_json::json;

use super::prelude::*;

static SSM: Service = Service::new("ssm", Protocol::Json { version: "1.1", target: "AmazonSSM" });
static SECRETS: Service = Service::new("secretsmanager", Protocol::Json { version: "1.1", target: "secretsmanager" });

const PARAMETER: Action = SSM.action("GetParameter", "/");
const TAGS: Action = SSM.action("ListTagsForResource", "/");
const SECRET: Action = SECRETS.action("DescribeSecret", "/");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::SSM::Parameter",
        asks: |subject| {
            let mut asks = vec![PARAMETER.ask(json!({ "Name": subject.id }))];
            let tags = || TAGS.ask(json!({ "ResourceType": "Parameter", "ResourceId": subject.id }));
            asks.extend(subject.declares("Tags").then(tags));
            asks
        },
        live: |_, answers| {
            let parameter = answers.part(&PARAMETER, "Parameter");
            Live::default()
                .same(&parameter, &["DataType", "Name", "Type", "Value"])
                .set("Tags", answers.part(&TAGS, "TagList"))
                .attributes(&parameter, &["Type", "Value"])
        },
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::SecretsManager::Secret",
        asks: |subject| vec![SECRET.ask(json!({ "SecretId": subject.id }))],
        live: |_, answers| {
            let secret = answers.get(&SECRET);
            Live::default().same(&secret, &["Description", "KmsKeyId", "Name", "Tags"])
        },
        attributes: |arn, _| vec![("Id", arn.to_owned())],
        rules: &[
            ("Tags", Rule::Tags),
            ("SecretString", Rule::WriteOnly),
            ("GenerateSecretString", Rule::WriteOnly),
            ("KmsKeyId", Rule::Name),
        ],
        ..PLAIN
    },
];
