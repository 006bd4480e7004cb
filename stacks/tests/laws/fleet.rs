//! The workers, what they are told, and their network.

use super::*;

/// The script of a launch template.
fn user_data(template: &Json) -> String {
    let (_, worker) = of_type(template, "AWS::EC2::LaunchTemplate")[0];
    worker["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_worker_is_told_it_takes() {
    for (name, stack, template) in everything().into_iter().filter(|(_, stack, _)| stack.stack == "fleet") {
        let script = user_data(&template);
        assert!(script.len() < 12 * 1024, "{name}: with its values in it, EC2 would refuse more than 16 KB: {}", script.len());
        assert!(!script.contains("{{"), "{name}: something was not filled in");
        let lines = script.split("<<'ENVIRONMENT'\n").nth(1).and_then(|rest| rest.split("\nENVIRONMENT\n").next()).unwrap();
        let variables: BTreeMap<&str, &str> = lines.lines().map(|line| line.split_once('=').unwrap()).collect();

        let read = contract::worker::WorkerConfig::read(|name| variables.get(name).map(|value| (*value).to_owned()));

        assert!(read.is_ok(), "{name}: the worker would not start: {read:?}");
        for name in ["AWS_REGION", "WORKER_ARTIFACT_BUCKET", "WORKER_ARTIFACT_KEY"] {
            assert!(variables[name].starts_with("${"), "{name} is known to AWS alone: {}", variables[name]);
        }
        let known = |placeholder: &str| {
            let id = placeholder.split(['}', '.']).next().unwrap();
            id == "AWS::Region" || stack.parameters.contains_key(id) || !template["Resources"][id].is_null()
        };
        assert!(script.split("${").skip(1).all(known), "{name}: CloudFormation would take a variable of the shell for one of its own");
    }
}

#[test]
fn the_key_of_an_engine_is_in_no_template_and_the_worker_may_read_it() {
    let mut env = environment("staging");
    env.fleet.engine = foundation::environment::Engine::Http;
    env.fleet.engine_url = Some("https://models.example.com".parse().unwrap());
    env.fleet.engine_key_parameter = Some("/cloudwright/staging/engine-key".parse().unwrap());

    let stack = stacks::platform(&env).into_iter().find(|stack| stack.stack == "fleet").unwrap();

    let template = stack.template.to_json();
    let findings = cfn_kit::check(&stack.document());
    assert!(findings.is_empty(), "CloudFormation would refuse it: {findings:?}");
    let script = user_data(&template);
    assert!(script.contains("\nWORKER_ENGINE_KEY_PARAMETER=/cloudwright/staging/engine-key\n"), "{script}");
    assert!(script.contains("\nWORKER_ENGINE_KEY_FILE=/run/gpu-worker/engine-key\n"), "the key would lie on a disk: {script}");
    let role = of_type(&template, "AWS::IAM::Role").into_iter().find(|(id, _)| *id == "WorkerRole").unwrap().1;
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap();
    let read: Vec<_> = statements.iter().filter(|statement| statement["Action"] == "ssm:GetParameter").collect();
    assert_eq!(read.len(), 1, "the worker would be refused its key");
    let resource = read[0]["Resource"]["Fn::Sub"].as_str().unwrap();
    assert!(resource.ends_with(":parameter/cloudwright/staging/engine-key"), "it could read every parameter: {resource}");
}

#[test]
fn what_the_reconciler_is_told_it_takes() {
    for (name, _, template) in everything().into_iter().filter(|(_, stack, _)| stack.stack == "fleet") {
        let (_, function) = of_type(&template, "AWS::Lambda::Function")[0];
        let variables = function["Environment"]["Variables"].as_object().unwrap();
        let value = |name: &str| Some(variables.get(name)?.as_str().unwrap_or("known-to-aws").to_owned());

        let read = contract::fleet::ReconcilerConfig::read(value);

        assert!(read.is_ok(), "{name}: the reconciler would not start: {read:?}");
    }
}

#[test]
fn a_deploy_takes_back_neither_the_number_nor_the_type_of_the_workers() {
    for (name, _, template) in everything().into_iter().filter(|(_, stack, _)| stack.stack == "fleet") {
        for (id, group) in of_type(&template, "AWS::AutoScaling::AutoScalingGroup") {
            assert!(group["DesiredCapacity"].is_null(), "{name}: each deploy would set {id} back");
            assert_eq!(group["MinSize"], "0", "{name}: {id} would never go to zero");
            assert_eq!(group["NewInstancesProtectedFromScaleIn"], false, "{name}: a worker that never starts could never be ended");
        }
        for (id, hook) in of_type(&template, "AWS::AutoScaling::LifecycleHook") {
            assert_eq!(hook["LifecycleHookName"], contract::fleet::DRAIN_HOOK, "{name}: {id} would wait in vain for each worker's word");
        }
        let (_, worker) = of_type(&template, "AWS::EC2::LaunchTemplate")[0];
        let data = &worker["LaunchTemplateData"];
        assert_eq!(data["InstanceType"]["Fn::Sub"], "{{resolve:ssm:${JobsInstanceTypeParameter}}}", "{name}: a resize would be taken back");
        assert_eq!(data["MetadataOptions"]["HttpTokens"], "required", "{name}: credentials could be had by a forged request");
        assert_eq!(
            data["MetadataOptions"]["InstanceMetadataTags"], "enabled",
            "{name}: no worker would know its group, to be protected in it"
        );
        assert_eq!(data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"], true, "{name}");
        for (id, group) in of_type(&template, "AWS::EC2::SecurityGroup") {
            assert!(group["SecurityGroupIngress"].is_null(), "{name}: somebody could come into {id}");
        }
    }
}

#[test]
fn one_instance_that_changes_its_shape_is_a_fleet_as_well() {
    let mut env = environment("staging");
    env.fleet.mode = FleetMode::Single;

    let stack = stacks::platform(&env).into_iter().find(|stack| stack.stack == "fleet").unwrap();

    let template = stack.template.to_json();
    let findings = cfn_kit::check(&stack.document());
    assert!(findings.is_empty(), "CloudFormation would refuse it: {findings:?}");
    assert_eq!(of_type(&template, "AWS::EC2::Instance").len(), 1);
    assert!(of_type(&template, "AWS::AutoScaling::AutoScalingGroup").is_empty(), "a group replaces an instance that is stopped");
    let machines: Vec<_> = of_type(&template, "AWS::StepFunctions::StateMachine").into_iter().map(|(id, _)| id).collect();
    assert_eq!(machines, ["ResizeMachine", "PowerMachine"]);
    let variables = &of_type(&template, "AWS::Lambda::Function")[0].1["Environment"]["Variables"];
    assert_eq!(variables["RECONCILER_MODE"], "single");
    assert_ne!(variables["RECONCILER_POWER_MACHINE_ARN"], "none", "nobody could start the instance");
}

#[test]
fn every_way_out_of_the_network_is_one_that_cloudformation_takes() {
    use foundation::environment::Egress;
    for (egress, kind, number) in [
        (Egress::Public, "AWS::EC2::InternetGateway", 1),
        (Egress::Nat, "AWS::EC2::NatGateway", 1),
        (Egress::Endpoints, "AWS::EC2::VPCEndpoint", 9),
    ] {
        let mut env = environment("staging");
        env.network.egress = egress;

        let stack = stacks::network(&env).finished;

        let findings = cfn_kit::check(&stack.document());
        assert!(findings.is_empty(), "CloudFormation would refuse {egress:?}: {findings:?}");
        let template = stack.template.to_json();
        assert_eq!(of_type(&template, kind).len(), number, "{egress:?}");
        let gateway = |(_, endpoint): &(&str, &Json)| endpoint["VpcEndpointType"] == "Gateway";
        let free = of_type(&template, "AWS::EC2::VPCEndpoint").into_iter().filter(gateway).count();
        assert_eq!(free, 2, "{egress:?}: S3 and DynamoDB would be billed by the byte");
    }
}
