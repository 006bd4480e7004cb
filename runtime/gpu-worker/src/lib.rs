#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod engine;
mod generate;
mod group;
mod machine;
mod model;
mod presence;
mod records;
mod run;
mod steps;
mod tell;

pub use engine::{NoEngine, choose};
pub use generate::{Generating, Limits};
pub use group::AutoScaling;
pub use machine::Machine;
pub use model::{Error as ModelError, Source, fetch};
pub use presence::Presence;
pub use records::{Claim, Claimed, Failed, Records};
pub use run::{Error, run};
pub use steps::Steps;
