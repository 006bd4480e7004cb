//! The front door before tables and queues of the local cloud.

use std::time::Duration;

use aws_config::SdkConfig;
use contract::front_door::FrontDoorConfig;
use front_door::aws::Aws;
use testcloud::{Cloud, Jobs};

use super::{House, config};

/// An account of the local cloud with everything that the front door works with.
pub(crate) struct Local {
    pub(crate) jobs: Jobs,
    aws: SdkConfig,
}

impl Local {
    pub(crate) async fn make() -> Self {
        let aws = Cloud::shared().unwrap().tenant().config().await;
        let jobs = Jobs::make(&aws, Duration::from_secs(30), 3).await.unwrap();
        Self { jobs, aws }
    }

    pub(crate) fn config(&self) -> FrontDoorConfig {
        let Jobs { queue_url, ops_queue_url, jobs_table, rate_table, fleet_table, .. } = &self.jobs;
        FrontDoorConfig {
            jobs_table: (*jobs_table).to_owned(),
            rate_table: (*rate_table).to_owned(),
            fleet_table: (*fleet_table).to_owned(),
            job_queue_url: queue_url.clone(),
            ops_queue_url: ops_queue_url.clone(),
            ..config()
        }
    }

    /// What the front door asks the cloud with.
    pub(crate) fn adapters(&self) -> Aws {
        Aws::new(&self.aws, &self.config())
    }

    /// One container of the function.
    pub(crate) fn house(&self) -> House<Aws> {
        self.house_with(|_| ())
    }

    /// One container of the function with other settings.
    pub(crate) fn house_with(&self, change: impl FnOnce(&mut FrontDoorConfig)) -> House<Aws> {
        let mut config = self.config();
        change(&mut config);
        House::at(Aws::new(&self.aws, &config), config)
    }

    /// How many items the jobs table holds: records and keys.
    pub(crate) async fn items(&self) -> usize {
        let scan = self.jobs.dynamodb.scan().table_name(self.jobs.jobs_table).consistent_read(true);
        scan.send().await.unwrap().items().len()
    }
}
