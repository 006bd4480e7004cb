//! Who is let in: every known way to forge a token, and how often strangers can make us ask for keys.
#![cfg(test)]

mod common;

use common::{
    Call, House, USER,
    tokens::{self, KEY_ID, NOW_SECONDS, base64url, claims, foreign_key, header, jwk, key, signed},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(USER);
    change(&mut claims);
    signed(&header().to_string(), &claims.to_string(), key())
}

fn with_header(header: &Value) -> String {
    signed(&header.to_string(), &claims(USER).to_string(), key())
}

/// A good token with one of its three parts replaced.
fn replaced(at: usize, part: &str) -> String {
    let good = tokens::good(USER);
    let mut parts: Vec<_> = good.split('.').collect();
    parts[at] = part;
    parts.join(".")
}

#[tokio::test]
async fn a_good_token_is_let_in() {
    let house = House::new();

    let answer = house.call_now(Call::get("/ping").signed_in()).await;

    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"status":"ok"}"#));
    let lower = Call::get("/ping").header("authorization", &format!("bearer {}", tokens::good(USER)));
    assert_eq!(house.call(lower).await.status, 200, "the scheme's letters may be of either case (RFC 9110)");
}

#[tokio::test]
async fn every_forged_token_is_refused_with_the_same_words() {
    let all = claims(USER).to_string();
    let public_n = jwk(KEY_ID, foreign_key());
    let attacks = [
        ("no algorithm", "malformed", format!("{}.{}.", base64url(br#"{"alg":"none","kid":"key-1"}"#), base64url(all.as_bytes()))),
        ("no algorithm, good signature", "malformed", with_header(&json!({ "alg": "None", "kid": KEY_ID }))),
        ("the public key as a secret", "algorithm", tokens::signed_with_public_key(r#"{"alg":"HS256","kid":"key-1"}"#, &all)),
        ("another RSA algorithm", "algorithm", with_header(&json!({ "alg": "RS512", "kid": KEY_ID }))),
        ("another padding", "algorithm", with_header(&json!({ "alg": "PS256", "kid": KEY_ID }))),
        ("an unknown key", "key", with_header(&json!({ "alg": "RS256", "kid": "key-2" }))),
        ("no key", "key", with_header(&json!({ "alg": "RS256" }))),
        ("an empty key", "key", with_header(&json!({ "alg": "RS256", "kid": "" }))),
        ("a key that is a path", "key", with_header(&json!({ "alg": "RS256", "kid": "../../dev/null" }))),
        ("somebody else's signature", "signature", signed(&header().to_string(), &all, foreign_key())),
        (
            "a key that the token brings along",
            "signature",
            signed(&json!({ "alg": "RS256", "kid": KEY_ID, "jwk": public_n }).to_string(), &all, foreign_key()),
        ),
        (
            "an address of keys that the token brings along",
            "signature",
            signed(&json!({ "alg": "RS256", "kid": KEY_ID, "jku": "https://evil.com/keys" }).to_string(), &all, foreign_key()),
        ),
        ("an extension that must be understood", "extension", with_header(&json!({ "alg": "RS256", "kid": KEY_ID, "crit": ["exp"] }))),
        ("a payload that is not encoded", "extension", with_header(&json!({ "alg": "RS256", "kid": KEY_ID, "b64": false }))),
        ("an algorithm twice", "malformed", signed(r#"{"alg":"RS256","alg":"none","kid":"key-1"}"#, &all, key())),
        ("a claim twice", "malformed", signed(&header().to_string(), &all.replacen('{', r#"{"sub":"admin","#, 1), key())),
        ("another issuer", "issuer", with(|claims| claims["iss"] = json!("https://evil.com/pool"))),
        ("an issuer that only begins well", "issuer", with(|claims| claims["iss"] = json!(format!("{}x", tokens::ISSUER)))),
        ("two issuers", "malformed", with(|claims| claims["iss"] = json!([tokens::ISSUER, "https://evil.com"]))),
        ("another audience", "audience", with(|claims| claims["aud"] = json!("another-client"))),
        ("several audiences", "malformed", with(|claims| claims["aud"] = json!([tokens::CLIENT]))),
        ("no audience", "audience", with(|claims| drop(claims.as_object_mut().unwrap().remove("aud")))),
        ("another use", "token_use", with(|claims| claims["token_use"] = json!("access"))),
        ("a refresh token", "token_use", with(|claims| claims["token_use"] = json!("refresh"))),
        ("an old one", "expired", with(|claims| claims["exp"] = json!(NOW_SECONDS - 5))),
        ("one without an end", "malformed", with(|claims| drop(claims.as_object_mut().unwrap().remove("exp")))),
        ("an end that is text", "malformed", with(|claims| claims["exp"] = json!("9999999999"))),
        ("an end before all times", "malformed", with(|claims| claims["exp"] = json!(-1))),
        ("one of tomorrow", "not_yet_valid", with(|claims| claims["nbf"] = json!(NOW_SECONDS + 6))),
        ("nobody", "subject", with(|claims| claims["sub"] = json!(""))),
        ("a user who breaks out of his key", "subject", with(|claims| claims["sub"] = json!("ann#bob"))),
        ("another payload", "signature", replaced(1, &base64url(claims("admin").to_string().as_bytes()))),
        ("another header", "signature", replaced(0, &base64url(br#"{"kid":"key-1","alg":"RS256"}"#))),
        ("no signature", "signature", replaced(2, "")),
        ("a signature of zeros", "signature", replaced(2, &base64url(&[0; 256]))),
        ("padding", "malformed", format!("{}=", tokens::good(USER))),
        ("four parts", "malformed", format!("{}.e30", tokens::good(USER))),
        ("two parts", "malformed", "e30.e30".to_owned()),
        ("no parts", "malformed", "token".to_owned()),
        ("two tokens", "malformed", format!("{0},Bearer {0}", tokens::good(USER))),
        ("too much", "oversized", with(|claims| claims["padding"] = json!("x".repeat(8_192)))),
        ("no text", "malformed", "\u{e9}\u{0}.\u{1f600}.x".to_owned()),
    ];
    for (name, check, token) in attacks {
        // Each on its own, so that none profits from what another one made us ask.
        let house = House::new();

        let answer = house.call_now(Call::get("/ping").token(&token)).await;

        assert_eq!((answer.status, answer.text.as_str()), (403, r#"{"error":"invalid_token"}"#), "{name} was let in");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#), "{name}");
        let line = house.access_line();
        assert_eq!((&line["error"], &line["reason"]), (&json!("invalid_token"), &json!(check)), "{name}: {line}");
        assert!(line["jwtSub"].is_null(), "the log would accuse somebody who was not there: {line}");
        assert!(house.cloud().look(|held| held.calls.is_empty()), "{name} cost a call");
    }
}

#[tokio::test]
async fn without_a_bearer_token_the_answer_says_what_is_missing() {
    let calls = [
        Call::get("/ping"),
        Call::get("/ping").header("authorization", ""),
        Call::get("/ping").header("authorization", "Bearer"),
        Call::get("/ping").header("authorization", "Bearer  "),
        Call::get("/ping").header("authorization", "Basic YW5uOnNlY3JldA=="),
        Call::get("/ping").header("authorization", &tokens::good(USER)),
        Call::post("/infer", &json!({ "prompt": "hello" })),
        Call::get("/jobs/01KATX3W7G2M8Z9QCVB4R5NDEF"),
    ];
    for call in calls {
        let house = House::new();

        let answer = house.call_now(call.clone()).await;

        assert_eq!((answer.error(), answer.header("www-authenticate")), ((401, "missing_token"), Some("Bearer")), "{call:?}");
        assert_eq!(house.issuer.calls(), 0, "strangers would make us ask for keys: {call:?}");
    }
}

#[tokio::test]
async fn a_token_is_taken_until_its_end_and_the_leeway_is_over() {
    let house = House::new();
    let ends = with(|claims| claims["exp"] = json!(NOW_SECONDS + 10));
    let begins = with(|claims| claims["nbf"] = json!(NOW_SECONDS + 5));

    assert_eq!(house.call_now(Call::get("/ping").token(&begins)).await.status, 200, "clocks differ by seconds");
    house.clock.advance(14_999);
    assert_eq!(house.call_now(Call::get("/ping").token(&ends)).await.status, 200);
    house.clock.advance(1);
    assert_eq!(house.call_now(Call::get("/ping").token(&ends)).await.status, 403);
}

#[tokio::test]
async fn an_access_token_is_for_its_client() {
    let access = |client: &str| {
        with(|claims| {
            claims["token_use"] = json!("access");
            claims["client_id"] = json!(client);
            claims.as_object_mut().unwrap().remove("aud");
        })
    };
    let house = House::with(|config| config.token_use = "access".to_owned());

    assert_eq!(house.call(Call::get("/ping").token(&access(tokens::CLIENT))).await.status, 200);
    assert_eq!(house.call(Call::get("/ping").token(&access("another-client"))).await.status, 403, "every app of the pool could call");
    assert_eq!(house.call(Call::get("/ping").signed_in()).await.status, 403, "an id token is no permission to call");
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_no_flood_of_questions() {
    let house = House::new();
    house.door.warm().await;
    let unknown: Vec<_> = (0..50).map(|number| with_header(&json!({ "alg": "RS256", "kid": format!("made-up-{number}") }))).collect();

    // Five minutes, fifty at once every second, and half of the time the issuer does not answer.
    for second in 0..300_u64 {
        house.issuer.publish((second % 60 < 30).then(|| json!({ "keys": [jwk(KEY_ID, key())] })));
        let calls = unknown.iter().map(|token| house.call_now(Call::get("/ping").token(token)));
        let answers = join_all(calls).await;
        assert!(answers.iter().all(|answer| answer.status == 403), "{answers:?}");
        house.clock.advance(1_000);
    }

    let calls = house.issuer.calls();
    assert!(calls <= 11, "one at the start and one in thirty seconds, but there were {calls}");
    assert!(2 < calls, "a new key would never be found: {calls}");
    assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 200, "strangers would keep everybody out");
}

#[tokio::test]
async fn a_new_key_is_found_without_waiting_for_the_old_ones_to_end() {
    let house = House::new();
    house.door.warm().await;
    let new = signed(&json!({ "alg": "RS256", "kid": "key-2" }).to_string(), &claims(USER).to_string(), foreign_key());
    house.issuer.publish(Some(json!({ "keys": [jwk(KEY_ID, key()), jwk("key-2", foreign_key())] })));

    house.clock.advance(29_999);
    assert_eq!(house.call_now(Call::get("/ping").token(&new)).await.status, 403);
    house.clock.advance(1);
    assert_eq!(house.call_now(Call::get("/ping").token(&new)).await.status, 200);
    assert_eq!(house.issuer.calls(), 2);
}

#[tokio::test]
async fn keys_serve_for_ten_minutes_and_no_longer() {
    let house = House::new();
    house.door.warm().await;
    house.issuer.publish(None);

    house.clock.advance(599_999);
    assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 200, "an issuer that pauses would be an outage");
    assert_eq!(house.issuer.calls(), 1);
    house.clock.advance(1);
    let answer = house.call_now(Call::get("/ping").signed_in()).await;
    assert_eq!((answer.error(), answer.header("retry-after")), ((503, "unavailable"), Some("1")), "a withdrawn key would live for ever");
    for _ in 0..20 {
        assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 503);
    }
    assert_eq!(house.issuer.calls(), 2, "an issuer in trouble would get a call for every request");

    house.issuer.publish(Some(json!({ "keys": [jwk(KEY_ID, key())] })));
    house.clock.advance(1_000);
    assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 200, "the outage would outlast its cause");
}

#[tokio::test]
async fn a_failed_start_costs_the_first_request_nothing_but_time() {
    let house = House::new();
    house.issuer.publish(None);
    house.door.warm().await;
    house.issuer.publish(Some(json!({ "keys": [jwk(KEY_ID, key())] })));

    let answers = join_all((0..5).map(|_| house.call_now(Call::get("/ping").signed_in()))).await;

    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(house.issuer.calls(), 2, "whoever comes while the keys are on their way waits for them");
}

#[tokio::test]
async fn what_is_no_key_set_is_no_reason_to_forget_the_keys() {
    let house = House::new();
    house.door.warm().await;
    let odd = [
        json!({ "keys": [] }),
        json!({ "keys": [{ "kty": "EC", "kid": "e", "crv": "P-256", "x": "AA", "y": "AA" }] }),
        json!({ "keys": [{ "kty": "oct", "kid": KEY_ID, "k": "c2VjcmV0" }] }),
        json!({ "keys": vec![jwk(KEY_ID, key()); 33] }),
        json!("<html>"),
    ];
    for set in odd {
        house.issuer.publish(Some(set.clone()));
        house.clock.advance(30_000);
        assert_eq!(house.call_now(Call::get("/ping").token(&with_header(&json!({ "alg": "RS256", "kid": "x" })))).await.status, 403);
        assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 200, "{set}");
    }
}
