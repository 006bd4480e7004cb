//! Who this worker is.

use sqs_worker::imds::Imds;

/// Set to `true` where no metadata service shall be looked for: the SDK's own word for it.
const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// The machine that a worker runs on.
#[derive(Debug)]
pub struct Machine {
    /// The instance's id, or the process.
    pub worker: String,
    /// The instance's type, where it is one.
    pub instance_type: Option<String>,
    /// Its metadata service, which tells when it is about to go.
    pub imds: Option<Imds>,
}

impl Machine {
    /// Asks the metadata service, or takes the process's number where there is none.
    pub async fn find() -> Self {
        let disabled = std::env::var(DISABLED).is_ok_and(|value| value.eq_ignore_ascii_case("true"));
        let imds = if disabled { None } else { Imds::find().await };
        match imds {
            Some(imds) => {
                Self { worker: imds.instance_id().to_owned(), instance_type: Some(imds.instance_type().to_owned()), imds: Some(imds) }
            }
            None => Self { worker: format!("process-{}", std::process::id()), instance_type: None, imds: None },
        }
    }
}
