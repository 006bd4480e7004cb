//! Pictures over the API: one in a request, one by a form, both followed to their proxies, and one that is none.

use std::time::{Duration, Instant};

use contract::outputs;
use contract::smoke::Event;
use contract::upload::{Accepted, Declared, Form, Image, State};
use picture::drawn::{Picture, decoded_size, proxy_size};
use serde::de::DeserializeOwned;

use super::Api;
use crate::http::{Answer, Call};
use crate::run::{Failure, Tell, tell};

/// Smaller than the largest box, so that one proxy is scaled and the other is not; it fits into a request.
const SIZE: (u16, u16) = (1500, 1000);
const QUALITY: u8 = 85;

const JPEG: &str = "image/jpeg";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0";

/// A cold function, a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// A user may ask twenty times in a minute.
const PAUSE: Duration = Duration::from_secs(4);

pub(super) async fn test(api: &Api<'_>, token: &str, told: Tell<'_>) -> Result<(), Failure> {
    let left_out = |why: &str| Event::Skipped { what: "pictures over the API".to_owned(), why: why.to_owned() };
    if api.request.outputs.contains_key(outputs::upload::STACK) {
        return tell(told, &left_out("servers take them here, under a host name that only its owner knows"));
    }
    let draw = |error| Failure { source: Some(Box::new(error)), ..Failure::new("could not draw the picture", "no picture was sent") };
    let picture = Picture::drawn(SIZE.0, SIZE.1).jpeg(QUALITY).map_err(draw)?;

    let answer = post(api, token, JPEG, &picture).await?;
    if answer.status == 404 {
        return tell(told, &left_out("what is deployed knows no `POST /images` yet"));
    }
    let direct: Accepted = read("a picture in one request", 201, &answer)?;
    tell(told, &answered("a picture in one request", &answer))?;

    let declared = Declared { content_type: JPEG.to_owned(), bytes: picture.len() as u64 };
    let body = serde_json::to_string(&declared).map_err(|error| Failure::call("declare a picture", api.request, error))?;
    let answer = post(api, token, "application/json", body.as_bytes()).await?;
    let promised: Accepted = read("a picture that is declared", 201, &answer)?;
    let Some(form) = &promised.form else {
        return Err(Failure::new("a picture that is declared got no form", "see the upload function's log"));
    };
    let answer = send(api, form, &picture).await?;
    if answer.status != 201 {
        return Err(wrong("a picture by a form", 201, &answer));
    }
    tell(told, &answered("a picture by a form", &answer))?;

    for accepted in [direct, promised] {
        let answer = proxies(api, token, &accepted.id).await?;
        tell(told, &answered("proxies of a picture", &answer))?;
    }

    let answer = post(api, token, JPEG, GIF).await?;
    if answer.status != 400 || answer.json()["error"] != "not_an_image" {
        return Err(wrong("a GIF that says it is a JPEG", 400, &answer));
    }
    tell(told, &answered("a GIF that says it is a JPEG", &answer))
}

async fn post(api: &Api<'_>, token: &str, content_type: &str, body: &[u8]) -> Result<Answer, Failure> {
    let headers = vec![("authorization", format!("Bearer {token}")), ("content-type", content_type.to_owned())];
    let call = Call { method: "POST", url: format!("{}/images", api.names.url), headers, body: body.to_vec() };
    api.http.send(call).await.map_err(|error| Failure::call("call POST /images", api.request, error))
}

/// Sends a form as a browser does.
async fn send(api: &Api<'_>, form: &Form, picture: &[u8]) -> Result<Answer, Failure> {
    // No field holds it, and the picture is our own.
    const EDGE: &str = "cloudwright-smoke-8b1f6a2c";
    let mut body = Vec::new();
    for (name, value) in &form.fields {
        body.extend(format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picture.jpg\"\r\n\r\n").into_bytes());
    body.extend_from_slice(picture);
    body.extend(format!("\r\n--{EDGE}--\r\n").into_bytes());
    let headers = vec![("content-type", format!("multipart/form-data; boundary={EDGE}"))];
    let call = Call { method: "POST", url: form.url.clone(), headers, body };
    api.http.send(call).await.map_err(|error| Failure::call("send a form", api.request, error))
}

/// Waits until the picture is transcoded, and looks at every proxy.
async fn proxies(api: &Api<'_>, token: &str, id: &str) -> Result<Answer, Failure> {
    let (begun, path, bearer) = (Instant::now(), format!("/images/{id}"), format!("Bearer {token}"));
    loop {
        let answer = api.call("GET", &path, &[("authorization", &bearer)], "").await?;
        let image: Image = read("a picture that was sent", 200, &answer)?;
        match image.state {
            State::Transcoded => {
                for proxy in &image.proxies {
                    let call = Call { method: "GET", url: proxy.url.clone(), headers: Vec::new(), body: Vec::new() };
                    let found = api.http.send(call).await.map_err(|error| Failure::call("fetch a proxy", api.request, error))?;
                    let (size, expected) = (decoded_size(&found.bytes).ok(), proxy_size(SIZE, proxy.edge));
                    if found.status != 200 || size != Some(expected) {
                        let message = format!("the link to a proxy gave {} and {size:?} instead of 200 and {expected:?}", found.status);
                        return Err(Failure::new(message, "see whether the upload function may read the bucket of proxies"));
                    }
                }
                return Ok(answer);
            }
            State::Rejected => {
                return Err(Failure::new(format!("a good picture was rejected: {}", answer.body), "see the transcoder's log"));
            }
            State::Waiting if begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            State::Waiting => {
                let message = format!("a picture that was sent has no proxies after {} s", PATIENCE.as_secs());
                return Err(Failure::new(message, "see the transcoder's log: `cargo xtask logs --stack images`"));
            }
        }
    }
}

fn read<T: DeserializeOwned>(case: &str, expected: u16, answer: &Answer) -> Result<T, Failure> {
    let read = serde_json::from_str(&answer.body).ok().filter(|_| answer.status == expected);
    read.ok_or_else(|| wrong(case, expected, answer))
}

fn wrong(case: &str, expected: u16, answer: &Answer) -> Failure {
    let body: String = answer.body.chars().take(300).collect();
    let message = format!("{case} was answered with {} `{body}` instead of {expected}", answer.status);
    Failure::new(message, "the upload function's log says why: `cargo xtask logs --stack api`")
}

fn answered(case: &str, answer: &Answer) -> Event {
    Event::Answered { case: case.to_owned(), status: answer.status }
}
