//! Failures in words that a person can act on.

use protocol::{Failure, FailureKind, Sent, StackRef, Target};

use crate::cloud::{CloudError, ErrorKind, Identity};
use crate::phase::Phase;

/// The failure that an error of the cloud amounts to, before anything was sent.
pub(crate) fn of(error: CloudError, target: &Target) -> Failure {
    let environment = &target.environment;
    let (kind, message, hint) = match error.kind {
        ErrorKind::Credentials => (
            FailureKind::Credentials,
            format!("no usable AWS credentials for `{environment}` (account {})", target.account),
            "sign in (`aws sso login`) or set AWS_PROFILE; `aws sts get-caller-identity` shows who you are".to_owned(),
        ),
        ErrorKind::Unreachable => (
            FailureKind::Unreachable,
            format!("the {} endpoint of `{environment}` in {} does not answer", error.service, target.region),
            "look at the network, at `region` and `endpoint_url` in the environment's file, and at `cargo xtask local status` for the local cloud"
                .to_owned(),
        ),
        ErrorKind::Denied => (
            FailureKind::Denied,
            format!("these credentials may not call {}:{} in `{environment}`", error.service, error.operation),
            "AWS's words above name the principal and the action that its policy lacks".to_owned(),
        ),
        ErrorKind::Throttled => (
            FailureKind::Service,
            format!("AWS throttles {}:{} in `{environment}`", error.service, error.operation),
            "somebody else in the account calls it all the time, or its quota is small: try again later".to_owned(),
        ),
        ErrorKind::Unavailable => (
            FailureKind::Unreachable,
            format!("{} in {} is out of order", error.service, target.region),
            "health.aws.amazon.com says whether AWS knows of it: try again later".to_owned(),
        ),
        ErrorKind::NotFound | ErrorKind::Exists | ErrorKind::Refused | ErrorKind::Conflict | ErrorKind::Other => (
            FailureKind::Service,
            format!("{}:{} failed in `{environment}`", error.service, error.operation),
            format!("AWS's words above say why; `cargo xtask status --env {environment}` shows what is deployed"),
        ),
    };
    let cause = match &error.code {
        Some(code) => format!("{code}: {}", error.message),
        None => error.message.clone(),
    };
    Failure { kind, message, causes: vec![cause], source: None, hint, sent: Sent::Nothing }
}

/// The failure that an error amounts to while CloudFormation is at work on a stack.
pub(crate) fn in_the_middle(error: CloudError, stack: &StackRef, target: &Target) -> Failure {
    let environment = &target.environment;
    let kind = error.kind;
    let failure = of(error, target);
    let goes_on = format!("CloudFormation may go on by itself, and `cargo xtask deploy --env {environment}` picks it up where it is then");
    let (message, hint) = match kind {
        ErrorKind::Credentials => (
            format!("the credentials for `{environment}` are no longer accepted, while CloudFormation was at work on `{}`", stack.name),
            format!("sign in again (`aws sso login`); {goes_on}"),
        ),
        ErrorKind::Unreachable | ErrorKind::Unavailable | ErrorKind::Throttled => {
            (format!("{}, while CloudFormation was at work on `{}`", failure.message, stack.name), format!("{}; {goes_on}", failure.hint))
        }
        ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Exists | ErrorKind::Refused | ErrorKind::Conflict | ErrorKind::Other => {
            (format!("{}, at work on `{}`", failure.message, stack.name), failure.hint)
        }
    };
    Failure { message, hint, sent: Sent::Something, ..failure }
}

/// The credentials are those of another account.
pub(crate) fn wrong_account(target: &Target, identity: &Identity) -> Failure {
    let environment = &target.environment;
    Failure {
        kind: FailureKind::WrongAccount,
        message: format!("`{environment}` is in account {}, but these credentials are for {}", target.account, identity.account),
        causes: vec![format!("they belong to {}", identity.arn)],
        source: None,
        hint: format!("set AWS_PROFILE, or correct `account` in environments/{environment}.yaml"),
        sent: Sent::Nothing,
    }
}

/// The request contradicts itself: a mistake in the stacks, or in the program that sent it.
pub(crate) fn request(message: String, hint: &str) -> Failure {
    Failure { kind: FailureKind::Request, message, causes: Vec::new(), source: None, hint: hint.to_owned(), sent: Sent::Nothing }
}

/// A stack is in a state that needs a person.
pub(crate) fn stack_state(stack: &StackRef, status: &str, reason: Option<&str>, environment: &str) -> Failure {
    let hint = match Phase::of(status) {
        Phase::HalfDeleted => format!(
            "mend what AWS names, then `cargo xtask destroy --env {environment} --stack {short}`; with `--retain LOGICAL_ID` it leaves a \
             resource as it is; then deploy again",
            short = stack.stack
        ),
        Phase::HalfRolledBack | Phase::HalfUpdated => {
            format!("`cargo xtask deploy --env {environment}` goes on with its rollback first, then deploys")
        }
        Phase::Unknown => format!(
            "this engine does not know that state, and does not guess; CloudFormation's console, or `aws cloudformation \
             describe-stack-events --stack-name {}`, says how it came to this: deploy again when it is at rest, or with a newer cloudwright",
            stack.name
        ),
        Phase::Absent | Phase::Settled | Phase::RolledBack | Phase::NeverBorn | Phase::Moving | Phase::Stuck => format!(
            "CloudFormation's console, or `aws cloudformation describe-stack-events --stack-name {}`, says how it came to this; \
             deploy again when it is at rest",
            stack.name
        ),
    };
    Failure {
        kind: FailureKind::StackState,
        message: format!("stack `{}` is in {status}, from which it cannot be deployed", stack.name),
        causes: reason.map(str::to_owned).into_iter().collect(),
        source: None,
        hint,
        sent: Sent::Nothing,
    }
}

/// Somebody pressed Ctrl-C.
pub(crate) fn interrupted(what: String, hint: String, sent: Sent) -> Failure {
    Failure { kind: FailureKind::Interrupted, message: what, causes: Vec::new(), source: None, hint, sent }
}
