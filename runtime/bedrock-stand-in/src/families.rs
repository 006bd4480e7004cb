//! Requests and answers of the two families, as Bedrock's user guide describes them.

use aws_smithy_types::base64;
use serde_json::{Map, Value, json};

use crate::drawing::draw;

/// What the filters refuse here.
const FORBIDDEN: &str = "forbidden";

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The exception's name, when it is one.
    pub(crate) exception: Option<String>,
    pub(crate) body: Value,
}

impl Answer {
    fn ok(body: Value) -> Self {
        Self { status: 200, exception: None, body }
    }

    /// An exception as the API writes one.
    pub(crate) fn exception(status: u16, name: &str, message: &str) -> Self {
        Self { status, exception: Some(name.to_owned()), body: json!({ "message": message }) }
    }

    fn invalid(message: &str) -> Self {
        Self::exception(400, "ValidationException", message)
    }
}

/// What a model of this id answers to a body, and the pictures that it would draw.
pub(crate) fn answer(model: &str, body: &[u8]) -> Answer {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Answer::invalid("Malformed input request, please reformat your input and try again.");
    };
    let drawn = match model.split_once('.') {
        Some(("stability", _)) => stability(&body),
        Some(("amazon", _)) => amazon(&body),
        _ => return Answer::invalid("The provided model identifier is invalid."),
    };
    drawn.unwrap_or_else(|message| Answer::invalid(&message))
}

const ASPECTS: [(&str, u32, u32); 9] = [
    ("1:1", 1024, 1024),
    ("16:9", 1344, 768),
    ("9:16", 768, 1344),
    ("21:9", 1536, 640),
    ("9:21", 640, 1536),
    ("3:2", 1216, 832),
    ("2:3", 832, 1216),
    ("5:4", 1088, 896),
    ("4:5", 896, 1088),
];

fn stability(body: &Map<String, Value>) -> Result<Answer, String> {
    only(body, &["prompt", "negative_prompt", "mode", "aspect_ratio", "output_format", "seed"])?;
    let prompt = text(body, "prompt", 10_000)?.ok_or("#: required key [prompt] not found")?;
    text(body, "negative_prompt", 10_000)?;
    one_of(body, "mode", &["text-to-image"])?;
    one_of(body, "output_format", &["png", "jpeg"])?;
    let aspect = body.get("aspect_ratio").map_or(Some("1:1"), Value::as_str);
    let Some((_, width, height)) = ASPECTS.into_iter().find(|(word, _, _)| Some(*word) == aspect) else {
        return Err(format!("#/aspect_ratio: {} is not a valid enum value", body["aspect_ratio"]));
    };
    let seed = whole(body, "seed", 0, u32::MAX.into())?.unwrap_or(42);
    if prompt.contains(FORBIDDEN) {
        return Ok(Answer::ok(json!({ "finish_reasons": ["Filter reason: prompt"], "seeds": [], "images": [] })));
    }
    let picture = drawn(width, height, prompt, seed)?;
    Ok(Answer::ok(json!({ "seeds": [seed], "finish_reasons": [null], "images": [picture] })))
}

fn amazon(body: &Map<String, Value>) -> Result<Answer, String> {
    only(body, &["taskType", "textToImageParams", "imageGenerationConfig"])?;
    one_of(body, "taskType", &["TEXT_IMAGE"])?;
    let part = |name: &str| body.get(name).and_then(Value::as_object).ok_or(format!("#: required key [{name}] not found"));
    let (words, wanted) = (part("textToImageParams")?, part("imageGenerationConfig")?);
    only(words, &["text", "negativeText"])?;
    only(wanted, &["numberOfImages", "width", "height", "quality", "cfgScale", "seed"])?;
    let prompt = text(words, "text", 1_024)?.ok_or("#/textToImageParams: required key [text] not found")?;
    text(words, "negativeText", 1_024)?;
    let count = whole(wanted, "numberOfImages", 1, 5)?.unwrap_or(1);
    let edge = |name: &str| match whole(wanted, name, 320, 4_096)?.unwrap_or(1_024) {
        edge if edge % 16 == 0 => u32::try_from(edge).map_err(|_| format!("#/{name}: too large")),
        edge => Err(format!("#/imageGenerationConfig/{name}: {edge} is not a multiple of 16")),
    };
    let (width, height) = (edge("width")?, edge("height")?);
    let seed = whole(wanted, "seed", 0, 858_993_459)?.unwrap_or(12);
    if prompt.contains(FORBIDDEN) {
        return Err("This request has been blocked by our content filters. Our filters automatically flagged this prompt because it may \
                    conflict our AUP or AWS Responsible AI Policy. Please adjust your text prompt to submit a new request."
            .to_owned());
    }
    let pictures = (0..count).map(|number| drawn(width, height, prompt, seed + number)).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::ok(json!({ "images": pictures, "error": null })))
}

fn drawn(width: u32, height: u32, prompt: &str, seed: u64) -> Result<String, String> {
    draw(width, height, prompt, seed).map(base64::encode).map_err(|error| error.to_string())
}

fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("#: extraneous key [{name}] is not permitted")),
        None => Ok(()),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str, most: usize) -> Result<Option<&'a str>, String> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let text = value.as_str().ok_or(format!("#/{name}: expected type: String"))?;
    match text.chars().count() {
        0 => Err(format!("#/{name}: expected minLength: 1, actual: 0")),
        length if most < length => Err(format!("#/{name}: expected maxLength: {most}, actual: {length}")),
        _ => Ok(Some(text)),
    }
}

fn one_of(fields: &Map<String, Value>, name: &str, known: &[&str]) -> Result<(), String> {
    let right = fields.get(name).is_none_or(|value| value.as_str().is_some_and(|word| known.contains(&word)));
    if right { Ok(()) } else { Err(format!("#/{name}: {} is not a valid enum value", fields[name])) }
}

fn whole(fields: &Map<String, Value>, name: &str, least: u64, most: u64) -> Result<Option<u64>, String> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    match value.as_u64().filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(format!("#/{name}: {value} is not between {least} and {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(model: &str, body: &Value) -> (u16, Value) {
        let answer = answer(model, body.to_string().as_bytes());
        (answer.status, answer.body)
    }

    #[test]
    fn what_a_model_would_refuse_is_refused_here() {
        let stability = "stability.stable-image-core-v1:1";
        for body in
            [json!({}), json!({ "prompt": 1 }), json!({ "prompt": "a", "aspect_ratio": "4:3" }), json!({ "prompt": "a", "steps": 3 })]
        {
            assert_eq!(ask(stability, &body).0, 400, "a mistake would be found on AWS first: {body}");
        }
        let amazon = |width: u32| json!({ "taskType": "TEXT_IMAGE", "textToImageParams": { "text": "a" }, "imageGenerationConfig": { "width": width, "height": 320 } });
        assert_eq!([ask("amazon.nova-canvas-v1:0", &amazon(320)).0, ask("amazon.nova-canvas-v1:0", &amazon(321)).0], [200, 400]);
        assert_eq!(ask("meta.llama", &json!({ "prompt": "a" })).0, 400);
    }
}
