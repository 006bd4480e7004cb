//! ECR.

use serde_json::json;

use super::prelude::*;

static ECR: Service =
    Service::new("ecr", Protocol::Json { version: "1.1", target: "AmazonEC2ContainerRegistry_V20150921" }).at("api.ecr", "ecr");

const REPOSITORIES: Action = ECR.action("DescribeRepositories", "/");
const LIFECYCLE: Action = ECR.action("GetLifecyclePolicy", "/");
const POLICY: Action = ECR.action("GetRepositoryPolicy", "/");

pub(super) const READERS: &[Reader] = &[Reader {
    resource_type: "AWS::ECR::Repository",
    asks: |subject| {
        let name = json!({ "repositoryName": subject.id });
        let mut asks = vec![REPOSITORIES.ask(json!({ "repositoryNames": [subject.id] }))];
        asks.extend(subject.declares("LifecyclePolicy").then(|| LIFECYCLE.ask(name.clone())));
        asks.extend(subject.declares("RepositoryPolicyText").then(|| POLICY.ask(name.clone())));
        asks
    },
    live: |subject, answers| {
        let repository = one(&answers.get(&REPOSITORIES), "repositories", "repositoryName", subject.id);
        let all = pascal(&repository, &[]);
        Live::default()
            .same(&all, &["EncryptionConfiguration", "ImageScanningConfiguration", "ImageTagMutability", "RepositoryName"])
            .set("LifecyclePolicy", json!({ "LifecyclePolicyText": answers.part(&LIFECYCLE, "lifecyclePolicyText") }))
            .set("RepositoryPolicyText", answers.part(&POLICY, "policyText"))
            .attribute("Arn", at(&all, "RepositoryArn"))
            .attribute("RepositoryUri", at(&all, "RepositoryUri"))
            .unless_gone(&repository)
    },
    attributes: |name, place| vec![("Arn", place.arn("ecr", &format!("repository/{name}")))],
    rules: &[
        ("RepositoryPolicyText", Rule::Policy),
        ("LifecyclePolicy.LifecyclePolicyText", Rule::Json),
        ("EmptyOnDelete", Rule::WriteOnly),
    ],
    ..PLAIN
}];
