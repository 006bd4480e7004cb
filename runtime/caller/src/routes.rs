//! Which handler a path belongs to.

/// Routes as HTTP APIs write them: method and path; an identity is `{id}`, and stands at the end.
pub type Routes = &'static [(&'static str, &'static str)];

/// A request's place among [`Routes`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// The route's path as [`Routes`] write it, and what stands for `{id}`.
    Route { pattern: &'static str, id: &'a str },
    /// The path is known, its method is another one.
    OtherMethod { pattern: &'static str, allow: String },
    /// No such path.
    Nothing,
}

/// What the access line calls a path that is none of ours: the path itself is anybody's text.
pub(crate) const NO_ROUTE: &str = "$default";

pub(crate) fn find<'a>(routes: Routes, method: &str, path: &'a str) -> Found<'a> {
    let mut other = None;
    for &(known, pattern) in routes {
        let Some(id) = id_of(pattern, path) else { continue };
        if known == method {
            return Found::Route { pattern, id };
        }
        other = Some((pattern, format!("{known}, OPTIONS")));
    }
    other.map_or(Found::Nothing, |(pattern, allow)| Found::OtherMethod { pattern, allow })
}

/// What stands in the path where the pattern has `{id}`: nothing, where the pattern has none.
fn id_of<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    match pattern.strip_suffix("{id}") {
        None => (pattern == path).then_some(""),
        Some(start) => path.strip_prefix(start).filter(|id| !id.is_empty() && !id.contains('/')),
    }
}

#[cfg(test)]
mod tests {
    use contract::api::ROUTES;

    use super::*;

    #[test]
    fn every_route_is_found_and_no_other() {
        for (method, pattern) in ROUTES {
            let path = pattern.replace("{id}", "a");
            let expected = if pattern == path { "" } else { "a" };
            assert_eq!(find(&ROUTES, method, &path), Found::Route { pattern, id: expected });
        }
        for path in ["", "/", "/infer/", "/INFER", "/jobs", "/jobs/", "/jobs/a/b", "/admin", "/admin/operations/", "//ping"] {
            assert_eq!(find(&ROUTES, "GET", path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn a_known_path_says_which_method_it_takes() {
        assert_eq!(find(&ROUTES, "GET", "/infer"), Found::OtherMethod { pattern: "/infer", allow: "POST, OPTIONS".to_owned() });
        assert_eq!(find(&ROUTES, "DELETE", "/jobs/a"), Found::OtherMethod { pattern: "/jobs/{id}", allow: "GET, OPTIONS".to_owned() });
    }
}
