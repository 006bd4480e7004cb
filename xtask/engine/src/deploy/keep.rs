//! Whether a plan that was kept can still be carried out.

use protocol::{Artifact, Failure, FailureKind, PLAN_VERSION, Plan, Sent, StackPlan};

use super::Known;
use super::decide::{digest_parameter, sha256};
use super::plan::{plan_digest, role, seen};

/// What to do about a plan that cannot be carried out.
const AGAIN: &str = "make a new plan with `cargo xtask deploy --plan-out`";

/// A plan is carried out as it was made, or not at all.
pub(super) fn is_whole(plan: &Plan) -> Result<(), Failure> {
    if plan.version != PLAN_VERSION {
        return Err(moved(format!("the plan has form {}, and this engine carries out form {PLAN_VERSION}", plan.version), Vec::new()));
    }
    let digest = plan_digest(plan);
    if digest == plan.digest {
        return Ok(());
    }
    Err(moved(
        "the plan is not as it was made: its digest does not fit".to_owned(),
        vec![format!("it says {}, and what it holds gives {digest}", plan.digest)],
    ))
}

/// Every file that is uploaded must be the one that the plan was made with.
pub(super) fn has_its_files(plan: &Plan) -> Result<(), Failure> {
    let causes: Vec<String> = plan.deploy.artifacts.iter().filter_map(other_file).collect();
    if causes.is_empty() { Ok(()) } else { Err(moved("the plan's files are not as they were".to_owned(), causes)) }
}

fn other_file(artifact: &Artifact) -> Option<String> {
    let path = artifact.path.display();
    match std::fs::read(&artifact.path) {
        Err(error) => Some(format!("`{}` cannot be read from {path}: {error}", artifact.name)),
        Ok(bytes) => {
            let digest = sha256(&bytes);
            (digest != artifact.sha256).then(|| format!("`{}` in {path} has the digest {digest}, not {}", artifact.name, artifact.sha256))
        }
    }
}

/// Every stack must be as the plan has seen it.
pub(super) fn has_not_moved(plan: &Plan, known: &Known) -> Result<(), Failure> {
    let mut causes: Vec<String> = Vec::new();
    for cause in plan.stacks.iter().filter_map(|stack| how_it_moved(plan, stack, known)) {
        // A stack that takes a step on the way stands there twice.
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    let now = role(&plan.deploy, known);
    if now != plan.role {
        let word = |role: &Option<String>| role.clone().unwrap_or_else(|| "none".to_owned());
        causes.push(format!("the role that CloudFormation takes on was {} and is {}", word(&plan.role), word(&now)));
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(moved(format!("`{}` has moved since the plan was made", plan.deploy.target.environment), causes))
}

fn how_it_moved(plan: &Plan, stack: &StackPlan, known: &Known) -> Option<String> {
    let name = &stack.stack.name;
    let spec = plan.deploy.stacks.iter().find(|spec| spec.name == *name)?;
    let state = known.states.get(name);
    let digest = state.and_then(|state| state.parameters.get(digest_parameter(spec)?)).map(String::as_str);
    let now = state.map(|state| seen(state, digest));
    let when = |at: &Option<String>| at.clone().unwrap_or_else(|| "an unknown time".to_owned());
    match (&stack.seen, now) {
        (None, None) => None,
        (None, Some(now)) => Some(format!("`{name}` did not exist, and is in {} now", now.status)),
        (Some(_), None) => Some(format!("`{name}` existed, and is gone")),
        (Some(then), Some(now)) if then.id != now.id => Some(format!("`{name}` was deleted and made again")),
        (Some(then), Some(now)) if *then != now => Some(format!(
            "`{name}` was in {} of {}, and is in {} of {}",
            then.status,
            when(&then.changed_at),
            now.status,
            when(&now.changed_at)
        )),
        (Some(_), Some(_)) => None,
    }
}

fn moved(message: String, causes: Vec<String>) -> Failure {
    Failure { kind: FailureKind::Moved, message, causes, source: None, hint: AGAIN.to_owned(), sent: Sent::Nothing }
}
