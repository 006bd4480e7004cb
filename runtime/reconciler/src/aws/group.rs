//! The Auto Scaling group.

use aws_sdk_autoscaling::types::{InstanceRefreshStatus, ScalingActivityStatusCode};

use super::{Aws, failed};
use crate::cloud::{CloudError, FailedActivity, Group, GroupState};

impl Group for Aws {
    async fn group(&self) -> Result<GroupState, CloudError> {
        let doing = || format!("look at the Auto Scaling group `{}`", self.target);
        let call = self.autoscaling.describe_auto_scaling_groups().auto_scaling_group_names(&self.target);
        let answer = call.send().await.map_err(failed(doing()))?;
        let group = answer.auto_scaling_groups().first().ok_or_else(|| failed(doing())("there is no such group"))?;
        let size = |size: Option<i32>| u32::try_from(size.unwrap_or_default()).unwrap_or_default();
        let refreshes = self.autoscaling.describe_instance_refreshes().auto_scaling_group_name(&self.target).max_records(1);
        let refreshes = refreshes.send().await.map_err(failed(doing()))?;
        // Newest first.
        let refreshing = refreshes.instance_refreshes().first().and_then(|refresh| refresh.status()).is_some_and(goes_on);
        Ok(GroupState { least: size(group.min_size), most: size(group.max_size), desired: size(group.desired_capacity), refreshing })
    }

    async fn set_desired(&self, desired: u32) -> Result<(), CloudError> {
        let call = self
            .autoscaling
            .set_desired_capacity()
            .auto_scaling_group_name(&self.target)
            .desired_capacity(i32::try_from(desired).unwrap_or(i32::MAX))
            .honor_cooldown(false);
        call.send().await.map(|_| ()).map_err(failed(format!("set the desired capacity of `{}` to {desired}", self.target)))
    }

    async fn failed_activity(&self, since_seconds: u64) -> Result<Option<FailedActivity>, CloudError> {
        let call = self.autoscaling.describe_scaling_activities().auto_scaling_group_name(&self.target).max_records(1);
        let answer = call.send().await.map_err(failed(format!("read the activities of `{}`", self.target)))?;
        let since = i64::try_from(since_seconds).unwrap_or(i64::MAX);
        // Newest first.
        let last = answer.activities().first().filter(|activity| {
            let when = activity.end_time().or(activity.start_time());
            matches!(activity.status_code(), Some(ScalingActivityStatusCode::Failed)) && when.is_some_and(|when| since <= when.secs())
        });
        Ok(last.map(|activity| FailedActivity {
            description: activity.description().unwrap_or_default().to_owned(),
            reason: activity.status_message().or(activity.cause()).unwrap_or_default().to_owned(),
        }))
    }
}

/// Whether a refresh still replaces instances.
fn goes_on(status: &InstanceRefreshStatus) -> bool {
    !matches!(
        status,
        InstanceRefreshStatus::Successful
            | InstanceRefreshStatus::Failed
            | InstanceRefreshStatus::Cancelled
            | InstanceRefreshStatus::RollbackSuccessful
            | InstanceRefreshStatus::RollbackFailed
    )
}
