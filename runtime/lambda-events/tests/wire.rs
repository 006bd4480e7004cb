//! What goes over the wire, held against the examples of the Lambda developer guide.
#![cfg(test)]

use lambda_events::{Batch, BatchResponse, Message};
use serde_json::json;

/// "Using Lambda with Amazon SQS": the example event of a FIFO queue, shortened by nothing.
fn fifo_event() -> serde_json::Value {
    json!({"Records": [{
        "messageId": "11d6ee51-4cc7-4302-9e22-7cd8afdaadf5",
        "receiptHandle": "AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw...",
        "body": "Test message.",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1573251510774",
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": "1",
            "SenderId": "AIDAIO23YVJENQZJOL4VO",
            "MessageDeduplicationId": "1",
            "ApproximateFirstReceiveTimestamp": "1573251510774",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:fifo.fifo",
        "awsRegion": "us-east-2",
    }]})
}

#[test]
fn a_batch_is_read_as_lambda_writes_it() {
    let batch: Batch = serde_json::from_value(fifo_event()).unwrap();

    let expected = Message {
        message_id: "11d6ee51-4cc7-4302-9e22-7cd8afdaadf5".to_owned(),
        receipt_handle: "AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw...".to_owned(),
        body: "Test message.".to_owned(),
    };
    assert_eq!(batch.messages, [expected], "the function would answer for, or hide, something else than it was given");
}

#[test]
fn a_message_without_a_handle_is_a_message() {
    let mut event = fifo_event();
    event["Records"][0].as_object_mut().unwrap().remove("receiptHandle");

    let batch: Batch = serde_json::from_value(event).unwrap();

    assert_eq!(batch.messages[0].receipt_handle, "", "a function that hides nothing would lose its batches for want of a handle");
}

#[test]
fn a_field_that_nobody_reads_cannot_fail_a_batch() {
    let mut event = fifo_event();
    event["Records"][0]["messageAttributes"] = json!({"picture": {"binaryValue": "%%%", "dataType": 7}});
    event["Records"][0]["attributes"] = json!(null);

    let read = serde_json::from_value::<Batch>(event);

    assert!(read.is_ok(), "every message of the queue would become a dead letter: {read:?}");
}

#[test]
fn an_event_that_is_no_batch_is_no_empty_batch() {
    for event in [json!({}), json!({"Records": null}), json!({"Records": [{"body": "b"}]}), json!({"Records": [{"messageId": "m"}]})] {
        let read = serde_json::from_value::<Batch>(event.clone());

        assert!(read.is_err(), "{event} would be called done, and leave the queue");
    }
}

#[test]
fn the_answer_names_the_messages_as_lambda_reads_them() {
    let batch: Batch = serde_json::from_value(json!({"Records": [
        {"messageId": "id1", "body": ""}, {"messageId": "id2", "body": ""}, {"messageId": "id4", "body": ""},
    ]}))
    .unwrap();
    let mut response = BatchResponse::default();

    for message in [&batch.messages[1], &batch.messages[2], &batch.messages[1]] {
        response.again(message);
    }

    let written = serde_json::to_value(&response).unwrap();
    assert_eq!(written, json!({"batchItemFailures": [{"itemIdentifier": "id2"}, {"itemIdentifier": "id4"}]}));
    assert_eq!(response.ids().collect::<Vec<_>>(), ["id2", "id4"]);
}

#[test]
fn an_answer_without_failures_is_a_list_without_entries() {
    let written = serde_json::to_value(BatchResponse::default()).unwrap();

    assert_eq!(written, json!({"batchItemFailures": []}));
}
