//! What answers at the API, and who is let in.

use super::*;

#[test]
fn every_route_of_the_contract_goes_to_its_function_and_has_a_limit_above_that_of_one_user() {
    // An HTTP API takes no path with a slash at its end, and sends what comes with one to the route for whatever lies below.
    let key = |(method, path): (&str, &str)| format!("{method} {path}{}", if path.ends_with('/') { "{proxy+}" } else { "" });
    let of_front_door: BTreeSet<String> = contract::api::ROUTES.into_iter().chain([("OPTIONS", "/{proxy+}")]).map(key).collect();
    let of_upload: BTreeSet<String> = contract::upload::ROUTES.into_iter().map(key).collect();
    for (name, _, template) in everything().into_iter().filter(|(_, stack, _)| stack.stack == "api") {
        let routes = of_type(&template, "AWS::ApiGatewayV2::Route");
        let keys: BTreeSet<String> = routes.iter().map(|(_, route)| route["RouteKey"].as_str().unwrap().to_owned()).collect();
        // Where servers take pictures, the API has no routes for them.
        let presigned = !of_type(&template, "AWS::Lambda::Function").iter().all(|(id, _)| *id != "Upload");
        let expected: BTreeSet<_> = of_front_door.iter().chain(of_upload.iter().filter(|_| presigned)).cloned().collect();
        assert_eq!(keys, expected, "{name}: clients would get 404");
        for (id, route) in &routes {
            let integration = if of_upload.contains(route["RouteKey"].as_str().unwrap()) { "Upload" } else { "FrontDoor" };
            assert_eq!(route["Target"]["Fn::Sub"], format!("integrations/${{{integration}Integration}}"), "{name}: {id} leads elsewhere");
            assert_eq!(route["AuthorizationType"], "NONE", "{name}: {id} would answer 401 in the gateway's words");
        }

        let (_, stage) = of_type(&template, "AWS::ApiGatewayV2::Stage")[0];
        let limits = stage["RouteSettings"].as_object().unwrap();
        assert_eq!(
            limits.keys().cloned().collect::<BTreeSet<_>>(),
            expected,
            "{name}: a route without a limit, or a limit without a route"
        );
        let variables = &of_type(&template, "AWS::Lambda::Function")[0].1["Environment"]["Variables"];
        let of_one_user: f64 = variables["FRONT_DOOR_PER_MINUTE"].as_str().unwrap().parse().unwrap();
        for (route, limit) in limits {
            assert!(
                limit["ThrottlingRateLimit"].as_f64().unwrap() > of_one_user / 60.0,
                "{name}: one user would meet the limit of all on {route}"
            );
        }
        let (_, api) = of_type(&template, "AWS::ApiGatewayV2::Api")[0];
        assert!(api["CorsConfiguration"].is_null() && api["Body"].is_null(), "{name}: the front door could refuse no origin");
        assert!(of_type(&template, "AWS::ApiGatewayV2::Authorizer").is_empty(), "{name}: a bad token would be answered 401, not 403");
    }
}

#[test]
fn what_the_front_door_is_told_it_takes() {
    for (name, _, template) in everything().into_iter().filter(|(_, stack, _)| stack.stack == "api") {
        let (_, function) = of_type(&template, "AWS::Lambda::Function")[0];
        let variables = function["Environment"]["Variables"].as_object().unwrap();
        // What only AWS knows is some text.
        let value = |name: &str| Some(variables.get(name)?.as_str().unwrap_or("known-to-aws").to_owned());

        let read = contract::front_door::FrontDoorConfig::read(value);

        assert!(read.is_ok(), "{name}: the front door would not start: {read:?}");
    }
}

#[test]
fn what_the_upload_service_is_told_it_takes_as_a_function_and_as_a_server() {
    let mut modes = BTreeSet::new();
    for (name, _, template) in everything() {
        let functions = of_type(&template, "AWS::Lambda::Function");
        let function = functions.iter().find(|(id, _)| *id == "Upload");
        let told = function.map(|(_, function)| function["Environment"]["Variables"].clone());
        let told = told.or_else(|| {
            let (_, task) = *of_type(&template, "AWS::ECS::TaskDefinition").first()?;
            let pairs = task["ContainerDefinitions"][0]["Environment"].as_array().unwrap();
            Some(pairs.iter().map(|pair| (pair["Name"].as_str().unwrap().to_owned(), pair["Value"].clone())).collect())
        });
        let Some(told) = told else { continue };
        let value = |name: &str| Some(told.get(name)?.as_str().unwrap_or("known-to-aws").to_owned());

        let read = contract::upload::UploadConfig::read(value).unwrap_or_else(|problems| panic!("{name} would not start: {problems}"));

        assert!(![&read.issuer, &read.client_id, &read.source_bucket].contains(&&String::new()), "{name}");
        assert_eq!(read.listen == "none", read.mode == "presigned", "{name}: a server that listens nowhere");
        assert_eq!(read.max_bytes, 104_857_600, "{name}: a hundred megabytes are let in");
        modes.insert(read.mode);
    }
    assert_eq!(modes.len(), 2, "one of the two ways is not rendered at all: {modes:?}");
}

#[test]
fn servers_are_there_only_where_the_environment_says_so() {
    for (name, stack, template) in everything() {
        let costs = ["AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::LoadBalancer"].map(|kind| of_type(&template, kind).len());

        let expected = if stack.stack == "upload" { [1, 1] } else { [0, 0] };
        assert_eq!(costs, expected, "{name}: money would be spent while nothing happens");
    }
    let default =
        ["local", "staging", "qa", "prod"].map(environment).map(|env| stacks::platform(&env).iter().any(|stack| stack.stack == "upload"));
    assert_eq!(default, [false; 4]);
}

#[test]
fn a_repository_is_there_only_where_the_environment_says_so_and_moves_no_image() {
    let template = |env: &Environment| stacks::artifacts(env).finished.template.to_json();
    let mut rebuilt = environment("staging");
    rebuilt.images.upload.repository = true;

    let (kept, gone) = (template(&streaming()), template(&rebuilt));

    assert!(of_type(&template(&environment("prod")), "AWS::ECR::Repository").is_empty(), "rights and a resource that nobody needs");
    for (wanted, template) in [("RetainExceptOnCreate", &kept), ("Delete", &gone)] {
        let (id, repository) = of_type(template, "AWS::ECR::Repository")[0];
        assert_eq!(template["Resources"][id]["DeletionPolicy"], wanted);
        assert_eq!(repository["EmptyOnDelete"] == true, wanted == "Delete", "production's images could go, or staging's stack never");
        assert_eq!(
            (&repository["ImageTagMutability"], &repository["ImageScanningConfiguration"]["ScanOnPush"]),
            (&"IMMUTABLE".into(), &true.into())
        );
        assert_eq!(repository["EncryptionConfiguration"]["EncryptionType"], "AES256");
        let policy: Json = serde_json::from_str(repository["LifecyclePolicy"]["LifecyclePolicyText"].as_str().unwrap()).unwrap();
        let selection = &policy["rules"][0]["selection"];
        assert_eq!(
            (&selection["tagStatus"], &selection["countNumber"]),
            (&"untagged".into(), &100.into()),
            "a tagged image could go: {policy}"
        );
        assert_eq!(target(&template["Outputs"]["ImageRepositoryUri"]["Value"]), Some(id), "no push would find it");
    }
}

#[test]
fn cloudformation_may_touch_repositories_of_its_environment_alone() {
    let env = streaming();
    let role = stacks::execution_role(&env, &stacks::platform(&env)).template.to_json();

    let statements: Vec<String> = of_type(&role, "AWS::IAM::ManagedPolicy")
        .iter()
        .flat_map(|(_, policy)| policy["PolicyDocument"]["Statement"].as_array().unwrap())
        .filter(|statement| statement["Action"].to_string().contains("ecr:DeleteRepository\""))
        .map(|statement| statement["Resource"].to_string())
        .collect();

    assert_eq!(statements.len(), 1, "{statements:?}");
    assert!(statements[0].contains(":repository/cloudwright-prod-*"), "{statements:?}");
}

#[test]
fn a_server_is_nobody_and_only_the_load_balancer_reaches_it() {
    let stacks = stacks::platform(&streaming());
    let template = stacks.iter().find(|stack| stack.stack == "upload").unwrap().template.to_json();

    let (_, task) = of_type(&template, "AWS::ECS::TaskDefinition")[0];
    let container = &task["ContainerDefinitions"][0];
    assert_eq!((&container["User"], &container["ReadonlyRootFilesystem"]), (&Json::from("65532:65532"), &Json::from(true)));
    assert!(container["Image"].as_str().unwrap().contains("@sha256:"), "a tag could be moved to another image");
    let drain: i64 =
        container["Environment"].as_array().unwrap().iter().find(|pair| pair["Name"] == "UPLOAD_DRAIN_SECONDS").unwrap()["Value"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
    assert!(drain + 5 < container["StopTimeout"].as_i64().unwrap(), "uploads would be killed before they are forgotten");

    let listeners = of_type(&template, "AWS::ElasticLoadBalancingV2::Listener");
    assert_eq!(listeners.len(), 1);
    assert_eq!(
        (&listeners[0].1["Protocol"], &listeners[0].1["Port"]),
        (&Json::from("HTTPS"), &Json::from(443)),
        "tokens would be read on their way"
    );
    let groups: BTreeMap<_, _> = of_type(&template, "AWS::EC2::SecurityGroup").into_iter().collect();
    let come = &groups["ServerSecurityGroup"]["SecurityGroupIngress"];
    assert_eq!(come.as_array().unwrap().len(), 1);
    assert_eq!(
        target(&come[0]["SourceSecurityGroupId"]),
        Some("BalancerSecurityGroup"),
        "anybody could say whom he was heard from: {come}"
    );
    let (_, service) = of_type(&template, "AWS::ECS::Service")[0];
    assert_eq!(service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"], "DISABLED", "behind a gateway nobody needs one");
    assert_eq!(service["DeploymentConfiguration"]["DeploymentCircuitBreaker"]["Rollback"], true, "a bad image would be tried for ever");
}

#[test]
fn nobody_makes_an_account_or_gets_a_token_by_password_unless_the_environment_says_so() {
    for name in ["local", "staging", "qa", "prod"] {
        let login = environment(name).api.login;
        let template = stacks::platform(&environment(name)).into_iter().find(|stack| stack.stack == "api").unwrap().template.to_json();
        let (_, pool) = of_type(&template, "AWS::Cognito::UserPool")[0];
        let (_, client) = of_type(&template, "AWS::Cognito::UserPoolClient")[0];

        assert_eq!(pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"], Json::Bool(!login.self_sign_up), "{name}");
        let flows = client["ExplicitAuthFlows"].as_array().unwrap();
        assert_eq!(flows.contains(&Json::from("ALLOW_USER_PASSWORD_AUTH")), login.by_password, "{name}");
        assert_eq!(login.by_password, name == "local", "{name}: a password could be tried from anywhere");
        assert_eq!(client["GenerateSecret"], false, "{name}: a secret on everybody's machine is none");
    }
}
