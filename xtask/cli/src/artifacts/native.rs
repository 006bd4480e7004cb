//! Packages with C++ inside: which features they are built with, and the tools that takes.
//!
//! Such a package says so in its manifest, and is built with those features by every command of ours, and without them by a plain
//! `cargo build`, which therefore needs no C++:
//!
//! ```toml
//! [package.metadata.cloudwright]
//! native-features = ["llama"]
//! ```

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::Error;
use super::cargo::cargo;
use crate::python::{Lookup, Purpose, Venv};
use crate::workspace::Workspace;

/// The processors that shipped binaries run on: those with AVX2, FMA and F16C, which is every x86-64 instance type of AWS since 2015
/// (x86-64-v3). Said aloud, because llama.cpp takes the processor that builds for the one that runs, and takes none of them at all where
/// `SOURCE_DATE_EPOCH` asks for the same bytes everywhere. Other architectures do not know these words.
const PROCESSOR: [&str; 6] = ["GGML_SSE42", "GGML_AVX", "GGML_AVX2", "GGML_BMI2", "GGML_FMA", "GGML_F16C"];

/// What CMake reads after llama.cpp's own settings, seen from the repository's root.
const ONLY_THE_LIBRARY: &str = "runtime/inference/only-the-library.cmake";

/// What a build needs for the packages with C++ among those that it builds; nothing for most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Native {
    /// As cargo's `--features` takes them: `gpu-worker/llama`.
    features: Vec<String>,
}

/// The parts of `cargo metadata` that matter here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    metadata: Option<Tables>,
}

#[derive(Debug, Deserialize)]
struct Tables {
    cloudwright: Option<Ours>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Ours {
    native_features: Vec<String>,
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
        let ours = metadata.packages.into_iter().filter(|package| wanted(&package.name));
        let native = ours.filter_map(|package| Some((package.name, package.metadata?.cloudwright?.native_features)));
        Self { features: native.flat_map(|(name, features)| features.into_iter().map(move |one| format!("{name}/{one}"))).collect() }
    }

    /// The words for cargo.
    pub(crate) fn arguments(&self) -> Vec<String> {
        if self.features.is_empty() { Vec::new() } else { vec!["--features".to_owned(), self.features.join(",")] }
    }

    /// The variables for cargo. The tools are installed when they are not there yet.
    pub(crate) fn variables(&self, workspace: &Workspace, say: &dyn Fn(&str)) -> Result<Vec<(&'static str, OsString)>, Error> {
        if self.features.is_empty() {
            return Ok(Vec::new());
        }
        let headers = headers_of("cc")?;
        // Only asked whether it is there.
        headers_of("c++")?;
        let venv = Venv::ensure(&Purpose::NATIVE, workspace.target(), &Lookup::from_environment(), say)?;
        let libclang = venv.packages()?.join("clang/native");
        let mut variables = vec![
            ("CMAKE", venv.program("cmake").into()),
            ("LIBCLANG_PATH", libclang.into()),
            ("CMAKE_PROJECT_INCLUDE", workspace.root().join(ONLY_THE_LIBRARY).into()),
        ];
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
        {"name":"smoke","metadata":{"docs":{}}},
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
        assert!(workspace.root().join(ONLY_THE_LIBRARY).is_file(), "three times as much would be compiled");
    }

    #[test]
    fn a_machine_without_a_compiler_is_told_so() {
        let error = headers_of("/nowhere/c++").unwrap_err();

        assert_eq!(error.to_string(), "`/nowhere/c++` cannot be started, and packages with C++ inside need it");
        assert!(error.hint().contains("apt install g++"), "{}", error.hint());
    }
}
