//! Why lines of the stack `imagegen`, and of what asks it, may not change.
#![cfg(test)]

use std::fs;
use std::path::Path;

use foundation::environment::Environment;
use serde_json::{Value as Json, json};

fn environment(name: &str) -> Environment {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments").join(format!("{name}.yaml"));
    let text = fs::read_to_string(file).unwrap();
    Environment::read(name, name, &text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn template(env: &Environment, stack: &str) -> Json {
    stacks::platform(env).into_iter().find(|finished| finished.stack == stack).unwrap().template.to_json()
}

fn properties<'a>(template: &'a Json, id: &str) -> &'a Json {
    &template["Resources"][id]["Properties"]
}

/// Action and resource of everything that a role may do.
fn granted(template: &Json, role: &str) -> Vec<(String, String)> {
    let words = |value: &Json| match value.as_array() {
        Some(list) => list.iter().map(Json::to_string).collect::<Vec<_>>(),
        None => vec![value.to_string()],
    };
    let statements = properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap().clone();
    let each = statements.iter().flat_map(|statement| {
        let resources = words(&statement["Resource"]);
        words(&statement["Action"]).into_iter().flat_map(move |action| {
            let action = action.trim_matches('"').to_owned();
            resources.clone().into_iter().map(move |resource| (action.clone(), resource))
        })
    });
    each.collect()
}

#[test]
fn exactly_the_one_model_may_be_called_in_its_one_region() {
    let mut env = environment("prod");
    env.imagegen.model = "stability.sd3-5-large-v1:0".parse().unwrap();
    env.imagegen.model_region = "us-west-2".parse().unwrap();

    let grants = granted(&template(&env, "imagegen"), "ImagegenRole");

    let models: Vec<_> = grants.iter().filter(|(action, _)| action.starts_with("bedrock:")).collect();
    let [(action, resource)] = &models[..] else { panic!("one statement about one model: {models:?}") };
    assert_eq!(action, "bedrock:InvokeModel");
    let arn = "arn:${AWS::Partition}:bedrock:us-west-2::foundation-model/stability.sd3-5-large-v1:0";
    assert_eq!(resource, &json!({ "Fn::Sub": arn }).to_string(), "models that cost a hundred times as much could be called");
}

#[test]
fn the_function_may_do_nothing_that_it_does_not_do() {
    let template = template(&environment("prod"), "imagegen");

    let mut actions: Vec<_> = granted(&template, "ImagegenRole").into_iter().map(|(action, _)| action).collect();
    actions.sort();

    let expected = [
        "bedrock:InvokeModel",
        "dynamodb:UpdateItem",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ];
    assert_eq!(actions, expected);
    let wildcards: Vec<_> = granted(&template, "ImagegenRole").into_iter().filter(|(_, resource)| resource == "\"*\"").collect();
    assert!(wildcards.is_empty(), "{wildcards:?}");
}

#[test]
fn whoever_gives_out_links_may_read_pictures_and_nothing_else_of_s3() {
    let grants = granted(&template(&environment("prod"), "api"), "FrontDoorRole");

    let of_s3: Vec<_> = grants.iter().filter(|(action, _)| action.starts_with("s3:")).collect();
    let [(action, resource)] = &of_s3[..] else { panic!("one right: {of_s3:?}") };
    assert_eq!(action, "s3:GetObject");
    assert!(resource.contains("/pictures/*"), "links could be made to anything in the bucket: {resource}");
}

#[test]
fn waiting_for_a_model_without_room_makes_no_dead_letters() {
    for name in ["local", "staging", "qa", "prod"] {
        let env = environment(name);
        let template = template(&env, "imagegen");

        let queue = properties(&template, "PictureQueue");
        let (function, batches) = (properties(&template, "Imagegen"), properties(&template, "ImagegenBatches"));
        assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], 1_000, "{name}: SQS would count waits as tries");
        let (hidden, timeout) = (queue["VisibilityTimeout"].as_u64().unwrap(), function["Timeout"].as_u64().unwrap());
        assert!(6 * timeout <= hidden, "{name}: a second call could begin a job that the first has");
        assert_eq!(batches["ScalingConfig"]["MaximumConcurrency"], env.imagegen.concurrency, "{name}: a burst would take the whole quota");
        let variables = &function["Environment"]["Variables"];
        let seconds = |name: &str| variables[name].as_str().unwrap().parse::<u64>().unwrap();
        assert!(seconds("IMAGEGEN_MODEL_SECONDS") + 20 <= timeout, "{name}: the function would be ended with a paid picture in its hands");
        assert_eq!(seconds("IMAGEGEN_LEASE_SECONDS"), timeout, "{name}: a job would be begun while another call has it");
        let retention = queue["MessageRetentionPeriod"].as_u64().unwrap();
        assert!(u64::from(env.api.job_lifetime_minutes) * 60 <= retention, "{name}: a job would be gone while somebody waits for it");
    }
}

#[test]
fn pictures_are_kept_as_long_as_the_records_that_name_them() {
    let env = environment("prod");

    let template = template(&env, "imagegen");
    let bucket = properties(&template, "PictureBucket");

    let rules = bucket["LifecycleConfiguration"]["Rules"].as_array().unwrap();
    let pictures = rules.iter().find(|rule| rule["Prefix"] == "pictures/").unwrap();
    assert_eq!(pictures["ExpirationInDays"], env.api.record_days, "a link would lead to nothing, or pictures would be kept for ever");
    assert_eq!(bucket["PublicAccessBlockConfiguration"]["RestrictPublicBuckets"], true, "pictures of people would be anybody's");
}
