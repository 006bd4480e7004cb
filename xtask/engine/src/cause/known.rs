//! Reasons that AWS gives again and again, with what to do about each.
//!
//! Each pair is here because AWS's own words for it were found in public; the tests hold those words whole.

mod access;
mod code;
mod deletion;
mod generic;
mod machines;
mod names;
mod room;
mod running;
mod templates;

/// Words that all occur in AWS's reason, in lower case → what to do.
type Known = (&'static [&'static str], &'static str);

/// The first match counts, so a narrower pair stands before a wider one: within its subject, and `generic` after all subjects.
const SUBJECTS: [&[Known]; 9] = [
    access::KNOWN,
    names::KNOWN,
    templates::KNOWN,
    code::KNOWN,
    machines::KNOWN,
    room::KNOWN,
    running::KNOWN,
    deletion::KNOWN,
    generic::KNOWN,
];

/// What to do about a reason that AWS gives, where the reason is a known one.
pub(crate) fn advice(reason: &str) -> Option<String> {
    if let Some(missing) = missing_permission(reason) {
        return Some(missing);
    }
    known(reason).map(|(_, advice)| (*advice).to_owned())
}

/// The pair whose words are AWS's.
fn known(reason: &str) -> Option<&'static Known> {
    let lower = reason.to_ascii_lowercase();
    SUBJECTS.into_iter().flatten().find(|(words, _)| words.iter().all(|word| lower.contains(word)))
}

/// AWS names who may not do what: `User: <arn> is not authorized to perform: <action> on resource: <arn> because …`.
fn missing_permission(reason: &str) -> Option<String> {
    let lower = reason.to_ascii_lowercase();
    let at = lower.find("not authorized to perform")?;
    let (before, after) = (reason.get(..at)?, reason.get(at..)?);
    let word = |text: &str| text.trim_matches(|char: char| !char.is_ascii_alphanumeric() && char != '*').to_owned();
    let action = after.split_whitespace().map(word).find(|word| is_action(word));
    let principal = before.split_whitespace().map(|word| word.trim_matches(['"', ',', '(', ')'])).rfind(|word| word.starts_with("arn:"));
    // A boundary or an organisation's policy is mended elsewhere than the principal's own policies.
    let elsewhere = [
        ("service control policy", "; a service control policy of the organisation forbids it"),
        ("permissions boundary", "; its permissions boundary forbids it"),
        ("explicit deny", "; some policy denies it explicitly, which no other can allow"),
    ];
    let why = elsewhere.iter().find(|(words, _)| lower.contains(words)).map(|(_, why)| *why).unwrap_or_default();
    Some(match (principal, action) {
        (Some(principal), Some(action)) => format!("`{principal}` lacks `{action}`{why}: give it that action, or deploy with another role"),
        (None, Some(action)) => format!("whoever deploys lacks `{action}`{why}: give that action, or deploy with another role"),
        (_, None) => format!("give the principal that AWS names the action that AWS names, or deploy with another role{why}"),
    })
}

/// `sqs:CreateQueue`.
fn is_action(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        let lower = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
        !service.is_empty() && service.chars().all(lower) && action.starts_with(|char: char| char.is_ascii_uppercase() || char == '*')
    })
}

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;
