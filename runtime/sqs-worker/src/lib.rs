#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod clock;
pub mod imds;
pub mod notice;
pub mod protection;
pub mod queue;
pub mod sqs;

mod backoff;
mod lanes;
mod lease;
mod settings;
mod settle;
mod work;
mod worker;

pub use clock::Clock;
pub use notice::{Notice, Told};
pub use protection::{Guarded, Protection};
pub use queue::{Message, Queue, Refusal};
pub use settings::Settings;
pub use work::{Delivery, Outcome, Work};
pub use worker::Worker;
