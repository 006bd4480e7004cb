//! Packages with other languages than Rust inside: which features they are built with, and the tools that takes.
//!
//! A package with C++ says so in its manifest, and is built with those features by every command of ours, and without them by a plain
//! `cargo build`, which therefore needs no C++:
//!
//! ```toml
//! [package.metadata.cloudwright]
//! native-features = ["llama"]
//! ```
//!
//! A package with assembly says `assembler = true`; whatever depends on it is built with `nasm` on the PATH.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::cargo::cargo;
use super::nasm::Place;
use super::{Error, Machine};
use crate::python::{Lookup, Purpose, Venv};
use crate::workspace::Workspace;

/// The processors that shipped binaries run on: those with AVX2, FMA and F16C, which is every x86-64 instance type of AWS since 2015
/// (x86-64-v3). Said aloud, because llama.cpp takes the processor that builds for the one that runs, and takes none of them at all where
/// `SOURCE_DATE_EPOCH` asks for the same bytes everywhere. Other architectures do not know these words.
const PROCESSOR: [&str; 6] = ["GGML_SSE42", "GGML_AVX", "GGML_AVX2", "GGML_BMI2", "GGML_FMA", "GGML_F16C"];

/// The same for C that build scripts compile, as a variable that those read for this one target. Measured on a JPEG of
/// 100 MB, four fifths of whose time is Huffman decoding: 1.44 s of CPU instead of 1.67.
pub(crate) const C_PROCESSOR: (&str, &str) = ("CFLAGS_x86_64_unknown_linux_gnu", "-march=x86-64-v3");

/// What CMake reads after llama.cpp's own settings, seen from the repository's root.
const ONLY_THE_LIBRARY: &str = "runtime/inference/only-the-library.cmake";

/// What a build needs for the packages with other languages inside among those that it builds; nothing for most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Native {
    /// As cargo's `--features` takes them: `gpu-worker/llama`.
    features: Vec<String>,
    /// Whether some of it is written in assembly.
    assembler: bool,
}

/// The parts of `cargo metadata` that matter here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    metadata: Option<Tables>,
}

impl Package {
    fn ours(&self) -> Option<&Ours> {
        self.metadata.as_ref()?.cloudwright.as_ref()
    }
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Tables {
    cloudwright: Option<Ours>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Ours {
    #[serde(default)]
    native_features: Vec<String>,
    #[serde(default)]
    assembler: bool,
}

impl Native {
    /// What these packages need; all of the workspace's, when none are named.
    pub(crate) fn of(workspace: &Workspace, packages: Option<&[&str]>) -> Result<Self, Error> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(workspace.root());
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|source| Error::NoTool { program, source })?;
        if !output.status.success() {
            return Err(Error::Build { command: "cargo metadata".to_owned() });
        }
        let metadata = serde_json::from_slice(&output.stdout)
            .map_err(|source| Error::Message { line: String::from_utf8_lossy(&output.stdout).chars().take(200).collect(), source })?;
        Ok(Self::among(metadata, packages))
    }

    fn among(metadata: Metadata, packages: Option<&[&str]>) -> Self {
        let wanted = |name: &str| packages.is_none_or(|packages| packages.contains(&name));
        let features = metadata.packages.iter().filter(|package| wanted(&package.name)).flat_map(|package| {
            let features = package.ours().map(|ours| ours.native_features.as_slice()).unwrap_or_default();
            features.iter().map(|one| format!("{}/{one}", package.name))
        });
        let features = features.collect();

        let mut open: Vec<&Package> = metadata.packages.iter().filter(|package| wanted(&package.name)).collect();
        let mut seen: BTreeSet<_> = open.iter().map(|package| package.name.as_str()).collect();
        let mut assembler = false;
        while let Some(package) = open.pop() {
            assembler |= package.ours().is_some_and(|ours| ours.assembler);
            let named = |name: &str| package.dependencies.iter().any(|dependency| dependency.name == name);
            open.extend(metadata.packages.iter().filter(|package| named(&package.name) && seen.insert(&package.name)));
        }
        Self { features, assembler }
    }

    /// The words for cargo.
    pub(crate) fn arguments(&self) -> Vec<String> {
        if self.features.is_empty() { Vec::new() } else { vec!["--features".to_owned(), self.features.join(",")] }
    }

    /// The variables for cargo. The tools are installed when they are not there yet.
    pub(crate) fn variables(&self, workspace: &Workspace, say: &dyn Fn(&str)) -> Result<Vec<(&'static str, OsString)>, Error> {
        let mut variables = Vec::new();
        // Other processors' SIMD is C.
        if self.assembler && Machine::host() == Some(Machine::X86_64) {
            variables.extend(Place::in_target(workspace.target()).ensure(say)?.map(|path| ("PATH", path)));
        }
        if self.features.is_empty() {
            return Ok(variables);
        }
        let headers = headers_of("cc")?;
        // Only asked whether it is there.
        headers_of("c++")?;
        let venv = Venv::ensure(&Purpose::NATIVE, workspace.target(), &Lookup::from_environment(), say)?;
        let libclang = venv.packages()?.join("clang/native");
        variables.extend([
            ("CMAKE", venv.program("cmake").into()),
            ("LIBCLANG_PATH", libclang.into()),
            ("CMAKE_PROJECT_INCLUDE", workspace.root().join(ONLY_THE_LIBRARY).into()),
        ]);
        if let Some(headers) = headers {
            // The package has the library alone; `stddef.h` and its like are every compiler's own.
            let mut argument = OsString::from("-isystem");
            argument.push(headers);
            variables.push(("BINDGEN_EXTRA_CLANG_ARGS", argument));
        }
        variables.extend(PROCESSOR.map(|name| (name, OsString::from("ON"))));
        Ok(variables)
    }
}

/// Where a compiler keeps its own headers; nothing where it does not say, and finds them by itself.
fn headers_of(compiler: &str) -> Result<Option<PathBuf>, Error> {
    let output = Command::new(compiler).arg("-print-file-name=include").stdin(Stdio::null()).output();
    let output = output.map_err(|source| Error::NoCompiler { compiler: compiler.to_owned(), source })?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end());
    Ok((folder.is_absolute() && Path::new(&folder).join("stddef.h").is_file()).then_some(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"packages":[
        {"name":"gpu-worker","metadata":{"cloudwright":{"native-features":["llama"]}}},
        {"name":"front-door","metadata":null},
        {"name":"smoke","dependencies":[{"name":"serde"},{"name":"picture"}],"metadata":{"docs":{}}},
        {"name":"picture","metadata":{"cloudwright":{"assembler":true}}},
        {"name":"inference","metadata":{"cloudwright":{"native-features":["llama"]}}}]}"#;

    fn among(packages: Option<&[&str]>) -> Vec<String> {
        Native::among(serde_json::from_str(METADATA).unwrap(), packages).arguments()
    }

    #[test]
    fn a_package_with_native_code_is_built_with_its_features_and_no_other_is() {
        assert_eq!(
            among(Some(&["front-door", "gpu-worker"])),
            ["--features", "gpu-worker/llama"],
            "a worker without a model would be shipped"
        );
        assert_eq!(among(Some(&["front-door", "smoke"])), [""; 0], "every deploy would wait for a C++ compiler");
        assert_eq!(among(None), ["--features", "gpu-worker/llama,inference/llama"]);
    }

    #[test]
    fn what_depends_on_assembly_is_built_with_an_assembler_and_nothing_else_is() {
        let needs = |packages: Option<&[&str]>| Native::among(serde_json::from_str(METADATA).unwrap(), packages).assembler;

        let seen = [needs(Some(&["front-door", "smoke"])), needs(Some(&["front-door", "gpu-worker"])), needs(None)];

        assert_eq!(seen, [true, false, true], "pictures would take twice the time, or every deploy wait for an assembler");
    }

    #[test]
    fn a_build_without_native_code_asks_for_no_tools() {
        let folder = tempfile::tempdir().unwrap();

        let variables = Native::default().variables(&Workspace::at(folder.path()), &|line| assert!(line.is_empty(), "{line}")).unwrap();

        assert_eq!(variables, []);
    }

    #[test]
    fn a_word_that_nobody_knows_in_a_manifest_is_noticed() {
        let text = METADATA.replace("native-features", "native-feature");

        assert!(serde_json::from_str::<Metadata>(&text).is_err(), "a worker without a model would be shipped");
    }

    #[test]
    fn the_packages_of_this_repository_say_what_they_need() {
        let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();

        let native = Native::of(&workspace, Some(&["inference"])).unwrap();

        assert_eq!(native.arguments(), ["--features", "inference/llama"]);
        assert!(Native::of(&workspace, Some(&["transcode"])).unwrap().assembler, "the transcoder would be shipped at half its speed");
        assert!(workspace.root().join(ONLY_THE_LIBRARY).is_file(), "three times as much would be compiled");
    }

    #[test]
    fn a_machine_without_a_compiler_is_told_so() {
        let error = headers_of("/nowhere/c++").unwrap_err();

        assert_eq!(error.to_string(), "`/nowhere/c++` cannot be started, and packages with C++ inside need it");
        assert!(error.hint().contains("apt install g++"), "{}", error.hint());
    }
}
