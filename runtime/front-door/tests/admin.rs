//! What only admins may do: ask for another type of instance, and watch what becomes of it.
#![cfg(test)]

mod common;

use common::{Call, House, USER, cloud::Fault, tokens};
use contract::{
    api::Operation,
    fleet::{OperationState, Order},
};
use serde_json::{Value, json};

fn resize(body: &Value) -> Call {
    Call::post("/admin/resize", body).token(&tokens::admin(USER))
}

#[tokio::test]
async fn only_members_of_the_group_may_change_the_fleet() {
    let house = House::new();
    let calls = [Call::post("/admin/resize", &json!({ "instance_type": "g5.xlarge" })), Call::get("/admin/operations/x")];
    for call in calls {
        let answer = house.call(call.signed_in()).await;

        assert_eq!((answer.status, answer.text.as_str()), (403, r#"{"error":"forbidden"}"#));
    }
    assert!(house.cloud().look(|held| held.operations.is_empty() && held.orders.is_empty()));
}

#[tokio::test]
async fn a_resize_is_an_operation_that_can_be_watched() {
    let house = House::new();

    let answer = house.call(resize(&json!({ "instance_type": "g6.xlarge" }))).await;

    assert_eq!(answer.status, 202, "{answer:?}");
    let operation: Operation = serde_json::from_value(answer.body.clone()).unwrap();
    assert_eq!((operation.state, operation.instance_type.as_str()), (OperationState::Queued, "g6.xlarge"));
    let [(message, deduplication_id)] = house.cloud().look(|held| held.orders.clone()).try_into().unwrap();
    let Order::Resize { operation_id, instance_type, asked_by } = message.order else { panic!("another order") };
    assert_eq!((operation_id.as_str(), instance_type.as_str(), asked_by.as_str()), (operation.operation_id.as_str(), "g6.xlarge", USER));
    assert_eq!(deduplication_id, operation_id);
    let location = answer.header("location").unwrap();
    let watched = house.call(Call::get(location).token(&tokens::admin("another-admin"))).await;
    assert_eq!((watched.status, &watched.body), (200, &answer.body));
}

#[tokio::test]
async fn a_type_that_is_not_on_the_list_is_refused() {
    let house = House::new();

    let answer = house.call(resize(&json!({ "instance_type": "p5.48xlarge" }))).await;

    assert_eq!(answer.error(), (422, "unknown_instance_type"));
    assert!(answer.message().contains("`g5.xlarge`, `g6.xlarge`"), "{}", answer.message());
    assert!(house.cloud().look(|held| held.operations.is_empty()), "somebody would have to pay for it");
}

#[tokio::test]
async fn a_fleet_that_mixes_types_is_not_asked_for_one() {
    let house = House::with(|config| config.may_resize = false);

    let answer = house.call(resize(&json!({ "instance_type": "g5.xlarge" }))).await;

    assert_eq!(answer.error(), (409, "mixed_instance_types"));
    assert!(answer.message().contains("`fleet.instance_types`"), "an admin would not know what to do instead: {}", answer.message());
    let untouched = house.cloud().look(|held| held.operations.is_empty() && held.orders.is_empty());
    assert!(untouched, "an operation would begin that can only fail, and an alarm wake somebody");
    let stranger = house.call(Call::post("/admin/resize", &json!({ "instance_type": "g5.xlarge" })).signed_in()).await;
    assert_eq!(stranger.status, 403, "whoever is no admin would learn how the fleet is set up");
}

#[tokio::test]
async fn an_order_that_could_not_be_sent_is_no_operation_that_waits_for_ever() {
    let house = House::new();
    house.cloud().fault("order", Fault::Fails);

    let answer = house.call(resize(&json!({ "instance_type": "g5.xlarge" }))).await;

    assert_eq!(answer.error(), (503, "unavailable"));
    let states: Vec<_> = house.cloud().look(|held| held.operations.values().map(|operation| operation.state).collect());
    assert_eq!(states, [OperationState::Failed]);
}

#[tokio::test]
async fn an_operation_that_never_was_is_unknown() {
    let house = House::new();
    for id in ["01KATX3W7G2M8Z9QCVB4R5NDEF", "x", "fleet"] {
        let answer = house.call(Call::get(&format!("/admin/operations/{id}")).token(&tokens::admin(USER))).await;
        assert_eq!(answer.error(), (404, "unknown_operation"), "{id}");
    }
}
