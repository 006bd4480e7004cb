//! `cargo xtask`: everything that is done with this repository.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
