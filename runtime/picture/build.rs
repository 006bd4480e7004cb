//! Says so when libjpeg-turbo was built without its assembly: it works, and takes nearly twice the time.

use std::path::Path;
use std::{env, fs};

const WHAT_TO_DO: &str = "install nasm (Debian: `apt install nasm`) and rebuild it (`cargo clean -p mozjpeg-sys`), \
or use `cargo xtask test` and `cargo xtask deploy`, which bring it";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DEP_JPEG_INCLUDE");
    // What mozjpeg-sys compiled its C with; other processors' SIMD is C itself.
    let folders = env::var_os("DEP_JPEG_INCLUDE").unwrap_or_default();
    let settings = env::split_paths(&folders).map(|folder| folder.join("jconfig.h")).find(|file| file.is_file());
    let fast = settings.as_deref().is_some_and(has_simd);
    if let Some(file) = &settings {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    if fast || env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("x86_64") {
        return;
    }
    let problem = format!("pictures would take nearly twice the time: mozjpeg-sys found no nasm and left out its SIMD; {WHAT_TO_DO}");
    // Tests may be slow; what is shipped may not.
    let level = if env::var("PROFILE").as_deref() == Ok("release") { "error" } else { "warning" };
    println!("cargo::{level}={problem}");
}

fn has_simd(settings: &Path) -> bool {
    fs::read_to_string(settings).is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("#define WITH_SIMD")))
}
