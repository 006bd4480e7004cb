//! The local cloud as a whole, with the real MiniStack.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;

use super::*;

const ACCOUNT: &str = "123456789012";

/// A local cloud in a folder of its own, stopped at the end whatever happens.
struct Own {
    place: Place,
    _folder: tempfile::TempDir,
}

impl Own {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { place: Place { folder: Folder::at(folder.path()), target: target() }, _folder: folder }
    }

    fn up(&self) -> Cloud {
        self.try_up(Up::default()).unwrap()
    }

    fn try_up(&self, how: Up) -> Result<Cloud, Error> {
        self.place.up(ACCOUNT, how, &|_| {})
    }

    fn down(&self) -> Down {
        self.place.down(&|_| {}).unwrap()
    }

    /// Runs Python with a client for a service: `client("s3")`.
    fn python(&self, endpoint: &str, code: &str) -> String {
        let venv = Venv::ensure(&Purpose::LOCAL_CLOUD, &target(), &Lookup::from_environment(), &|_| {}).unwrap();
        let prelude = format!(
            "import botocore.session as b\ndef client(name): return b.get_session().create_client(name, region_name='eu-central-1', \
             endpoint_url='{endpoint}', aws_access_key_id='{ACCOUNT}', aws_secret_access_key='local')\n"
        );
        let output = Command::new(venv.program("python")).args(["-I", "-c", &(prelude + code)]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        drop(self.place.down(&|_| {}));
    }
}

fn port(cloud: &Cloud) -> u16 {
    cloud.endpoint.rsplit(':').next().unwrap().parse().unwrap()
}

/// The folder in which MiniStack is installed once for all tests.
fn target() -> PathBuf {
    Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().target().to_owned()
}

#[test]
fn it_starts_on_loopback_only_answers_and_stops_with_nothing_left() {
    let cloud = Own::new();

    let running = cloud.up();
    let status = cloud.place.status();
    let process = Process::with(running.pid).unwrap();
    let open = sockets::open_to_others(&process.family());
    let down = cloud.down();

    assert_eq!(running.origin, Origin::Empty);
    assert_eq!(status, Some(Cloud { origin: Origin::Found, ..running.clone() }));
    assert_eq!(open, [], "anybody on the network could use it, for it asks for no password");
    assert_eq!(down, Down::Kept);
    assert!(!process.is_alive(), "it would go on using memory");
    assert!(server::is_free(port(&running)), "its port would stay taken");
    assert_eq!(cloud.down(), Down::NotRunning);
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_of_a_persons_environment_reaches_it_or_its_functions() {
    let cloud = Own::new();

    let running = cloud.up();

    let environment = fs::read_to_string(format!("/proc/{}/environ", running.pid)).unwrap();
    let names: BTreeSet<&str> = environment.split('\0').filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
    let leaked: Vec<_> = ["CARGO", "CARGO_MANIFEST_DIR", "USER", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"]
        .into_iter()
        .filter(|name| names.contains(name))
        .collect();
    assert_eq!(leaked, Vec::<&str>::new(), "a function under test could use the keys of a real account");
    assert!(names.contains("AWS_ENDPOINT_URL"), "a function would call AWS itself");
}

#[test]
fn a_second_start_uses_what_runs_even_when_both_come_at_once() {
    let cloud = Own::new();

    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| cloud.up());
        let second = scope.spawn(|| cloud.up());
        (first.join().unwrap(), second.join().unwrap())
    });

    assert_eq!(first.pid, second.pid, "two would fight for one folder");
    let origins = [first.origin, second.origin];
    assert!(origins.contains(&Origin::Found) && origins.contains(&Origin::Empty), "{origins:?}");
}

#[test]
fn a_port_that_is_taken_is_named_with_its_holder() {
    let cloud = Own::new();
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();

    let error = cloud.try_up(Up { port: Some(port), fresh: false }).unwrap_err();

    let text = error.to_string();
    assert!(text.contains(&port.to_string()), "{text}");
    if cfg!(target_os = "linux") {
        assert!(text.contains(&format!("process {}", std::process::id())), "nobody would know which program to stop: {text}");
    }
    assert!(error.hint().starts_with("nothing was sent"), "{}", error.hint());
    assert!(cloud.place.status().is_none());
}

#[test]
fn a_running_one_does_not_move_to_another_port() {
    let cloud = Own::new();
    let running = cloud.up();

    let error = cloud.try_up(Up { port: Some(port(&running) + 1), fresh: false }).unwrap_err();

    assert!(matches!(error, Error::OtherPort { actual, .. } if actual == port(&running)), "{error}");
    assert!(cloud.place.status().is_some(), "a question about the port would have stopped it");
}

#[test]
fn what_it_held_is_there_again_and_what_was_deleted_is_not() {
    let cloud = Own::new();
    let before = cloud.up();
    let fill = "s3 = client('s3'); where = {'LocationConstraint': 'eu-central-1'}
for name in ('stays', 'goes'):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where); s3.put_object(Bucket=name, Key='a/b', Body=b'content')
s3.delete_object(Bucket='goes', Key='a/b'); s3.delete_bucket(Bucket='goes')
template = '{\"Resources\": {\"Queue\": {\"Type\": \"AWS::SQS::Queue\"}, \"Doomed\": {\"Type\": \"AWS::S3::Bucket\"}}}'
cf = client('cloudformation'); cf.create_stack(StackName='kept', TemplateBody=template); cf.get_waiter('stack_create_complete').wait(StackName='kept', WaiterConfig={'Delay': 0.1})
cf.create_stack(StackName='gone', TemplateBody=template); cf.get_waiter('stack_create_complete').wait(StackName='gone', WaiterConfig={'Delay': 0.1})
doomed = cf.describe_stack_resource(StackName='gone', LogicalResourceId='Doomed')['StackResourceDetail']['PhysicalResourceId']
s3.put_object(Bucket=doomed, Key='x', Body=b'x')
cf.delete_stack(StackName='gone'); cf.get_waiter('stack_delete_complete').wait(StackName='gone', WaiterConfig={'Delay': 0.1})";
    cloud.python(&before.endpoint, fill);
    cloud.down();

    let after = cloud.up();

    let look = "s3 = client('s3')
print(s3.get_object(Bucket='stays', Key='a/b')['Body'].read().decode(), len(s3.list_buckets()['Buckets']),
      [stack['StackName'] for stack in client('cloudformation').describe_stacks()['Stacks']], len(client('sqs').list_queues()['QueueUrls']))";
    assert_eq!(cloud.python(&after.endpoint, look), "content 2 ['kept'] 1", "yesterday's work would be gone, or its ghosts back");
    assert_eq!((&after.endpoint, after.origin), (&before.endpoint, Origin::Resumed), "queues are addressed by the port");
}

#[test]
fn a_fresh_start_is_empty() {
    let cloud = Own::new();
    let before = cloud.up();
    cloud.python(&before.endpoint, "client('sqs').create_queue(QueueName='old')");

    let after = cloud.try_up(Up { port: None, fresh: true }).unwrap();

    assert_eq!(cloud.python(&after.endpoint, "print(client('sqs').list_queues().get('QueueUrls', []))"), "[]");
    assert_ne!(after.pid, before.pid);
    assert_eq!(after.origin, Origin::Empty);
}

#[test]
fn after_a_crash_it_starts_empty_instead_of_with_what_is_out_of_date() {
    let cloud = Own::new();
    cloud.up();
    cloud.down();
    let before = cloud.up();
    cloud.python(&before.endpoint, "client('sqs').create_queue(QueueName='newer')");
    let killed = Command::new("sh").args(["-c", &format!("kill -9 {}", before.pid)]).status().unwrap();
    assert!(killed.success());

    let status = cloud.place.status();
    let after = cloud.up();

    assert!(status.is_none(), "a dead process would be called running: {status:?}");
    assert_eq!(after.origin, Origin::Empty, "a stack would be there without what was deployed into it last");
}

#[test]
fn a_template_without_what_is_refused_deploys_and_works_although_policies_are_enforced() {
    let cloud = Own::new();
    let endpoint = cloud.up().endpoint;
    let deny = serde_json::json!({
        "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let allow = serde_json::json!({
        "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sqs:SendMessage", "Resource": { "Fn::GetAtt": ["Queue", "Arn"] },
    });
    let template = serde_json::json!({
        "Resources": {
            "Queue": { "Type": "AWS::SQS::Queue" },
            "Policy": { "Type": "AWS::SQS::QueuePolicy", "Properties": { "Queues": [{ "Ref": "Queue" }], "PolicyDocument": { "Statement": [deny, allow] } } },
            "Bucket": { "Type": "AWS::S3::Bucket", "DependsOn": "Policy", "Properties": { "NotificationConfiguration": {
                "QueueConfigurations": [{ "Event": "s3:ObjectCreated:*", "Queue": { "Fn::GetAtt": ["Queue", "Arn"] } }] } } },
            "BucketPolicy": { "Type": "AWS::S3::BucketPolicy", "Properties": { "Bucket": { "Ref": "Bucket" }, "PolicyDocument": { "Statement": [deny] } } },
            "Math": { "Type": "AWS::CloudWatch::Alarm", "Properties": {
                "Metrics": [{ "Id": "a", "Expression": "1" }], "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1 } },
        },
        "Outputs": { "Bucket": { "Value": { "Ref": "Bucket" } }, "Queue": { "Value": { "Ref": "Queue" } } },
    });

    let said = cloud.python(
        &endpoint,
        &format!(
            "cf = client('cloudformation'); template = {:?}
cf.create_stack(StackName='one', TemplateBody=template); cf.get_waiter('stack_create_complete').wait(StackName='one', WaiterConfig={{'Delay': 0.1}})
out = {{o['OutputKey']: o['OutputValue'] for o in cf.describe_stacks(StackName='one')['Stacks'][0]['Outputs']}}
client('s3').put_object(Bucket=out['Bucket'], Key='a', Body=b'a')
bodies = [m['Body'] for m in client('sqs').receive_message(QueueUrl=out['Queue'], WaitTimeSeconds=5, MaxNumberOfMessages=10)['Messages']]
print(any('ObjectCreated' in body for body in bodies))",
            omissions::without_refused(&template).to_string()
        ),
    );

    assert_eq!(said, "True", "nothing that is put into a bucket would ever be worked on");
}

#[test]
fn every_type_that_is_said_to_be_unknown_there_is_unknown_there() {
    let cloud = Own::new();
    let endpoint = cloud.up().endpoint;

    let said = cloud.python(
        &endpoint,
        &format!(
            "from botocore.exceptions import ClientError
for name in {:?}:
    try: client('cloudformation').create_change_set(StackName='one', ChangeSetName='one', ChangeSetType='CREATE', TemplateBody='{{\"Resources\": {{\"One\": {{\"Type\": \"%s\"}}}}}}' % name); print(name)
    except ClientError as error: assert 'Unrecognized resource types' in str(error), error",
            omissions::unknown_types()
        ),
    );

    assert_eq!(said, "", "these are left out for no reason any more, so they can leave the list");
}

#[test]
fn a_state_file_whose_number_somebody_else_has_now_ends_nobody() {
    let cloud = Own::new();
    let mut stranger = Command::new("sleep").arg("1000").spawn().unwrap();
    let state = serde_json::json!({
        "pid": stranger.id(), "started": "long ago", "endpoint": "http://127.0.0.1:1", "port": 1, "account": ACCOUNT,
    });
    fs::write(cloud.place.folder.state(), state.to_string()).unwrap();

    let status = cloud.place.status();
    let down = cloud.down();

    let alive = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(status.is_none(), "a stranger would be taken for the local cloud");
    assert_eq!(down, Down::NotRunning);
    assert!(alive, "somebody else's program would have been ended");
    assert!(!cloud.place.folder.state().exists(), "the stale file would be looked at for ever");
}

/// An engine that starts a worker as soon as it is told to be the compute agent, and writes down what it was told.
fn engine(folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.join("engine");
    let script = "#!/bin/sh\nsleep 1000 &\necho \"$1 $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $AWS_REGION $!\" > \"$2/draft\"\n\
                  mv \"$2/draft\" \"$2/told\"\nwait\n";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn told(folder: &Folder) -> String {
    let path = folder.workers().join("told");
    for _ in 0..1_000 {
        if let Ok(told) = fs::read_to_string(&path) {
            fs::remove_file(&path).unwrap();
            return told.trim().to_owned();
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("the compute agent was not started");
}

#[test]
fn workers_end_with_the_local_cloud_and_come_back_with_it() {
    let cloud = Own::new();
    let folder = &cloud.place.folder;
    let running = cloud.up();
    let program = engine(cloud._folder.path());

    cloud.place.compute(&program, "eu-central-1", &|_| {}).unwrap();
    let first = told(folder);
    let agent = Process::with(agent::running(folder).unwrap()).unwrap();
    cloud.place.compute(&program, "eu-central-1", &|_| {}).unwrap();
    let same = agent::running(folder);
    let worker = Process::with(first.rsplit_once(' ').unwrap().1.parse().unwrap()).unwrap();
    cloud.down();
    let left = [agent.is_alive(), worker.is_alive(), agent::running(folder).is_some()];
    cloud.up();
    let second = told(folder);

    let expected = format!("agent {} {ACCOUNT} eu-central-1 {}", running.endpoint, worker.pid);
    assert_eq!(first, expected, "workers would be looked for elsewhere than in the local cloud");
    assert_eq!(same, Some(agent.pid), "each deploy would interrupt every job");
    assert_eq!(left, [false; 3], "a worker would go on without a local cloud");
    assert!(second.starts_with("agent "), "jobs would wait until the next deploy");
}
