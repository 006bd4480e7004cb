//! Everything that is wrong with a template: what CloudFormation would refuse, and what it accepts and you regret.

use std::collections::BTreeMap;

use cfn_kit::rules::{self, Context};
use cfn_kit::{Document, Finding, Json};
use foundation::environment::{Architecture, DataProtection, Environment};
use foundation::{Finished, Wire};

/// Checks and rules together, in this order.
pub(crate) fn of(document: &Document, context: &Context) -> Vec<Finding> {
    let mut findings = cfn_kit::check(document);
    findings.extend(rules::lint(document, context));
    findings
}

/// What is known about a stack of an environment beside its template.
pub(crate) fn context(environment: &Environment, stack: &Finished) -> Context {
    Context {
        // Where data is kept whatever happens, people depend on it.
        production: environment.protection.data == DataProtection::Keep,
        region: Some(environment.region.to_string()),
        machines: machines(stack),
        ..Context::default()
    }
}

/// The processor that each function's binary is built for, by the function's logical ID: its code comes from the parameter of that
/// binary. That the binary is really for it is looked up in its ELF header when it is packed.
fn machines(stack: &Finished) -> BTreeMap<String, String> {
    let template = stack.template.to_json();
    let resources = template.get("Resources").and_then(Json::as_object).into_iter().flatten();
    let machine = |(id, resource): (&String, &Json)| {
        let parameter = resource.get("Properties")?.get("Code")?.get("S3Key")?.get("Ref")?.as_str()?;
        let Wire::Artifact { binary } = stack.parameters.get(parameter)? else { return None };
        let shipped = stack.shipped.iter().find(|shipped| shipped.binary == *binary)?;
        let machine = match shipped.architecture {
            Architecture::X86_64 => "x86_64",
            Architecture::Arm64 => "arm64",
        };
        Some((id.clone(), machine.to_owned()))
    };
    resources.filter_map(machine).collect()
}
