//! What an environment's programs are told: settings as they stand in the templates, where the programs find them too.

use foundation::Finished;
use serde_json::Value as Json;

/// A setting, wherever a template gives it to a program: an environment variable of a function, or a line `NAME=value` of user data.
///
/// None where no template does, or where only CloudFormation knows the value.
pub(crate) fn setting(platform: &[Finished], variable: &str) -> Option<String> {
    platform.iter().find_map(|finished| within(&finished.template.to_json(), variable))
}

fn within(value: &Json, variable: &str) -> Option<String> {
    match value {
        Json::Object(entries) => entries.iter().find_map(|(name, value)| match value.as_str() {
            Some(text) if name == variable => Some(text.to_owned()),
            Some(_) | None => within(value, variable),
        }),
        Json::Array(items) => items.iter().find_map(|item| within(item, variable)),
        Json::String(text) => {
            let value = |line: &str| line.trim().strip_prefix(variable)?.strip_prefix('=').map(str::to_owned);
            text.lines().find_map(value).filter(|value| !value.contains("${"))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_is_found_where_a_program_would_find_it() {
        let template = json!({ "Resources": {
            "FrontDoor": { "Properties": { "Environment": { "Variables": { "FRONT_DOOR_MODELS": "tiny,large", "TABLE": { "Ref": "T" } } } } },
            "Workers": { "Properties": { "UserData": { "Fn::Base64": { "Fn::Sub": "#!/bin/sh\nWORKER_MODEL_KEY=models/tiny.gguf\nWORKER_QUEUE=${Queue}\n" } } } },
        } });

        let found = ["FRONT_DOOR_MODELS", "WORKER_MODEL_KEY", "WORKER_QUEUE", "TABLE", "WORKER_MODEL"].map(|name| within(&template, name));

        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found, [text("tiny,large"), text("models/tiny.gguf"), None, None, None]);
    }
}
