//! A failure as a person reads it: what, why, where it was made, what to do.

use protocol::Failure;

use super::Paint;

/// One line for each thing there is to say.
pub(crate) fn failure_lines(failure: &Failure, paint: Paint) -> Vec<String> {
    let mut lines = vec![labelled(&paint.bad("error:"), &failure.message)];
    lines.extend(failure.causes.iter().map(|cause| labelled("caused by:", cause)));
    lines.extend(failure.source.iter().map(|source| labelled("made at:", source)));
    if !failure.hint.is_empty() {
        lines.push(labelled(&paint.hint("hint:"), &failure.hint));
    }
    lines
}

/// AWS's words can have several lines; those after the first are set in, so that no label can be mistaken.
fn labelled(label: &str, text: &str) -> String {
    format!("{label} {}", text.trim_end().replace('\n', "\n  "))
}

#[cfg(test)]
mod tests {
    use protocol::{FailureKind, Sent};

    use super::*;

    #[test]
    fn a_failure_says_what_why_where_and_what_to_do() {
        let failure = Failure {
            kind: FailureKind::RolledBack,
            message: "`images` could not be updated, and AWS rolled it back".to_owned(),
            causes: vec!["SourceBucket: the bucket policy is not valid\nRequest ID: 1".to_owned()],
            source: Some("stacks/src/images.rs:31".to_owned()),
            hint: "what was changed is undone; correct the policy".to_owned(),
            sent: Sent::Undone,
        };

        let lines = failure_lines(&failure, Paint::default());

        assert_eq!(
            lines,
            [
                "error: `images` could not be updated, and AWS rolled it back",
                "caused by: SourceBucket: the bucket policy is not valid\n  Request ID: 1",
                "made at: stacks/src/images.rs:31",
                "hint: what was changed is undone; correct the policy",
            ],
            "somebody at three in the morning would have to search"
        );
    }
}
