//! The service behind an HTTP API, which hands it whole requests.
#![cfg(test)]

mod common;

use common::{Lines, MEBIBYTE, MOST, SOMEBODY_ELSE, USER, bearer, config, event, jpeg, service, store::MemoryStore};
use contract::upload::MOST_DIRECT_BYTES;
use serde_json::{Value, json};

/// What people read of these routes.
const PAGE: &str = include_str!("../../../docs/api/images.md");

/// An answer, read.
struct Told {
    status: u16,
    headers: std::collections::BTreeMap<&'static str, String>,
    body: Value,
}

impl Told {
    fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }

    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// Asks a service that has seen nobody yet.
async fn ask(store: &MemoryStore, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Told {
    let service = service(config("presigned"), store.clone(), Lines::default());
    // Each question is somebody's first within a minute: what is tested is something else.
    store.look(|held| held.calls.clear());
    let response = service.handle(event(method, path, headers, body)).await;
    Told { status: response.status_code, headers: response.headers, body: serde_json::from_str(&response.body).unwrap_or(Value::Null) }
}

async fn post(content_type: &str, body: &[u8]) -> (MemoryStore, Told) {
    let store = MemoryStore::default();
    let told = ask(&store, "POST", "/images", &[("authorization", &bearer(USER)), ("content-type", content_type)], body).await;
    (store, told)
}

async fn declare(body: &Value) -> (MemoryStore, Told) {
    post("application/json", body.to_string().as_bytes()).await
}

#[tokio::test]
async fn a_small_picture_is_taken_with_its_request() {
    let picture = jpeg(100_000);

    let (store, told) = post("image/jpeg", &picture).await;

    assert_eq!(told.status, 201, "{}", told.body);
    let (id, key) = (told.body["id"].as_str().unwrap(), told.body["key"].as_str().unwrap());
    assert_eq!(told.headers["location"], format!("/images/{id}"));
    assert!(key.starts_with("in/") && key.ends_with(id) && !key.contains(USER), "a link to a proxy would tell whose it is: {key}");
    assert_eq!(store.look(|held| held.pictures[key].clone()), ("image/jpeg".to_owned(), picture));
}

#[tokio::test]
async fn what_is_no_picture_is_refused_before_it_is_stored() {
    let cases: [(&str, &[u8], &str); 6] = [
        ("image/gif", b"GIF89a\x01\0\x01\0", "not_an_image"),
        ("image/jpeg", b"GIF89a\x01\0\x01\0", "not_an_image"),
        ("image/png", b"<!DOCTYPE html><script>", "not_an_image"),
        ("image/png", b"\xff\xd8\xff\xe0\0\x10JFIF", "content_type_differs"),
        ("image/jpeg", b"", "empty"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data", "not_an_image"),
    ];
    for (content_type, body, expected) in cases {
        let (store, told) = post(content_type, body).await;

        assert_eq!(told.error(), (400, expected), "{content_type} {body:?}");
        assert!(!told.message().is_empty(), "nobody would know what to do");
        assert!(PAGE.contains(&format!("`{expected}`")), "whoever gets `{expected}` would look it up in vain");
        assert!(store.calls().is_empty(), "what is refused would be paid for: {:?}", store.calls());
    }
}

#[tokio::test]
async fn a_picture_too_large_for_a_request_is_told_the_way_that_takes_it() {
    let most = MOST_DIRECT_BYTES as usize;

    let (_, fits) = post("image/jpeg", &jpeg(most)).await;
    let (store, too_large) = post("image/jpeg", &jpeg(most + 1)).await;

    assert_eq!(fits.status, 201);
    assert_eq!(too_large.error(), (400, "declare_it"));
    assert!(too_large.message().contains(r#"{"content_type":"image/jpeg","bytes":4194305}"#), "{}", too_large.message());
    assert!(store.is_empty());
}

#[tokio::test]
async fn a_hundred_megabytes_may_be_declared_and_one_byte_more_may_not() {
    let (_, most) = declare(&json!({ "content_type": "image/png", "bytes": MOST })).await;
    let (store, more) = declare(&json!({ "content_type": "image/png", "bytes": MOST + 1 })).await;

    assert_eq!(most.status, 201, "{}", most.body);
    let fields = &most.body["form"]["fields"];
    assert_eq!((&fields["bytes"], &fields["Content-Type"]), (&json!(MOST.to_string()), &json!("image/png")));
    assert_eq!(fields["key"], most.body["key"], "the picture would lie where nobody looks");
    assert_eq!(more.error(), (400, "too_many_bytes"));
    assert_eq!(more.message(), "the picture has 104857601 bytes, it may have at most 104857600");
    assert!(store.calls().is_empty(), "a form would have been signed for it");
}

#[tokio::test]
async fn only_declarations_that_can_be_kept_get_a_form() {
    let cases = [
        (json!({ "content_type": "image/gif", "bytes": 10 }), (400, "content_type_unknown")),
        (json!({ "content_type": "IMAGE/PNG", "bytes": 10 }), (400, "content_type_unknown")),
        (json!({ "content_type": "", "bytes": 10 }), (400, "content_type_unknown")),
        (json!({ "content_type": "image/png", "bytes": 0 }), (400, "empty")),
        (json!({ "content_type": "image/png", "bytes": u64::MAX }), (400, "too_many_bytes")),
        (json!({ "content_type": "image/png", "bytes": -1 }), (422, "invalid_body")),
        (json!({ "content_type": "image/png" }), (422, "invalid_body")),
        (json!({ "content_type": "image/png", "bytes": 10, "key": "in/somebody/else" }), (422, "invalid_body")),
    ];
    for (body, expected) in cases {
        let (store, told) = declare(&body).await;

        assert_eq!(told.error(), expected, "{body}");
        assert!(PAGE.contains(&format!("`{}`", expected.1)), "whoever gets {expected:?} would look it up in vain");
        assert!(store.calls().is_empty(), "{body}");
    }
}

#[tokio::test]
async fn nobody_brings_or_sees_a_picture_without_a_token() {
    let store = MemoryStore::default();
    for (method, path) in contract::upload::ROUTES {
        let none = ask(&store, method, path, &[], &jpeg(100)).await;
        let bad = ask(&store, method, path, &[("authorization", "Bearer a.b.c")], &jpeg(100)).await;
        let token = bearer(USER);
        let foreign = ask(&store, method, path, &[("authorization", &token), ("origin", "https://evil.com")], &jpeg(100)).await;

        assert_eq!(
            (none.status, bad.error(), foreign.error()),
            (401, (403, "invalid_token"), (403, "origin_not_allowed")),
            "{method} {path}"
        );
    }
    assert!(store.calls().is_empty(), "strangers would make us work: {:?}", store.calls());
}

#[tokio::test]
async fn the_limit_of_a_user_holds_here_too() {
    let store = MemoryStore::default();
    let lines = Lines::default();
    let service = service(config("presigned"), store.clone(), lines.clone());
    let token = bearer(USER);

    let mut answers = Vec::new();
    for _ in 0..6 {
        let headers = [("authorization", token.as_str()), ("content-type", "image/jpeg")];
        answers.push(service.handle(event("POST", "/images", &headers, &jpeg(100))).await.status_code);
    }

    assert_eq!(answers, [201, 201, 201, 201, 201, 429]);
    let refused: Vec<_> = lines.read().into_iter().filter(|line| line["ApiRateLimitBreaches"] == 1.0).collect();
    assert_eq!(refused.len(), 1, "nobody would be told of a client that brings pictures too often");
    let dimension = (&refused[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], &refused[0]["RateTable"]);
    assert_eq!(dimension, (&json!([["RateTable"]]), &json!("rates")), "the front door's refusals and these would be two counts");
}

#[tokio::test]
async fn a_picture_is_followed_from_its_arrival_to_its_proxies() {
    let picture = jpeg(100);
    let (store, told) = post("image/jpeg", &picture).await;
    let (id, key) = (told.body["id"].as_str().unwrap().to_owned(), told.body["key"].as_str().unwrap().to_owned());
    let (path, token) = (format!("/images/{id}"), bearer(USER));
    let see = async |token: &str| ask(&store, "GET", &path, &[("authorization", token)], b"").await;

    assert_eq!(see(&token).await.body, json!({ "id": id, "state": "waiting" }));
    store.look(|held| held.proxies.push(format!("{key}/2048.jpg")));
    assert_eq!(see(&token).await.body["state"], "waiting", "half of it is not done");
    store.look(|held| held.proxies.push(format!("{key}/1024.jpg")));
    let done = see(&token).await;

    assert_eq!(done.body["state"], "transcoded");
    assert_eq!(done.body["proxies"][1], json!({ "edge": 1024, "url": format!("https://photos-out.example.com/{key}/1024.jpg?signed") }));
    assert_eq!(done.headers["cache-control"], "no-store", "a link that ended would be served");
    assert_eq!(see(&bearer(SOMEBODY_ELSE)).await.error(), (404, "unknown_image"), "anybody could see it");
    store.look(|held| held.pictures.clear());
    assert_eq!(see(&token).await.body["state"], "transcoded", "an original that expired takes nothing away");
}

#[tokio::test]
async fn a_rejected_picture_tells_why() {
    let (store, told) = post("image/jpeg", &jpeg(100)).await;
    let (id, key) = (told.body["id"].as_str().unwrap().to_owned(), told.body["key"].as_str().unwrap().to_owned());
    store.look(|held| {
        held.pictures.clear();
        let why = json!({ "reason": "truncated", "detail": "the file ends before the picture does", "bucket": "photos-in", "moved": true });
        held.reasons.insert(format!("rejected/{key}.reason.json"), why.to_string().into_bytes());
    });

    let seen = ask(&store, "GET", &format!("/images/{id}"), &[("authorization", &bearer(USER))], b"").await;

    let expected = json!({ "id": id, "state": "rejected", "reason": "truncated", "error": "the file ends before the picture does" });
    assert_eq!(seen.body, expected);
}

#[tokio::test]
async fn an_identity_that_was_never_given_is_unknown() {
    let store = MemoryStore::default();
    for id in ["01JB0000000000000000000000", "..", "01jb0000000000000000000000", "x", "..%2F..%2Fsecret"] {
        let seen = ask(&store, "GET", &format!("/images/{id}"), &[("authorization", &bearer(USER))], b"").await;

        assert_eq!(seen.error(), (404, "unknown_image"), "{id}");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_not_the_clients_fault() {
    for (call, content_type, body) in
        [("put", "image/jpeg", jpeg(MEBIBYTE)), ("form", "application/json", br#"{"content_type":"image/png","bytes":9}"#.to_vec())]
    {
        let (store, lines) = (MemoryStore::default(), Lines::default());
        store.fail(call);
        let service = service(config("presigned"), store.clone(), lines.clone());

        let headers = [("authorization", bearer(USER)), ("content-type", content_type.to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = service.handle(event("POST", "/images", &headers, &body)).await;

        assert_eq!((answer.status_code, answer.headers["retry-after"].as_str()), (503, "1"), "{}", answer.body);
        assert!(lines.text().contains("a test said so"), "nobody would know why: {}", lines.text());
        assert!(!answer.body.contains("a test said so"), "the client learns what is behind us: {}", answer.body);
    }
}
