//! The cloud that tests start.
#![cfg(test)]

use std::process::Command;
use std::time::Duration;

use testcloud::{Cloud, Jobs};

#[tokio::test]
async fn what_one_tenant_makes_no_other_sees() {
    let cloud = Cloud::shared().unwrap();
    let (one, other) = (cloud.tenant().config().await, cloud.tenant().config().await);
    let jobs = Jobs::make(&one, Duration::from_secs(30), 3).await.unwrap();

    let seen = aws_sdk_sqs::Client::new(&other).list_queues().send().await.unwrap();

    assert!(seen.queue_urls().is_empty(), "tests would take each other's messages: {seen:?}");
    assert_eq!(jobs.left().await.unwrap(), (0, 0));
}

#[test]
fn a_cloud_that_is_let_go_leaves_no_process_behind() {
    let cloud = Cloud::start().unwrap();
    let port = cloud.endpoint().rsplit(':').next().unwrap().to_owned();
    let running = || {
        let all = Command::new("sh").args(["-c", r#"cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n'"#]).output().unwrap();
        String::from_utf8_lossy(&all.stdout).lines().any(|line| line == format!("GATEWAY_PORT={port}"))
    };
    assert!(running(), "the test would see nothing");

    drop(cloud);

    assert!(!running(), "each run of the tests would leave a server behind");
}
