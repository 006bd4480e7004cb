//! What the templates need of an account, as far as it can be read from them.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Declared, Target};
use serde_json::Value;

use crate::cloud::StackState;
use crate::verify::resolve::{Place, Scope};
use crate::verify::{text, unknown_reason};

/// Providers whose model IDs can be told from other words.
const PROVIDERS: &[&str] = &[
    "ai21.",
    "amazon.nova",
    "amazon.titan",
    "anthropic.",
    "cohere.",
    "deepseek.",
    "luma.",
    "meta.llama",
    "mistral.",
    "openai.",
    "qwen.",
    "stability.",
    "twelvelabs.",
    "writer.",
];

/// The places that stand before a model's ID in that of an inference profile.
const PROFILES: &[&str] = &["us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.", "ca."];

/// What the templates need.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// The sum of all reserved concurrency.
    pub(super) reserved: f64,
    /// Functions whose reserved concurrency cannot be read from the template.
    pub(super) unclear: Vec<String>,
    /// vCPUs of all instances with a graphics processor, when all groups are as large as they may be.
    pub(super) gpu_vcpus: f64,
    /// The types of those instances.
    pub(super) gpu_types: BTreeSet<String>,
    /// Buckets and stacks that do not exist yet.
    pub(super) new_buckets: usize,
    pub(super) new_stacks: usize,
    /// Models named anywhere in the templates, each with the regions that ARNs name beside it: none of them is the target's own.
    pub(super) models: BTreeMap<String, BTreeSet<String>>,
    /// Whether somebody has to confirm subscriptions.
    pub(super) confirmations: bool,
    /// The alarms on estimated charges.
    pub(super) billing: Vec<String>,
    /// Stages that log in a way for which API Gateway itself needs a role.
    pub(super) logging_stages: Vec<String>,
    /// The topics that are live.
    pub(super) topics: Vec<String>,
}

impl Needs {
    pub(super) fn of(stacks: &[Declared], states: &[StackState], target: &Target) -> Self {
        let mut needs = Self::default();
        for declared in stacks {
            let Ok(template) = serde_json::from_str::<Value>(&declared.template) else { continue };
            let state = states.iter().find(|state| state.name == declared.stack.name);
            needs.new_stacks += usize::from(state.is_none());
            let place = Place {
                account: target.account.clone(),
                region: target.region.clone(),
                stack_name: declared.stack.name.clone(),
                stack_id: String::new(),
            };
            let (parameters, nothing, nobody) =
                (state.map(|state| state.parameters.clone()).unwrap_or_default(), BTreeMap::new(), BTreeMap::new());
            let scope = Scope { template: &template, place: &place, parameters: &parameters, physical: &nothing, attributes: &nobody };
            needs.read(declared, &template, &scope, state.is_none());
        }
        needs
    }

    fn read(&mut self, declared: &Declared, template: &Value, scope: &Scope<'_>, new: bool) {
        let resources: Vec<(&String, &Value)> = template.get("Resources").and_then(Value::as_object).into_iter().flatten().collect();
        let kind = |resource: &Value| resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let http_only = resources.iter().any(|(_, one)| kind(one) == "AWS::ApiGatewayV2::Api")
            && resources.iter().filter(|(_, one)| kind(one) == "AWS::ApiGatewayV2::Api").all(|(_, one)| {
                one.get("Properties").and_then(|properties| properties.get("ProtocolType")).and_then(Value::as_str) == Some("HTTP")
            });
        let mut instances = 0.0;
        let mut gpus: Vec<(String, f64)> = Vec::new();
        for (id, resource) in &resources {
            let name = format!("{}.{id}", declared.stack.stack);
            let properties = scope.properties(id);
            let property = |name: &str| properties.get(name).cloned().unwrap_or_default();
            match kind(resource).as_str() {
                "AWS::Lambda::Function" => match property("ReservedConcurrentExecutions") {
                    value if unknown_reason(&value).is_some() => self.unclear.push(name),
                    value => self.reserved += super::figure(&value).unwrap_or_default(),
                },
                "AWS::S3::Bucket" => self.new_buckets += usize::from(new),
                "AWS::AutoScaling::AutoScalingGroup" => instances += super::figure(&property("MaxSize")).unwrap_or_default(),
                "AWS::EC2::Instance" | "AWS::EC2::LaunchTemplate" => {
                    let data = property("LaunchTemplateData");
                    let word = data.get("InstanceType").and_then(text).or_else(|| text(&property("InstanceType"))).unwrap_or_default();
                    gpus.extend(graphics_vcpus(&word).map(|vcpus| (word, vcpus)));
                }
                "AWS::SNS::Subscription" => {
                    let protocol = text(&property("Protocol")).unwrap_or_default();
                    self.confirmations |= matches!(protocol.as_str(), "email" | "email-json" | "http" | "https" | "sms");
                }
                "AWS::CloudWatch::Alarm" if text(&property("Namespace")).is_some_and(|space| space == "AWS/Billing") => {
                    self.billing.push(name);
                }
                "AWS::ApiGateway::Stage" => self.logging_stages.push(name),
                // Only WebSocket APIs log with the account's role; HTTP APIs deliver their logs by themselves.
                "AWS::ApiGatewayV2::Stage" if !http_only && !property("AccessLogSettings").is_null() => self.logging_stages.push(name),
                _ => {}
            }
        }
        for (word, vcpus) in gpus {
            self.gpu_vcpus += vcpus * f64::max(instances, 1.0);
            self.gpu_types.insert(word);
        }
        models(template, &mut self.models);
    }
}

/// The vCPUs of an instance type of the G and VT families; none for any other.
///
/// The sizes have the same number in all of them: <https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html>.
fn graphics_vcpus(instance_type: &str) -> Option<f64> {
    let (family, size) = instance_type.split_once('.')?;
    let graphics =
        family.starts_with("vt") || family.strip_prefix('g').is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    // g3s and the small sizes of g4ad are no exceptions; metal sizes are as large as the largest.
    let vcpus = match size {
        "xlarge" => 4.0,
        "metal" => 96.0,
        other => other.strip_suffix("xlarge")?.parse::<f64>().ok()? * 4.0,
    };
    graphics.then_some(vcpus)
}

/// The models that a template names, in whichever text, and the regions in which ARNs say that they are.
fn models(value: &Value, found: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::String(text) => {
            for word in text.split(|letter: char| !is_of_model(letter)).filter_map(model) {
                found.entry(word).or_default();
            }
            if let Some((model, region)) = in_region(text) {
                found.entry(model).or_default().insert(region);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| models(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| models(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The model and the region of `arn:aws:bedrock:us-west-2::foundation-model/stability.…`; a region that is a reference is the target's.
fn in_region(arn: &str) -> Option<(String, String)> {
    let (_, rest) = arn.split_once(":bedrock:")?;
    let (region, name) = rest.split_once("::foundation-model/")?;
    let known = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    known.then(|| model(name)).flatten().map(|model| (model, region.to_owned()))
}

fn is_of_model(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':' | '_')
}

fn model(word: &str) -> Option<String> {
    let bare = PROFILES.iter().find_map(|place| word.strip_prefix(place)).unwrap_or(word);
    let named = PROVIDERS.iter().any(|provider| bare.starts_with(provider) && provider.len() + 2 < bare.len());
    // A wildcard, or a sentence's end, is no model.
    (named && !bare.ends_with(['.', ':', '-'])).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn models_are_found_wherever_they_are_named() {
        let template = json!({ "A": "eu.anthropic.claude-sonnet-4-20250514-v1:0", "B": ["arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"],
            "C": "see amazon.com, meta.example and anthropic.", "D": "arn:aws:bedrock:*::foundation-model/anthropic.*" });
        let mut found = BTreeMap::new();

        models(&template, &mut found);

        let expected = ["amazon.nova-lite-v1:0", "anthropic.claude-sonnet-4-20250514-v1:0"];
        assert_eq!(found.keys().collect::<Vec<_>>(), expected, "a model could end, and nobody would be told");
        let regions: Vec<Vec<_>> = found.values().map(|regions| regions.iter().map(String::as_str).collect()).collect();
        assert_eq!(regions, [vec!["eu-central-1"], vec![]], "another region's model would be asked about");
    }

    #[test]
    fn only_instances_with_graphics_processors_count() {
        let vcpus = ["g5.xlarge", "g6.12xlarge", "vt1.3xlarge", "m7g.xlarge", "gr6.4xlarge", "c7g.medium", "g"].map(graphics_vcpus);

        assert_eq!(vcpus, [Some(4.0), Some(48.0), Some(12.0), None, None, None, None]);
    }
}
