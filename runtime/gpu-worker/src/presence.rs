//! A worker's own item in the fleet's table: that it is there, and how many jobs it has in work.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue::{self, N, S};
use contract::fleet::{column, worker_key};
use jiff::Timestamp;
use telemetry::Log;
use tokio::sync::watch;

/// How often a worker tells that it is there.
const PERIOD: Duration = Duration::from_secs(15);
/// How long its item outlives a worker that died without a word.
const FORGOTTEN_AFTER_SECONDS: i64 = 600;

/// Tells the fleet's table of this worker.
#[derive(Debug, Clone)]
pub struct Presence {
    client: Client,
    table: String,
    worker: String,
    instance_type: Option<String>,
    log: Arc<Log>,
}

impl Presence {
    /// Of a worker, in a table.
    #[must_use]
    pub fn new(client: Client, table: &str, worker: &str, instance_type: Option<&str>, log: Arc<Log>) -> Self {
        Self { client, table: table.to_owned(), worker: worker.to_owned(), instance_type: instance_type.map(ToOwned::to_owned), log }
    }

    /// Does something, and meanwhile tells each quarter of a minute, and at each change, how busy the worker is.
    pub async fn during<T>(&self, mut busy: watch::Receiver<usize>, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            let now = *busy.borrow_and_update();
            let telling = async {
                self.tell(now).await;
                tokio::select! {
                    () = tokio::time::sleep(PERIOD) => {}
                    Ok(()) = busy.changed() => {}
                }
            };
            tokio::select! {
                result = &mut work => return result,
                () = telling => {}
            }
        }
    }

    async fn tell(&self, busy: usize) {
        let now = Timestamp::now().as_second();
        let mut item: HashMap<String, AttributeValue> = HashMap::from([
            (column::ID.to_owned(), S(worker_key(&self.worker))),
            (column::BUSY.to_owned(), N(busy.to_string())),
            (column::UPDATED_AT.to_owned(), N(now.to_string())),
            (column::EXPIRES_AT.to_owned(), N((now + FORGOTTEN_AFTER_SECONDS).to_string())),
        ]);
        if let Some(instance_type) = &self.instance_type {
            item.insert(column::INSTANCE_TYPE.to_owned(), S(instance_type.clone()));
        }
        let answer = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        if let Err(error) = answer {
            self.log.warn("the fleet's table could not be told of this worker").because(&error).write();
        }
    }

    /// The worker is gone.
    pub async fn end(&self) {
        let key = S(worker_key(&self.worker));
        if let Err(error) = self.client.delete_item().table_name(&self.table).key(column::ID, key).send().await {
            self.log.warn("the fleet's table could not be told that this worker is gone").because(&error).write();
        }
    }
}
