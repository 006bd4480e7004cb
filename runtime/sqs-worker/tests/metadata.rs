//! What an instance says of itself and of its end, by its metadata service.
#![cfg(test)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sqs_worker::imds::Imds;
use sqs_worker::{Notice, Told};

const TARGET: &str = "autoscaling/target-lifecycle-state";
const GROUP: &str = "tags/instance/aws:autoscaling:groupName";
const SPOT: &str = "spot/instance-action";

/// Documents by what stands behind `/latest/meta-data/`: what they say at each question, the last of it from then on.
type Documents = Arc<Mutex<BTreeMap<&'static str, Vec<&'static str>>>>;

fn documents(of: &[(&'static str, &[&'static str])]) -> Documents {
    let machine = [("instance-id", &["i-0123456789abcdef0"][..]), ("instance-type", &["g5.xlarge"])];
    Arc::new(Mutex::new(machine.iter().chain(of).map(|(path, says)| (*path, says.to_vec())).collect()))
}

/// A metadata service: asks for a token, and answers with these documents. An empty one is not there.
fn metadata(documents: &Documents) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let documents = Arc::clone(documents);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let words = lines.next().unwrap_or_default();
            let headers: Vec<_> = lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
            let path = words.split(' ').nth(1).unwrap_or_default();
            let known = headers.iter().any(|line| line == "x-aws-ec2-metadata-token: secret");
            let mut documents = documents.lock().unwrap();
            let says = path.strip_prefix("/latest/meta-data/").and_then(|path| documents.get_mut(path));
            let says = says.map(|says| if 1 < says.len() { says.remove(0) } else { says[0] }).filter(|said| !said.is_empty());
            let answer = match says {
                _ if path == "/latest/api/token" => {
                    "200 OK\r\nx-aws-ec2-metadata-token-ttl-seconds: 600\r\ncontent-length: 6\r\n\r\nsecret".to_owned()
                }
                _ if !known => "401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned(),
                Some(said) => format!("200 OK\r\ncontent-length: {}\r\n\r\n{said}", said.len()),
                None => "404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            };
            let answer = answer.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            (&stream).write_all(format!("HTTP/1.1 {answer}").as_bytes()).unwrap();
        }
    });
    address
}

async fn imds(of: &[(&'static str, &[&'static str])]) -> Imds {
    Imds::find_at(&metadata(&documents(of)), Duration::from_millis(1)).await.unwrap()
}

#[tokio::test]
async fn a_spot_instance_that_is_taken_back_tells_its_worker() {
    let mut imds = imds(&[(SPOT, &["", r#"{"action":"terminate"}"#])]).await;

    let told = imds.told().await;

    assert_eq!(told, Told::soon("EC2 takes the Spot instance back"));
    assert_eq!((imds.instance_id(), imds.instance_type()), ("i-0123456789abcdef0", "g5.xlarge"));
}

#[tokio::test]
async fn an_instance_that_its_group_ends_tells_its_worker_and_is_waited_for() {
    let mut imds = imds(&[(TARGET, &["InService", "InService", "Terminated"])]).await;

    assert_eq!(imds.told().await, Told::waits("the Auto Scaling group ends the instance"));
}

#[tokio::test]
async fn a_spot_notice_is_heard_by_one_that_ends_already() {
    let mut imds = imds(&[(TARGET, &["Terminated"]), (SPOT, &["", "", "", r#"{"action":"terminate"}"#])]).await;

    let told = [imds.told().await, imds.told().await];

    assert!(told[0].waits && !told[1].waits, "the machine would be gone in the middle of a job that nobody gave back: {told:?}");
}

#[tokio::test]
async fn an_instance_out_of_service_takes_no_jobs_and_one_on_its_way_into_it_is_not_told_to_end() {
    for target in ["Standby", "Detached", "Warmed:Stopped"] {
        let mut left = imds(&[(TARGET, &["InService", target])]).await;
        let mut prepared = imds(&[(TARGET, &[target, target, "InService", "Terminated"])]).await;

        let told = (left.told().await, prepared.told().await);

        assert_eq!(told.0, Told::waits("the Auto Scaling group takes the instance out of service"), "{target}: it would go on taking jobs");
        assert_eq!(told.1, Told::waits("the Auto Scaling group ends the instance"), "{target}: a warm pool would stay empty");
    }
}

#[tokio::test]
async fn an_instance_knows_its_group_by_its_tag() {
    let named = imds(&[(TARGET, &["InService"]), (GROUP, &["workers-1A2B"])]).await;
    let alone = imds(&[]).await;
    let hidden = imds(&[(TARGET, &["InService"])]).await;

    assert_eq!(named.group().await.unwrap().as_deref(), Some("workers-1A2B"));
    assert_eq!(alone.group().await.unwrap(), None);
    let error = hidden.group().await.unwrap_err().to_string();
    assert!(error.contains("InstanceMetadataTags"), "nobody would know why jobs are cut off: {error}");
}

#[tokio::test]
async fn beside_ec2_there_is_no_metadata_service() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();

    assert!(Imds::find_at(&format!("http://{closed}"), Duration::from_millis(1)).await.is_none());
}
