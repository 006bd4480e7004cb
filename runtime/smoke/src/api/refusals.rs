//! What must be refused: no token, a token that is none, too many requests, a foreign page.

use contract::smoke::Event;

use super::Api;
use crate::http::Answer;
use crate::run::{Failure, Tell, tell};

const NO_TOKEN: &str = "a call without a token";
const BAD_TOKEN: &str = "a call with a token that is none";
const FOREIGN: &str = "a call of a foreign page";
const TOO_MANY: &str = "calls without a pause";

pub(super) async fn test(api: &Api<'_>, token: &str, told: Tell<'_>) -> Result<(), Failure> {
    let answer = api.call("GET", "/ping", &[], "").await?;
    judged(NO_TOKEN, &answer, answer.status == 401, "401", told)?;

    let answer = api.call("GET", "/ping", &[("authorization", "Bearer not.a.token")], "").await?;
    let right = answer.status == 403 && answer.json()["error"] == "invalid_token" && answer.header("www-authenticate").is_some();
    judged(BAD_TOKEN, &answer, right, "403 `invalid_token` with WWW-Authenticate", told)?;

    let foreign = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    let answer = api.call("OPTIONS", "/infer", &foreign, "").await?;
    let right = answer.status == 403 && answer.header("access-control-allow-origin").is_none();
    judged(FOREIGN, &answer, right, "403 without a word that it may", told)?;

    // Refused at the latest when the minute's number is used up, however slow the way there is.
    let bearer = format!("Bearer {token}");
    let mut answer = Answer::default();
    for _ in 0..=api.request.api.per_minute {
        answer = api.call("GET", "/ping", &[("authorization", &bearer)], "").await?;
        if answer.status != 200 {
            break;
        }
    }
    let right = answer.status == 429 && answer.header("retry-after").is_some_and(|after| after.parse::<u32>().is_ok());
    judged(TOO_MANY, &answer, right, "429 with Retry-After", told)
}

fn judged(case: &str, answer: &Answer, right: bool, expected: &str, told: Tell<'_>) -> Result<(), Failure> {
    if right {
        return tell(told, &Event::Answered { case: case.to_owned(), status: answer.status });
    }
    let body: String = answer.body.chars().take(200).collect();
    let message = format!("{case} was answered with {} `{body}` instead of {expected}", answer.status);
    Err(Failure::new(message, "the front door's log says why: `cargo xtask logs --stack api`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_is_told_with_what_would_have_been_right() {
        let answer = Answer::of(200, &[], "{\"pong\":true}");

        let failure = judged(NO_TOKEN, &answer, false, "401", &mut |_| Ok(())).unwrap_err();

        assert_eq!(failure.to_string(), "a call without a token was answered with 200 `{\"pong\":true}` instead of 401");
    }
}
