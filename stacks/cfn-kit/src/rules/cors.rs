//! Which pages of other sites may call.

use serde_json::Value as Json;

use super::view::View;
use super::{Broken, Rule};
use crate::finding::Severity;

/// An origin that can never match.
pub(super) const CORS_ORIGIN: Rule = Rule {
    id: "cors-origin",
    severity: Severity::Error,
    title: "every origin that CORS allows can be one that a browser sends",
    why: "an origin that no browser sends allows nobody, and only the browser's console says so",
    check: cors_origin,
};

/// What a service makes of `*` in an origin.
#[derive(Clone, Copy, PartialEq)]
enum Stars {
    /// `*`, `http://*` and `https://*` alone (HTTP APIs).
    WholeHosts,
    /// One, anywhere (S3).
    One,
    /// `*` alone (function URLs).
    Everybody,
}

fn cors_origin(view: &View<'_>, broken: &mut Broken<'_>) {
    for resource in view.all() {
        let (list, credentials, stars) = match resource.kind {
            "AWS::ApiGatewayV2::Api" => ("CorsConfiguration/AllowOrigins", "CorsConfiguration/AllowCredentials", Stars::WholeHosts),
            "AWS::Lambda::Url" => ("Cors/AllowOrigins", "Cors/AllowCredentials", Stars::Everybody),
            "AWS::S3::Bucket" => {
                for index in 0..resource.list("CorsConfiguration/CorsRules").len() {
                    let list = format!("CorsConfiguration/CorsRules/{index}/AllowedOrigins");
                    origins(resource.list(&list), Stars::One, &resource.path(&list), broken);
                }
                continue;
            }
            _ => continue,
        };
        origins(resource.list(list), stars, &resource.path(list), broken);
        let with_credentials = resource.get(credentials).and_then(|switch| view.switch(switch)) == Some(true);
        if stars == Stars::WholeHosts && with_credentials && resource.list(list).iter().any(|origin| origin == "*") {
            let message = "`AllowCredentials` is on and the origin is `*`";
            broken.at(
                &resource.path(credentials),
                message,
                "name the origins, or leave the credentials out: API Gateway refuses both together",
            );
        }
    }
}

fn origins(list: &[Json], stars: Stars, path: &str, broken: &mut Broken<'_>) {
    for (index, origin) in list.iter().enumerate() {
        let Some(text) = origin.as_str() else { continue };
        if let Some((wrong, hint)) = mistake(text, stars) {
            broken.at(&format!("{path}/{index}"), format!("the origin `{text}` {wrong}"), hint);
        }
    }
}

/// What is wrong with an origin, and what to do.
fn mistake(origin: &str, stars: Stars) -> Option<(String, String)> {
    // A page without an origin of its own sends `null`.
    if origin == "*" || origin == "null" || origin.contains("{{resolve:") {
        return None;
    }
    if stars == Stars::One && origin.matches('*').count() > 1 {
        return Some(("has more than one `*`".to_owned(), "S3 takes one `*` in an origin".to_owned()));
    }
    let Some((scheme, host)) = origin.split_once("://") else {
        let is_bucket_pattern = stars == Stars::One && origin.contains('*');
        return (!is_bucket_pattern).then(|| ("has no scheme".to_owned(), format!("write `https://{origin}`, as browsers do")));
    };
    if let Some((host, _)) = host.split_once('/') {
        let right = format!("write `{scheme}://{host}`: browsers send scheme, host and port alone");
        return Some(("has a path, be it only a slash".to_owned(), right));
    }
    let whole = host == "*" && matches!(scheme, "http" | "https");
    if host.contains('*') && (stars == Stars::Everybody || stars == Stars::WholeHosts && !whole) {
        let known = if stars == Stars::Everybody { "`*`" } else { "`*`, `http://*` and `https://*`" };
        let hint = format!("list every origin; besides exact ones there are {known}; a handler of your own can decide by pattern");
        return Some(("has a `*` that is not understood".to_owned(), hint));
    }
    let default_port = matches!((scheme, host.rsplit_once(':')), ("http", Some((_, "80"))) | ("https", Some((_, "443"))));
    if default_port {
        return Some(("names the port that goes without saying".to_owned(), "leave the port out: browsers do".to_owned()));
    }
    let wrong_case = host.chars().any(|character| character.is_ascii_uppercase());
    wrong_case.then(|| ("has capital letters".to_owned(), format!("write `{}`, as browsers do", origin.to_ascii_lowercase())))
}
