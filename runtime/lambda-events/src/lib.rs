#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod sqs;

pub use sqs::{Batch, BatchItemFailure, BatchResponse, Message};
