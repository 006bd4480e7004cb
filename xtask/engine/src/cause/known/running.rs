//! What happens while a stack is under way: hooks, people, and other work at the same time.
//!
//! What a stack says when one of its own rollback alarms goes off is missing: no public text of it was found.

use super::Known;

pub(super) const KNOWN: &[Known] = &[
    (&["hook(s) failed"], "a hook of the account forbids it: the hook's own event, before this one, says why"),
    (&["stack update cancelled"], "somebody cancelled the update: deploy again when you like"),
    (
        &["did not receive a response from your custom resource"],
        "the custom resource's function never answered: its log group says why; CloudFormation waits an hour for it at each try",
    ),
    (&["conflicting conditional operation"], "S3 is still at another change of the same bucket: deploy again in a minute"),
    (&["waf couldn't retrieve the resource that you requested"], "what WAF needs is some seconds old: deploy again"),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("The following hook(s) failed: [MyCompany::Testing::MyTestHook]", "hook"),
    ("Stack update cancelled", "deploy again when you like"),
    ("CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [1].", "never answered"),
    ("A conflicting conditional operation is currently in progress against this resource. Please try again.", "in a minute"),
    ("AWS WAF couldn't retrieve the resource that you requested. Retry your request.", "some seconds old"),
];
