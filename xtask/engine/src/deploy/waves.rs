//! Which stacks can be worked on side by side, and which have to wait for others' outputs.

use std::collections::BTreeMap;

use protocol::{Deploy, Failure, Source, StackSpec};

use crate::failure;

/// The stacks in waves, each of which needs only those before it.
///
/// # Errors
/// When a parameter names a stack or an artifact that the request does not hold, or holds only later: nothing has been sent then.
pub(super) fn waves(request: &Deploy) -> Result<Vec<Vec<&StackSpec>>, Failure> {
    let mut level: BTreeMap<&str, usize> = BTreeMap::new();
    let mut waves: Vec<Vec<&StackSpec>> = Vec::new();
    for spec in &request.stacks {
        let mut own = 0;
        for (parameter, source) in &spec.parameters {
            let Some(needed) = needed_stack(request, spec, parameter, source)? else { continue };
            let Some(other) = level.get(needed) else {
                return Err(failure::request(
                    format!("parameter `{parameter}` of `{}` needs stack `{needed}`, which does not come before it", spec.name),
                    "stacks are listed in dependency order in `stacks::platform`",
                ));
            };
            own = own.max(other + 1);
        }
        level.insert(&spec.stack, own);
        if waves.len() <= own {
            waves.resize_with(own + 1, Vec::new);
        }
        if let Some(wave) = waves.get_mut(own) {
            wave.push(spec);
        }
    }
    Ok(waves)
}

fn needed_stack<'a>(request: &'a Deploy, spec: &StackSpec, parameter: &str, source: &'a Source) -> Result<Option<&'a str>, Failure> {
    match source {
        Source::Value { .. } | Source::Digest => Ok(None),
        Source::Output(output) => Ok(Some(&output.stack)),
        Source::Artifact { artifact } => {
            if request.artifacts.iter().any(|known| known.name == *artifact) {
                return Ok(Some(&request.artifact_bucket.stack));
            }
            let known: Vec<_> = request.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
            Err(failure::request(
                format!("parameter `{parameter}` of `{}` needs artifact `{artifact}`; there are: {}", spec.name, known.join(", ")),
                "an artifact has the name of its binary in runtime/",
            ))
        }
    }
}
