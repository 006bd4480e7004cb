//! Sizes of Fargate tasks.
//!
//! Fargate runs only certain pairs of processor and memory, and refuses the others when a task starts, long after the deploy.
//!
//! ```
//! use cfn_kit::fargate::Size;
//! use cfn_kit::{Resource, ecs};
//!
//! let task = ecs::TaskDefinition::<()>::new().fargate(Size::of::<512, 1024>());
//! assert_eq!(task.body().properties()["Cpu"], "512");
//! ```

use crate::ecs;

/// A pair of processor (units, 1,024 are one virtual CPU) and memory (MiB) that Fargate runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    cpu: u32,
    memory: u32,
}

/// So many units of processor, as [`Fits`] names them.
#[derive(Debug)]
pub enum Cpu<const UNITS: u32> {}

/// Says that Fargate runs so much memory (MiB) with this processor.
#[diagnostic::on_unimplemented(
    message = "Fargate has no task with {MEMORY} MiB of memory and this processor: `{Self}`",
    note = "256 units: 512, 1024, 2048 MiB; 512: 1 to 4 GiB; 1024: 2 to 8; 2048: 4 to 16; 4096: 8 to 30; 8192: 16 to 60 in steps of 4; \
            16384: 32 to 120 in steps of 8"
)]
pub trait Fits<const MEMORY: u32> {}

/// One row per processor: least and most memory and the step between, in MiB. From the page about task definition parameters for Fargate.
const ROWS: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2_048, 512),
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

impl Size {
    /// A pair that is known when the program is written; any other does not compile.
    #[must_use]
    pub fn of<const CPU: u32, const MEMORY: u32>() -> Self
    where
        Cpu<CPU>: Fits<MEMORY>,
    {
        Self { cpu: CPU, memory: MEMORY }
    }

    /// A pair that comes from outside, such as from a configuration; none where Fargate does not run it.
    #[must_use]
    pub fn checked(cpu: u32, memory: u32) -> Option<Self> {
        let (_, least, most, step) = ROWS.into_iter().find(|(units, ..)| *units == cpu)?;
        // The smallest processor skips 1,536 MiB.
        let fits = (least..=most).contains(&memory) && memory.is_multiple_of(step) && (cpu, memory) != (256, 1_536);
        fits.then_some(Self { cpu, memory })
    }

    /// Units of processor.
    #[must_use]
    pub fn cpu(self) -> u32 {
        self.cpu
    }

    /// MiB of memory.
    #[must_use]
    pub fn memory(self) -> u32 {
        self.memory
    }
}

macro_rules! fits {
    ($($cpu:literal: $($memory:literal)+;)+) => {
        $($(impl Fits<$memory> for Cpu<$cpu> {})+)+

        /// All pairs, for the test that both ways to a size agree.
        #[cfg(test)]
        const PAIRS: &[(u32, u32)] = &[$($(($cpu, $memory)),+),+];
    };
}

fits! {
    256: 512 1024 2048;
    512: 1024 2048 3072 4096;
    1024: 2048 3072 4096 5120 6144 7168 8192;
    2048: 4096 5120 6144 7168 8192 9216 10240 11264 12288 13312 14336 15360 16384;
    4096: 8192 9216 10240 11264 12288 13312 14336 15360 16384 17408 18432 19456 20480 21504 22528 23552 24576 25600 26624 27648 28672 29696 30720;
    8192: 16384 20480 24576 28672 32768 36864 40960 45056 49152 53248 57344 61440;
    16384: 32768 40960 49152 57344 65536 73728 81920 90112 98304 106496 114688 122880;
}

impl<S> ecs::TaskDefinition<S> {
    /// Makes it a task that Fargate runs, of this size: processor, memory, `awsvpc` network and what it is compatible with.
    #[must_use]
    pub fn fargate(self, size: Size) -> Self {
        self.cpu(size.cpu.to_string())
            .memory(size.memory.to_string())
            .network_mode(ecs::task_definition::NetworkMode::Awsvpc)
            .requires_compatibilities([ecs::task_definition::RequiresCompatibilities::Fargate])
    }
}

#[cfg(test)]
mod tests {
    use super::{PAIRS, Size};

    #[test]
    fn both_ways_to_a_size_allow_the_same_pairs() {
        for cpu in [128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384] {
            for memory in (256..=131_072).step_by(256) {
                let listed = PAIRS.contains(&(cpu, memory));

                assert_eq!(Size::checked(cpu, memory).is_some(), listed, "{cpu} units and {memory} MiB");
            }
        }
    }
}
