//! What a judge says, and which of it counts.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// What a judge says about one place in one template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Finding {
    /// The program that says it.
    judge: String,
    template: PathBuf,
    /// The judge's number for it, such as `E3002`.
    rule: String,
    severity: Severity,
    /// Where in the template: `Resources/Queue/Properties/VisibilityTimeout`.
    path: String,
    line: u32,
    message: String,
}

/// How bad it is, in the words of either judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Debug,
    #[serde(alias = "informational")]
    Info,
    #[serde(alias = "warn")]
    Warning,
    #[serde(alias = "fatal")]
    Error,
    /// A word that we do not know: better looked at than missed.
    #[serde(other)]
    Unknown,
}

/// Rules whose warnings are no mistake of ours, and why they are none. An error is never ignored by accident: each rule stands here by
/// its number.
const IGNORED: &[(&str, &str)] = &[
    ("I9001", "says that a property is create-only, of every template alike; our own diff says it when one changes"),
    ("I9040", "wants tags on each resource, but CloudFormation puts the stack's tags on all of them"),
];

impl Finding {
    /// Whether it must be corrected before a change goes in.
    pub(super) fn counts(&self) -> bool {
        let is_bad = match self.severity {
            Severity::Error | Severity::Warning | Severity::Unknown => true,
            Severity::Info | Severity::Debug => false,
        };
        is_bad && IGNORED.iter().all(|(rule, _)| *rule != self.rule)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { judge, template, rule, severity, path, line, message } = self;
        let word = match severity {
            Severity::Debug | Severity::Info => "note",
            Severity::Warning => "warning",
            Severity::Error | Severity::Unknown => "error",
        };
        write!(f, "{word}[{rule}]: {message}\n  at {}:{line} {path} (says {judge})", template.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &str, severity: &str) -> Finding {
        let text = serde_json::json!({
            "judge": "cfn-lint", "template": "out/local/jobs.json", "rule": rule, "severity": severity,
            "path": "Resources/Queue", "line": 3, "message": "is odd",
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn errors_and_warnings_of_either_judge_count_and_notes_do_not() {
        let counting: Vec<_> = ["fatal", "error", "warn", "warning", "informational", "info", "debug"]
            .into_iter()
            .filter(|severity| finding("X1", severity).counts())
            .collect();

        assert_eq!(counting, ["fatal", "error", "warn", "warning"], "a template that AWS refuses would pass");
    }

    #[test]
    fn a_severity_that_nobody_knows_yet_counts() {
        assert!(finding("X1", "catastrophic").counts(), "a new version's worst word would be overlooked");
    }

    #[test]
    fn an_ignored_rule_does_not_count_and_says_why() {
        let careless: Vec<_> = IGNORED.iter().filter(|(_, reason)| reason.len() < 30).map(|(rule, _)| rule).collect();

        assert!(!finding("I9040", "warning").counts());
        assert!(careless.is_empty(), "nobody could tell whether these may still be ignored: {careless:?}");
    }

    #[test]
    fn a_finding_tells_where_and_who_says_so() {
        let text = finding("E3002", "error").to_string();

        assert_eq!(text, "error[E3002]: is odd\n  at out/local/jobs.json:3 Resources/Queue (says cfn-lint)");
    }
}
