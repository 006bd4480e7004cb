//! The model over HTTP: what is sent to it, and what each of its answers means, against a stand-in that speaks Bedrock's API.
#![cfg(test)]

mod common;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use bedrock_stand_in::{Reply, StandIn};
use contract::imagegen::{Aspect, ImagegenConfig, reason};
use contract::jobs::Picture;
use imagegen::aws::Bedrock;
use imagegen::cloud::{Model, Trouble};
use serde_json::{Value, json};

fn model(stand_in: &StandIn, change: impl FnOnce(&mut ImagegenConfig)) -> Bedrock {
    let mut config = common::config();
    change(&mut config);
    let aws = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(stand_in.url())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "tests")))
        .build();
    Bedrock::new(&aws, &config)
}

fn stability(stand_in: &StandIn) -> Bedrock {
    model(stand_in, |_| ())
}

fn amazon(stand_in: &StandIn) -> Bedrock {
    model(stand_in, |config| {
        config.model = "amazon.nova-canvas-v1:0".to_owned();
        config.family = "amazon".to_owned();
    })
}

fn fox() -> Picture {
    Picture { prompt: "a fox".to_owned(), negative_prompt: None, aspect_ratio: None, seed: None }
}

fn whole() -> Picture {
    Picture { negative_prompt: Some("text".to_owned()), aspect_ratio: Some(Aspect::Wide), seed: Some(7), ..fox() }
}

/// Width and height as the file says them.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn sent(stand_in: &StandIn) -> (String, Value) {
    let call = stand_in.calls().pop().unwrap();
    (call.model, serde_json::from_str(&call.body).unwrap())
}

#[tokio::test]
async fn stabilitys_models_are_asked_as_they_want_it_and_draw() {
    let stand_in = StandIn::start(0).unwrap();

    let small = stability(&stand_in).generate(&fox()).await.unwrap();
    let first = sent(&stand_in);
    let wide = stability(&stand_in).generate(&whole()).await.unwrap();

    let body = json!({ "prompt": "a fox", "mode": "text-to-image", "aspect_ratio": "1:1", "output_format": "png" });
    assert_eq!(first, ("stability.stable-image-core-v1:1".to_owned(), body));
    let body = json!({
        "prompt": "a fox", "negative_prompt": "text", "mode": "text-to-image", "aspect_ratio": "16:9", "output_format": "png", "seed": 7,
    });
    assert_eq!(sent(&stand_in).1, body);
    assert_eq!((size(&small), size(&wide)), ((1_024, 1_024), (1_344, 768)));
}

#[tokio::test]
async fn amazons_models_are_asked_as_they_want_it_and_draw() {
    let stand_in = StandIn::start(0).unwrap();

    let picture = amazon(&stand_in).generate(&whole()).await.unwrap();

    let body = json!({
        "taskType": "TEXT_IMAGE",
        "textToImageParams": { "text": "a fox", "negativeText": "text" },
        "imageGenerationConfig": { "numberOfImages": 1, "width": 1_408, "height": 768, "seed": 7 },
    });
    assert_eq!(sent(&stand_in), ("amazon.nova-canvas-v1:0".to_owned(), body));
    assert_eq!(size(&picture), (1_408, 768));
    for word in Aspect::WORDS {
        let wanted = Picture { aspect_ratio: Aspect::of(word), ..fox() };
        assert!(amazon(&stand_in).generate(&wanted).await.is_ok(), "nobody could ask for {word}");
        assert!(stability(&stand_in).generate(&wanted).await.is_ok(), "nobody could ask for {word}");
    }
}

#[tokio::test]
async fn what_filters_refuse_is_told_apart_from_what_is_wrong() {
    let stand_in = StandIn::start(0).unwrap();
    let forbidden = Picture { prompt: "something forbidden".to_owned(), ..fox() };
    let filtered = |trouble: Trouble| matches!(trouble, Trouble::Refused { reason: reason::FILTERED, .. });

    for model in [stability(&stand_in), amazon(&stand_in)] {
        let trouble = model.generate(&forbidden).await.unwrap_err();
        assert!(filtered(trouble.clone()), "it would be tried and paid again: {trouble:?}");
    }
    for (family, answer) in [
        (stability(&stand_in), json!({ "seeds": [1], "finish_reasons": ["Filter reason: output image"], "images": [] })),
        (amazon(&stand_in), json!({ "images": [], "error": "All of the generated images have been blocked by our content filters." })),
    ] {
        stand_in.next(Reply::Body(answer.to_string()));
        let trouble = family.generate(&fox()).await.unwrap_err();
        assert!(filtered(trouble.clone()), "{answer}: {trouble:?}");
    }
    stand_in.next(Reply::exception(400, "ValidationException", "#/seed: 7 is not a valid seed"));
    let invalid = stability(&stand_in).generate(&fox()).await.unwrap_err();
    assert_eq!(invalid, Trouble::Refused { reason: reason::INVALID, words: "#/seed: 7 is not a valid seed".to_owned() });
}

#[tokio::test]
async fn a_model_without_room_is_no_failure() {
    let stand_in = StandIn::start(0).unwrap();
    let model = stability(&stand_in);
    for (status, name) in [
        (429, "ThrottlingException"),
        (429, "ModelNotReadyException"),
        (400, "ServiceQuotaExceededException"),
        (503, "ServiceUnavailableException"),
        (500, "InternalServerException"),
        (502, "SomethingNew"),
    ] {
        stand_in.next(Reply::exception(status, name, "Too many requests, please wait before trying again."));
        let calls = stand_in.calls().len();

        let trouble = model.generate(&fox()).await.unwrap_err();

        assert!(matches!(&trouble, Trouble::NoRoom(words) if words.contains("please wait")), "{name}: {trouble:?}");
        assert_eq!(stand_in.calls().len(), calls + 1, "the SDK's own tries would push a model that has no room");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_model_itself_is_nobodys_request() {
    let stand_in = StandIn::start(0).unwrap();
    let model = stability(&stand_in);
    for (status, name, message) in [
        (403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
        (404, "ResourceNotFoundException", "This model version has reached the end of its life."),
        (400, "ValidationException", "The provided model identifier is invalid."),
        (400, "ValidationException", "Invocation of model ID x with on-demand throughput isn't supported."),
        (424, "ModelErrorException", "The model failed."),
        (408, "ModelTimeoutException", "The model took too long."),
    ] {
        stand_in.next(Reply::exception(status, name, message));

        let trouble = model.generate(&fox()).await.unwrap_err();

        let Trouble::Broken(words) = &trouble else { panic!("the caller would be blamed for it: {trouble:?}") };
        assert!(words.contains(name) && words.contains(message), "a person could not tell what to mend: {words}");
    }
}

#[tokio::test]
async fn an_answer_without_a_picture_is_tried_again() {
    let stand_in = StandIn::start(0).unwrap();
    let (stability, amazon) = (stability(&stand_in), amazon(&stand_in));
    let cases = [
        ("{", "cannot be read"),
        ("[]", ""),
        ("{}", "holds no picture"),
        (r#"{"images":[]}"#, "holds no picture"),
        (r#"{"images":["%%%"]}"#, "no base64"),
        (r#"{"images":["iVBORw0KGgo"]}"#, "no base64"),
        (r#"{"images":["aGVsbG8="]}"#, "no PNG file"),
        (r#"{"finish_reasons":["Inference error"],"images":[]}"#, ""),
    ];
    for (body, said) in cases {
        for model in [&stability, &amazon] {
            stand_in.next(Reply::Body(body.to_owned()));

            let trouble = model.generate(&fox()).await.unwrap_err();

            assert!(matches!(&trouble, Trouble::Broken(words) if words.contains(said)), "{body}: {trouble:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_not_asked_for_again_at_once() {
    let stand_in = StandIn::start(0).unwrap();
    stand_in.next(Reply::LosesItsAnswer);

    let trouble = tokio::time::timeout(Duration::from_secs(30), stability(&stand_in).generate(&fox())).await.unwrap().unwrap_err();

    assert!(matches!(trouble, Trouble::Broken(_)), "{trouble:?}");
    assert_eq!(stand_in.calls().len(), 1, "each of the SDK's own tries would be paid");
}
