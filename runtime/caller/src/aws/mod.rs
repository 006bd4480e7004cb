//! The user pool's keys and the table of requests, as AWS has them.

pub mod item;

mod pool;
mod rates;

use aws_smithy_runtime_api::client::result::SdkError;

use crate::StoreError;

pub use pool::UserPool;
pub use rates::RateTable;

/// An error of a call, whichever.
pub fn failed<E, R>(doing: &'static str) -> impl FnOnce(SdkError<E, R>) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    move |error| StoreError::new(doing, error)
}
