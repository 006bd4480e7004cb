//! Plans as files, and plans for people.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use protocol::{Intent, OutputRef, Plan, PlannedParameter, PlannedValue, StackPlan};

use crate::error::Error;
use crate::progress::{Paint, intention};

/// Only whoever made a plan may read it: the values of parameters are in it.
const MODE: u32 = 0o600;

/// The longest value that is shown whole.
const LONGEST_VALUE: usize = 60;

/// Writes a plan to a file.
pub(crate) fn write(plan: &Plan, path: &Path) -> Result<(), Error> {
    let unwritable = |source| Error::Write { path: path.to_owned(), source };
    let text = serde_json::to_string_pretty(plan).map_err(|error| unwritable(io::Error::other(error)))?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path).map_err(unwritable)?;
    // The mode above is for a file that was not there.
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(unwritable)?;
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(unwritable)
}

/// Reads a plan from a file. Whether it is still what was made, the engine finds out.
pub(crate) fn read(path: &Path) -> Result<Plan, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| Error::PlanFile { path: path.to_owned(), source })
}

/// A plan for people: each stack, what is done to it and why, and the parameters that change.
pub(crate) fn lines(plan: &Plan, paint: Paint) -> Vec<String> {
    let names = plan.stacks.iter().map(|step| step.stack.stack.len()).max().unwrap_or_default();
    let target = &plan.deploy.target;
    let mut lines = vec![format!("{} in account {}, {}", paint.strong(&target.environment), target.account, target.region)];
    for step in &plan.stacks {
        let reason = step.reason.as_ref().map(|reason| format!("  ({reason})")).unwrap_or_default();
        lines.push(format!("  {:names$}  {}{reason}", step.stack.stack, what(step.intent, paint)));
        lines.extend(parameters(step).into_iter().map(|text| format!("  {:names$}    {text}", "")));
    }
    lines.extend(plan.notes.iter().map(|note| format!("{} {note}", paint.notable("note:"))));
    lines
}

fn what(intent: Intent, paint: Paint) -> String {
    let words = intention(intent);
    match intent {
        Intent::Nothing => paint.dim(words),
        Intent::Create => paint.good(words),
        Intent::Update | Intent::Wait | Intent::Import | Intent::Recover => paint.notable(words),
        Intent::Recreate | Intent::Delete => paint.bad(words),
    }
}

/// Those that change of a stack that is there. One that is made has them all anew.
fn parameters(step: &StackPlan) -> Vec<String> {
    let changing = |one: &(&String, &PlannedParameter)| step.seen.is_some() && one.1.changes();
    let text = |(name, parameter): (&String, &PlannedParameter)| {
        let was = parameter.was.as_deref().map_or("nothing".to_owned(), short);
        match &parameter.value {
            PlannedValue::Now { value } => format!("{name}: {was} → {}", short(value)),
            PlannedValue::Then { output: OutputRef { stack, output }, .. } => {
                format!("{name}: {was} → `{output}` of `{stack}`, known then")
            }
        }
    };
    step.parameters.iter().filter(changing).map(text).collect()
}

fn short(value: &str) -> String {
    if value.chars().count() <= LONGEST_VALUE {
        return format!("`{value}`");
    }
    let start: String = value.chars().take(LONGEST_VALUE).collect();
    format!("`{start}…`")
}
