//! Routes of an HTTP API, and what its stage says about them.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::view::{Res, View, function};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A throttle that stops single users.
pub(super) const ROUTE_LIMIT: Rule = Rule {
    id: "route-limit",
    severity: Severity::Error,
    title: "what a stage or a route lets through is more than nothing and no less than one user may send",
    why: "a throttle of API Gateway counts all callers together: one below the rate of one user stops everybody when one is busy",
    check: route_limit,
};

fn route_limit(view: &View<'_>, broken: &mut Broken<'_>) {
    for stage in view.all() {
        let mut places: Vec<(String, String)> = Vec::new();
        match stage.kind {
            "AWS::ApiGatewayV2::Stage" => {
                places.push(("every route".to_owned(), "DefaultRouteSettings".to_owned()));
                let routes = stage.get("RouteSettings").and_then(Json::as_object).into_iter().flatten();
                places.extend(routes.map(|(key, _)| (format!("`{key}`"), format!("RouteSettings\0{key}"))));
            }
            "AWS::ApiGateway::Stage" => {
                let methods = 0..stage.list("MethodSettings").len();
                places.extend(methods.map(|index| ("a method".to_owned(), format!("MethodSettings/{index}"))));
            }
            _ => continue,
        }
        for (what, place) in places {
            // A route's key has slashes of its own.
            let settings = match place.split_once('\0') {
                Some((list, key)) => stage.get(list).and_then(|list| list.get(key)),
                None => stage.get(&place),
            };
            let Some(settings) = settings else { continue };
            for (name, unit) in [("ThrottlingRateLimit", "requests a second"), ("ThrottlingBurstLimit", "requests at once")] {
                let Some(limit) = settings.get(name).and_then(|limit| view.number(limit)) else { continue };
                let path = stage.path(&format!("{}/{name}", place.replace('\0', "/")));
                match view.context.user_rate_per_second {
                    // A REST API writes -1 where nothing is throttled.
                    _ if limit < 0.0 => {}
                    _ if limit == 0.0 => broken.at(
                        &path,
                        format!("`{}` lets 0 {unit} through to {what}", stage.id),
                        "leave the limit out for the account's own, or give it a number above 0",
                    ),
                    Some(user) if limit < user => broken.at(
                        &path,
                        format!(
                            "`{}` lets {limit} {unit} through to {what}, for all users together; one user alone may send {user}",
                            stage.id
                        ),
                        format!("make it {user} times the users that are busy at once; limit single users in the handler"),
                    ),
                    _ => {}
                }
            }
        }
    }
}

/// Settings for a route that does not exist.
pub(super) const ROUTE_SETTINGS: Rule = Rule {
    id: "route-settings",
    severity: Severity::Error,
    title: "a stage's route settings are for routes that its API has",
    why: "API Gateway does not find the route and refuses the stage; a key that differs in one letter is another route",
    check: route_settings,
};

/// Settings that come before their route.
pub(super) const STAGE_DEPENDS_ON_ROUTES: Rule = Rule {
    id: "stage-depends-on-routes",
    severity: Severity::Error,
    title: "a stage with route settings is made after these routes",
    why: "nothing in the settings refers to the route, so CloudFormation makes both at once, and \
          API Gateway refuses settings for a route that does not exist yet",
    check: stage_depends_on_routes,
};

/// A stage of this template with its API and that API's routes, all spelled out here.
struct Staged<'a> {
    stage: Res<'a>,
    api: &'a str,
    keys: Vec<&'a str>,
    routes: Vec<(&'a str, Res<'a>)>,
}

/// Stages with route settings of which the template says all.
fn staged<'a>(view: &View<'a>) -> Vec<Staged<'a>> {
    let all_routes: Vec<Res<'a>> = view.of_type("AWS::ApiGatewayV2::Route").collect();
    let api_of = |resource: Res<'a>| view.target_of(resource.get("ApiId")?, "AWS::ApiGatewayV2::Api");
    let one = |stage: Res<'a>| {
        let settings = stage.get("RouteSettings").filter(|settings| function(settings).is_none())?.as_object()?;
        let api = api_of(stage).filter(|api| !is_imported(*api) && api.get("RouteKey").is_none() && api.get("Target").is_none())?;
        let own = all_routes.iter().filter(|route| api_of(**route).is_some_and(|other| other.id == api.id));
        let routes: Option<Vec<_>> = own.map(|route| Some((route.get("RouteKey")?.as_str()?, *route))).collect();
        // Without any, they come from another template.
        let routes = routes.filter(|routes| !routes.is_empty())?;
        Some(Staged { stage, api: api.id, keys: settings.keys().map(String::as_str).collect(), routes })
    };
    view.of_type("AWS::ApiGatewayV2::Stage").filter_map(one).collect()
}

fn route_settings(view: &View<'_>, broken: &mut Broken<'_>) {
    for Staged { stage, api, keys, routes } in staged(view) {
        for key in keys {
            if routes.iter().any(|(known, _)| *known == key) {
                continue;
            }
            let distance = |known: &str| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), &known.to_ascii_lowercase());
            let near = routes.iter().map(|(known, _)| (distance(known), *known)).min();
            let hint = match near.filter(|(distance, _)| *distance <= key.len() / 3) {
                Some((_, near)) => format!("write `{near}`"),
                None => format!("its routes are {}", routes.iter().map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>().join(", ")),
            };
            let message = format!("`{}` has settings for `{key}`, which is no route of `{api}`", stage.id);
            broken.at(&stage.path(&format!("RouteSettings/{key}")), message, hint);
        }
    }
}

fn stage_depends_on_routes(view: &View<'_>, broken: &mut Broken<'_>) {
    for Staged { stage, keys, routes, .. } in staged(view) {
        let before = made_before(view, stage);
        for (key, route) in routes.iter().filter(|(key, route)| keys.contains(key) && !before.contains(route.id)) {
            broken.at(
                &stage.path(&format!("RouteSettings/{key}")),
                format!("`{}` has settings for `{key}` and does not wait for `{}`", stage.id, route.id),
                format!("add `DependsOn: {}`", route.id),
            );
        }
    }
}

/// What CloudFormation makes before a resource: all that it refers to or depends on, and what these do.
fn made_before<'a>(view: &View<'a>, resource: Res<'a>) -> BTreeSet<&'a str> {
    let mut before = BTreeSet::new();
    let mut waiting = vec![resource];
    while let Some(next) = waiting.pop() {
        let mentioned = next.body.get("Properties").map(|properties| view.mentions(properties)).unwrap_or_default();
        for id in mentioned.into_iter().chain(next.depends_on()) {
            if before.insert(id) {
                waiting.extend(view.resource(id));
            }
        }
    }
    before
}

/// Routes in two places.
pub(super) const BODY_WITH_ROUTE_SETTINGS: Rule = Rule {
    id: "body-with-route-settings",
    severity: Severity::Error,
    title: "an API's routes come from its definition or from resources, not from both",
    why: "every import of the definition replaces the API's routes, and what else was made for them is gone or refers to nothing",
    check: body_with_route_settings,
};

fn is_imported(api: Res<'_>) -> bool {
    api.get("Body").is_some() || api.get("BodyS3Location").is_some()
}

fn body_with_route_settings(view: &View<'_>, broken: &mut Broken<'_>) {
    for api in view.of_type("AWS::ApiGatewayV2::Api").filter(|api| is_imported(*api)) {
        let body = if api.get("Body").is_some() { "Body" } else { "BodyS3Location" };
        for other in view.all() {
            let what = match other.kind {
                "AWS::ApiGatewayV2::Route" => "a route",
                "AWS::ApiGatewayV2::Stage" if other.get("RouteSettings").is_some() => "settings for routes",
                _ => continue,
            };
            if other.get("ApiId").and_then(|id| view.target(id)).is_some_and(|target| target.id == api.id) {
                broken.at(
                    &api.path(body),
                    format!("`{}` takes its routes from `{body}`, and `{}` has {what} of it", api.id, other.id),
                    "write routes and their limits as resources, or everything into the definition",
                );
            }
        }
    }
}
