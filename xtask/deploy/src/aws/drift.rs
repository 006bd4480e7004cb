//! CloudFormation's own drift detection through the SDK.

use aws_sdk_cloudformation::types::StackResourceDriftStatus;

use super::{Aws, errors};
use engine::cloud::{CloudError, DriftDetection, DriftedResource};

const SERVICE: &str = "cloudformation";

impl Aws {
    pub(super) async fn begin_drift_detection(&self, name: &str) -> Result<String, CloudError> {
        self.count(SERVICE);
        let call = self.cloudformation.detect_stack_drift().stack_name(name);
        let begun = call.send().await.map_err(|error| errors::of(SERVICE, "DetectStackDrift", error))?;
        Ok(begun.stack_drift_detection_id.unwrap_or_default())
    }

    pub(super) async fn describe_drift_detection(&self, id: &str) -> Result<DriftDetection, CloudError> {
        self.count(SERVICE);
        let call = self.cloudformation.describe_stack_drift_detection_status().stack_drift_detection_id(id);
        let state = call.send().await.map_err(|error| errors::of(SERVICE, "DescribeStackDriftDetectionStatus", error))?;
        Ok(DriftDetection {
            status: state.detection_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: state.detection_status_reason.filter(|reason| !reason.trim().is_empty()),
            drift: state.stack_drift_status.map(|status| status.as_str().to_owned()),
        })
    }

    pub(super) async fn describe_drifts(&self, name: &str) -> Result<Vec<DriftedResource>, CloudError> {
        let mut resources = Vec::new();
        let mut token = None;
        loop {
            self.count(SERVICE);
            let wanted = vec![StackResourceDriftStatus::Modified, StackResourceDriftStatus::Deleted];
            let call = self.cloudformation.describe_stack_resource_drifts().stack_name(name);
            let call = call.set_stack_resource_drift_status_filters(Some(wanted)).set_next_token(token);
            let page = call.send().await.map_err(|error| errors::of(SERVICE, "DescribeStackResourceDrifts", error))?;
            resources.extend(page.stack_resource_drifts.unwrap_or_default().into_iter().map(|drift| {
                DriftedResource {
                    logical_id: drift.logical_resource_id.unwrap_or_default(),
                    resource_type: drift.resource_type.unwrap_or_default(),
                    status: drift.stack_resource_drift_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                    properties: drift
                        .property_differences
                        .unwrap_or_default()
                        .into_iter()
                        .map(|property| {
                            let (expected, actual) = (property.expected_value, property.actual_value);
                            (property.property_path.unwrap_or_default(), expected.unwrap_or_default(), actual.unwrap_or_default())
                        })
                        .collect(),
                }
            }));
            token = page.next_token;
            if token.is_none() {
                return Ok(resources);
            }
        }
    }
}
