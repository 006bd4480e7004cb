//! The list of all rules.

use super::{Rule, alarms, consumers, deliveries, dimensions, functions, keys, loops, metrics, queues, thresholds, trust};

/// Every rule, sorted by name.
pub(super) const ALL: &[&Rule] = &[
    &alarms::ALARM_ACTION,
    &metrics::ALARM_DEAD_LETTERS_SENT,
    &dimensions::ALARM_DIMENSION,
    &thresholds::ALARM_NEVER_FIRES,
    &metrics::ALARM_UNKNOWN_METRIC,
    &thresholds::ALARM_WINDOW,
    &alarms::ALARM_WITHOUT_ACTION,
    &alarms::ALARM_WITHOUT_DESCRIPTION,
    &functions::ARCHITECTURE,
    &alarms::BILLING_REGION,
    &consumers::CONSUMER_PERMISSION,
    &queues::CONTENT_DEDUPLICATION,
    &functions::CREATES_LOG_GROUPS,
    &queues::DEAD_LETTER_RETENTION,
    &deliveries::DELIVERY_PERMISSION,
    &deliveries::FIFO_DELIVERY,
    &queues::FIFO_REDRIVE,
    &functions::FUNCTION_LOG_GROUP,
    &keys::KEY_POLICY_SERVICE,
    &functions::LAMBDA_RUNTIME,
    &functions::LOG_RETENTION,
    &loops::NOTIFICATION_LOOP,
    &consumers::PARTIAL_BATCH,
    &queues::QUEUE_WITHOUT_DEAD_LETTERS,
    &consumers::RECEIVE_WITHOUT_MAPPING,
    &queues::REDRIVE_COUNT,
    &trust::ROLE_TRUST,
    &consumers::VISIBILITY_BELOW_TIMEOUT,
    &consumers::VISIBILITY_TIMEOUT,
];
