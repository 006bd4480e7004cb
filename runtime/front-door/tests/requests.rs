//! What holds for every request: which pages may call, which paths there are, and the line that each leaves in the log.
#![cfg(test)]

mod common;

use common::{Call, House, USER, tokens};
use contract::api::ROUTES;
use serde_json::json;

#[tokio::test]
async fn a_preflight_of_an_allowed_page_is_answered_without_a_token() {
    let house = House::new();
    for origin in ["http://localhost:5173", "capacitor://localhost", "https://app.example.com"] {
        for (_, path) in ROUTES {
            let call = Call::new("OPTIONS", path).header("origin", origin).header("access-control-request-method", "POST");

            let answer = house.call_now(call).await;

            assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{origin} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert_eq!(answer.header("access-control-allow-methods"), Some("POST, GET, OPTIONS"));
            assert_eq!(answer.header("access-control-allow-headers"), Some("Authorization, Content-Type, Idempotency-Key"));
            assert_eq!((answer.header("access-control-max-age"), answer.header("vary")), (Some("7200"), Some("Origin")));
        }
    }
    assert!(house.cloud().look(|held| held.calls.is_empty()) && house.issuer.calls() == 0, "a preflight costs nothing");
}

#[tokio::test]
async fn a_foreign_page_is_refused_whatever_it_asks() {
    let house = House::new();
    for origin in ["https://evil.com", "evil.com", "null", "http://localhost.evil.com", "http://localhost:80@evil.com", ""] {
        for (method, path) in ROUTES.into_iter().chain([("OPTIONS", "/infer"), ("OPTIONS", "/nowhere"), ("GET", "/nowhere")]) {
            let answer = house.call_now(Call::new(method, path).signed_in().header("origin", origin)).await;

            assert_eq!(answer.error(), (403, "origin_not_allowed"), "`{origin}` {method} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "`{origin}` could read the answer");
            assert_eq!(answer.header("vary"), Some("Origin"));
        }
    }
    assert!(house.cloud().look(|held| held.calls.is_empty()), "a foreign page would spend the user's requests");
}

#[tokio::test]
async fn whoever_sends_no_origin_needs_only_a_token() {
    let house = House::new();

    let answer = house.call_now(Call::get("/ping").signed_in()).await;

    assert_eq!((answer.status, answer.header("access-control-allow-origin"), answer.header("vary")), (200, None, Some("Origin")));
    assert_eq!(house.call_now(Call::get("/ping")).await.status, 401);
}

#[tokio::test]
async fn an_allowed_page_may_read_every_answer_also_a_refusal() {
    let house = House::new();
    let origin = "http://localhost:5173";
    for (call, status) in [
        (Call::get("/ping"), 401),
        (Call::get("/ping").token("x"), 403),
        (Call::get("/nowhere"), 404),
        (Call::get("/infer"), 405),
        (Call::get("/ping").signed_in(), 200),
    ] {
        let answer = house.call_now(call.header("origin", origin)).await;

        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some(origin)));
        assert_eq!(answer.header("access-control-expose-headers"), Some("Location, Retry-After, WWW-Authenticate"));
    }
}

#[tokio::test]
async fn a_path_or_a_method_that_is_none_says_what_there_is() {
    let house = House::new();

    let nowhere = house.call_now(Call::get("/infer/").signed_in()).await;
    let wrong = house.call_now(Call::get("/infer").signed_in()).await;

    assert_eq!(nowhere.error(), (404, "unknown_path"));
    assert!(nowhere.message().contains("`POST /infer`, `POST /generate`, "), "{}", nowhere.message());
    assert_eq!((wrong.error(), wrong.header("allow")), ((405, "method_not_allowed"), Some("POST, OPTIONS")));
    assert_eq!(house.call_now(Call::new("DELETE", "/jobs/x")).await.header("allow"), Some("GET, OPTIONS"));
}

#[tokio::test]
async fn every_request_leaves_one_line_with_all_its_fields() {
    let house = House::new();

    house.call_now(Call::get("/ping").signed_in().header("origin", "http://localhost:5173")).await;

    let log = house.log();
    assert_eq!(log.len(), 1, "{log:?}");
    let line = log[0].as_object().unwrap();
    let fields: Vec<_> = line.keys().map(String::as_str).collect();
    let expected =
        ["timestamp", "level", "message", "requestId", "ip", "route", "method", "status", "latencyMs", "jwtSub", "userAgent", "origin"];
    assert_eq!(fields, expected);
    assert!(line["status"].is_u64() && line["latencyMs"].is_u64(), "nobody could ask for slow answers: {line:?}");
    let texts = ["requestId", "ip", "route", "method", "jwtSub", "userAgent"].map(|name| line[name].as_str().unwrap());
    assert_eq!(texts, ["request-1", "192.0.2.1", "/ping", "GET", USER, "tests/1.0"]);
}

#[tokio::test]
async fn the_line_of_a_foreign_page_holds_its_origin_and_403() {
    let house = House::new();

    house.call_now(Call::new("OPTIONS", "/infer").header("origin", "https://evil.com")).await;

    let text = house.log_text();
    assert!(text.contains(r#"evil.com""#) && text.contains(r#""status":403"#), "API-004.09 searches for this: {text}");
    let line = house.access_line();
    assert_eq!((&line["origin"], &line["route"], &line["method"]), (&json!("https://evil.com"), &json!("/infer"), &json!("OPTIONS")));
}

#[tokio::test]
async fn no_line_holds_a_token_or_an_address() {
    let house = House::new();
    let token = tokens::good(USER);

    house.call_now(Call::get("/ping").token(&token)).await;
    house.call_now(Call::get("/ping").token(&format!("{token}x"))).await;
    house.call_now(Call::get(&format!("/jobs/{token}")).token(&token)).await;
    let asked = house.call_now(Call::post("/infer", &json!({ "prompt": "a secret" })).token(&token)).await;

    let text = house.log_text();
    assert_eq!(asked.status, 200, "{asked:?}");
    assert!(!text.contains(&token[..40]) && !text.contains("ann@example.com") && !text.contains("a secret"), "{text}");
    assert_eq!(house.log().iter().filter(|line| line["message"] == "request").count(), 4);
    assert!(text.contains(r#""route":"/jobs/{id}""#), "lines of one route could not be counted: {text}");
}
