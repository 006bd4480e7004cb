//! Failures in words that a person can act on.

use protocol::{Failure, FailureKind, Sent, StackRef, Target};

use crate::cloud::{CloudError, ErrorKind, Identity};

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
    let hint = match status {
        "UPDATE_ROLLBACK_FAILED" => format!(
            "mend what AWS names in the stack's events, then `aws cloudformation continue-update-rollback --stack-name {}`, then deploy again",
            stack.name
        ),
        "DELETE_FAILED" => {
            format!("`cargo xtask destroy --env {environment}` tries the deletion again and says what stays and why; then deploy again")
        }
        _ => "CloudFormation's console, or `aws cloudformation describe-stack-events`, says how it came to this".to_owned(),
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
