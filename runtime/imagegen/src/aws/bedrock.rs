//! The image model, in whichever region has it.

use std::error::Error;
use std::time::Duration;

use aws_config::{Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::Builder;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::primitives::Blob;
use contract::imagegen::{Aspect, Family, ImagegenConfig};
use contract::jobs::Picture;
use telemetry::with_causes;

use super::Aws;
use crate::bodies;
use crate::cloud::{Model, Trouble};

const JSON: &str = "application/json";

/// One model of one family.
#[derive(Debug, Clone)]
pub struct Bedrock {
    client: Client,
    model: String,
    family: Family,
    usual_aspect: Aspect,
}

impl Bedrock {
    /// The model of a configuration. Nothing is called yet.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: &ImagegenConfig) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(config.model_seconds.into())).build();
        let client = Builder::from(aws)
            .region(Region::new(config.model_region.clone()))
            .timeout_config(timeouts)
            // Tried again by the queue, which has the patience for it: an answer that was lost may have been paid for, and a model
            // without room has none a second later either.
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            client: Client::from_conf(client),
            model: config.model.clone(),
            // Both words were checked when the configuration was read.
            family: Family::of(&config.family).unwrap_or(Family::Stability),
            usual_aspect: Aspect::of(&config.aspect_ratio).unwrap_or_default(),
        }
    }
}

impl Model for Bedrock {
    async fn generate(&self, picture: &Picture) -> Result<Vec<u8>, Trouble> {
        let body = bodies::request(self.family, picture, self.usual_aspect);
        let call = self.client.invoke_model().model_id(&self.model).content_type(JSON).accept(JSON).body(Blob::new(body));
        match call.send().await {
            Ok(answer) => bodies::picture(self.family, answer.body.as_ref()),
            Err(error) => Err(trouble(error)),
        }
    }
}

impl Model for Aws {
    async fn generate(&self, picture: &Picture) -> Result<Vec<u8>, Trouble> {
        self.model.generate(picture).await
    }
}

fn trouble<E>(error: SdkError<E>) -> Trouble
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    let said = error.as_service_error().and_then(ProvideErrorMetadata::message).map(str::to_owned);
    let message = said.unwrap_or_else(|| with_causes(&error));
    bodies::trouble(code.as_deref(), status, &message)
}
