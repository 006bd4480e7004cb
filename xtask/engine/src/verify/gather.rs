//! Asking: each question once, those that fit together as one, a few at a time.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use serde_json::{Map, Value};

use crate::cloud::{Ask, CloudError, Services};

/// How many questions are under way at once. Services count per second and account; more of them only meet their throttles.
const AT_ONCE: usize = 8;

/// The longest list that is asked as one.
const BATCH: usize = 100;

/// Key of a question → answer.
pub(crate) type Known = BTreeMap<String, Result<Value, CloudError>>;

/// The answers to all questions.
pub(crate) async fn gather(cloud: &impl Services, asks: &[Ask]) -> Known {
    let put = together(asks);
    let answers: Vec<_> =
        stream::iter(&put).map(|(ask, keys)| async move { (keys, cloud.read(ask).await) }).buffer_unordered(AT_ONCE).collect().await;
    answers.into_iter().flat_map(|(keys, answer)| keys.iter().map(move |key| (key.clone(), answer.clone()))).collect()
}

/// The questions that are really put, each with the keys of those that it answers.
fn together(asks: &[Ask]) -> Vec<(Ask, Vec<String>)> {
    let mut put: Vec<(Ask, Vec<String>)> = Vec::new();
    for ask in asks {
        let key = ask.key();
        if put.iter().any(|(_, keys)| keys.contains(&key)) {
            continue;
        }
        let list = ask.action.batch().filter(|list| ask.parameters.get(*list).is_some_and(Value::is_array));
        let fits = |(other, _): &&mut (Ask, Vec<String>)| {
            list.is_some_and(|list| {
                other.action == ask.action
                    && without(&other.parameters, list) == without(&ask.parameters, list)
                    && length(other, list) + length(ask, list) <= BATCH
            })
        };
        match (put.iter_mut().find(fits), list) {
            (Some((other, keys)), Some(list)) => {
                if let (Some(Value::Array(all)), Some(Value::Array(more))) = (other.parameters.get_mut(list), ask.parameters.get(list)) {
                    all.extend(more.iter().cloned());
                }
                keys.push(key);
            }
            _ => put.push((ask.clone(), vec![key])),
        }
    }
    put
}

fn without(parameters: &Map<String, Value>, list: &str) -> Map<String, Value> {
    parameters.iter().filter(|(name, _)| *name != list).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn length(ask: &Ask, list: &str) -> usize {
    ask.parameters.get(list).and_then(Value::as_array).map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::{Action, Protocol, Service};

    static CLOUDWATCH: Service = Service::new("cloudwatch", Protocol::Query { version: "2010-08-01", flat: false });
    const ALARMS: Action = CLOUDWATCH.action("DescribeAlarms", "/").batched("AlarmNames");
    const DASHBOARD: Action = CLOUDWATCH.action("GetDashboard", "/");

    #[test]
    fn no_question_is_put_twice_and_a_hundred_alarms_are_one_question() {
        let alarm = |name: usize| ALARMS.ask(json!({ "AlarmNames": [name.to_string()] }));
        let dashboard = DASHBOARD.ask(json!({ "DashboardName": "d" }));
        let mut asks: Vec<_> = (0..150).map(alarm).collect();
        asks.extend([dashboard.clone(), dashboard.clone(), alarm(3)]);

        let put = together(&asks);

        let sizes: Vec<_> = put.iter().map(|(ask, keys)| (ask.action.operation(), length(ask, "AlarmNames"), keys.len())).collect();
        assert_eq!(sizes, [("DescribeAlarms", 100, 100), ("DescribeAlarms", 50, 50), ("GetDashboard", 0, 1)]);
        assert!(put[0].1.contains(&alarm(3).key()), "an alarm would stay without its answer");
    }
}
