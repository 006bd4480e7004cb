//! A role policy wants the role's name, not its ARN.
use cfn_kit::iam;
use cfn_kit::prelude::*;

fn main() {
    let mut template = template!("A role with a policy");
    let role = template.add("Role", iam::Role::new(PolicyDocument::assumed_by_service("lambda.amazonaws.com")));
    template.add("Policy", iam::RolePolicy::new("Granted", role.arn()));
}
