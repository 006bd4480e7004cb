//! What models are asked and how they answer: one pair of bodies for each family, as Bedrock's user guide describes them.

use aws_smithy_types::base64;
use contract::imagegen::{Aspect, Family, reason};
use contract::jobs::Picture;
use serde::{Deserialize, Serialize};

use crate::cloud::Trouble;

/// What every PNG file begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The request's body.
#[must_use]
pub fn request(family: Family, picture: &Picture, usual_aspect: Aspect) -> Vec<u8> {
    let Picture { prompt, negative_prompt, aspect_ratio, seed } = picture;
    let aspect = aspect_ratio.unwrap_or(usual_aspect);
    let negative_prompt = negative_prompt.as_deref();
    let body = match family {
        Family::Stability => serde_json::to_vec(&StabilityRequest {
            prompt,
            negative_prompt,
            mode: "text-to-image",
            aspect_ratio: aspect,
            output_format: "png",
            seed: *seed,
        }),
        Family::Amazon => {
            let (width, height) = aspect.pixels();
            serde_json::to_vec(&AmazonRequest {
                task_type: "TEXT_IMAGE",
                text_to_image_params: TextToImage { text: prompt, negative_text: negative_prompt },
                image_generation_config: ImageGeneration { number_of_images: 1, width, height, seed: *seed },
            })
        }
    };
    // A struct of texts and numbers can always be written.
    body.unwrap_or_default()
}

#[derive(Serialize)]
struct StabilityRequest<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    mode: &'static str,
    aspect_ratio: Aspect,
    output_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AmazonRequest<'a> {
    task_type: &'static str,
    text_to_image_params: TextToImage<'a>,
    image_generation_config: ImageGeneration,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TextToImage<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_text: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageGeneration {
    number_of_images: u32,
    width: u32,
    height: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
}

/// The picture in an answer's body.
///
/// # Errors
///
/// The model refused, or said that something went wrong, or its answer holds no PNG file.
pub fn picture(family: Family, body: &[u8]) -> Result<Vec<u8>, Trouble> {
    let unreadable = |error: serde_json::Error| Trouble::Broken(format!("the model's answer cannot be read: {error}"));
    let image = match family {
        Family::Stability => {
            let answer: StabilityAnswer = serde_json::from_slice(body).map_err(unreadable)?;
            if let Some(finish) = answer.finish_reasons.into_iter().flatten().next() {
                return Err(finished_early(&finish));
            }
            answer.images.into_iter().next()
        }
        Family::Amazon => {
            let answer: AmazonAnswer = serde_json::from_slice(body).map_err(unreadable)?;
            if let (Some(error), true) = (answer.error, answer.images.is_empty()) {
                // Nothing but the filters over what was drawn speaks here: what is wrong with a request is an error of the call.
                return Err(Trouble::Refused { reason: reason::FILTERED, words: error });
            }
            answer.images.into_iter().next()
        }
    };
    let image = image.ok_or_else(|| Trouble::Broken("the model's answer holds no picture".to_owned()))?;
    let picture = base64::decode(image).map_err(|error| Trouble::Broken(format!("the model's picture is no base64: {error}")))?;
    if picture.starts_with(PNG) { Ok(picture) } else { Err(Trouble::Broken("the model's picture is no PNG file".to_owned())) }
}

#[derive(Deserialize)]
struct StabilityAnswer {
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    finish_reasons: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct AmazonAnswer {
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    error: Option<String>,
}

/// `Filter reason: prompt`, `Filter reason: output image`, `Inference error`: the words that Stability's models end with.
fn finished_early(finish: &str) -> Trouble {
    match finish.strip_prefix("Filter reason: ") {
        Some("prompt") => refused("the model's filters refuse this prompt"),
        Some("output image") => refused("the model's filters refuse the picture that came of this prompt"),
        Some(other) => refused(&format!("the model's filters refuse this ({other})")),
        None => Trouble::Broken(format!("the model ended with `{finish}`")),
    }
}

fn refused(words: &str) -> Trouble {
    Trouble::Refused { reason: reason::FILTERED, words: words.to_owned() }
}

/// What an error of the call means, by its code, or where it has none by the answer's status, and by what it says.
#[must_use]
pub fn trouble(code: Option<&str>, status: Option<u16>, message: &str) -> Trouble {
    let words = || match code {
        Some(code) => format!("{code}: {message}"),
        None => message.to_owned(),
    };
    match (code, status) {
        (
            Some(
                "ThrottlingException"
                | "TooManyRequestsException"
                | "ServiceQuotaExceededException"
                | "ModelNotReadyException"
                | "ServiceUnavailableException"
                | "InternalServerException",
            ),
            _,
        )
        | (_, Some(429 | 500..)) => Trouble::NoRoom(words()),
        (Some("ValidationException"), _) if is_filtered(message) => {
            Trouble::Refused { reason: reason::FILTERED, words: message.to_owned() }
        }
        (Some("ValidationException"), _) if !is_about_the_model(message) => {
            Trouble::Refused { reason: reason::INVALID, words: message.to_owned() }
        }
        _ => Trouble::Broken(words()),
    }
}

/// Amazon's models refuse a prompt as an error: "This request has been blocked by our content filters."
fn is_filtered(message: &str) -> bool {
    let message = message.to_lowercase();
    ["content filter", "responsible ai policy"].iter().any(|words| message.contains(words))
}

/// "The provided model identifier is invalid", "Invocation of model ID … with on-demand throughput isn't supported": nobody who asked
/// for a picture can do anything about it.
fn is_about_the_model(message: &str) -> bool {
    let message = message.to_lowercase();
    ["model identifier", "model id", "model version"].iter().any(|words| message.contains(words))
}
