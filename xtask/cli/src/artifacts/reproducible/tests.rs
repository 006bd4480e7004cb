use std::fs;

use super::*;
use crate::artifacts::{Order, Profile, build_for};
use crate::progress::Terminal;

const VERSION: &str = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\ncommit-hash: 59807616e\nrelease: 1.95.0\n";

fn package(source: Option<&str>, folder: &str) -> Package {
    Package { source: source.map(str::to_owned), manifest_path: Path::new(folder).join("Cargo.toml") }
}

fn places(packages: Vec<Package>) -> Places {
    let metadata =
        Metadata { packages, workspace_root: "/home/ann/a project".into(), target_directory: "/home/ann/a project/target".into() };
    Places::of(metadata, Path::new("/home/ann/.rustup/toolchains/stable"), VERSION)
}

/// A package that names its own folder in every way that a program can: in a panic, in code that its build script wrote, in a path.
fn tiny(folder: &Path) -> Workspace {
    fs::create_dir_all(folder.join("src")).unwrap();
    let files = [
        (
            "Cargo.toml",
            "[package]\nname = \"tiny\"\nedition = \"2024\"\n[workspace]\n\
             [profile.lambda]\ninherits = \"release\"\ncodegen-units = 1\nstrip = true\n",
        ),
        (
            "build.rs",
            "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    let code = \"pub fn made(number: usize) -> &'static str { \
             if number == 2 { panic!(\\\"made\\\") } file!() }\";\n    std::fs::write(format!(\"{out}/made.rs\"), code).unwrap();\n}\n",
        ),
        ("src/lib.rs", "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n"),
        (
            "src/main.rs",
            "fn main() {\n    let words: Vec<String> = std::env::args().collect();\n    if words.len() == 3 { panic!(\"three\") }\n    \
             println!(\"{} {} {}\", file!(), tiny::made(words.len()), words[words.len() - 1]);\n}\n",
        ),
    ];
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
    Workspace::at(folder)
}

#[test]
fn two_people_get_the_same_bytes_and_neither_is_named_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let order = Order { packages: &["tiny"], profile: Profile::Lambda, machine: None };
    let building = Building::new("a tiny package", Terminal { stdin: false, stderr: false });

    let [ann, bob] = ["ann/cloud", "bob has/a folder=with a 'name'"].map(|name| {
        let root = folder.path().join(name);
        let built = build_for(Some(&root.join("home")), &tiny(&root), order, &building).unwrap();
        fs::read(built.executable("tiny").unwrap()).unwrap()
    });

    assert!(ann == bob, "the same commit would be uploaded and deployed again by everybody ({} and {} bytes)", ann.len(), bob.len());
    let home = env::home_dir().unwrap_or_default();
    for private in [folder.path(), &home.join(".rustup"), &home.join(".cargo")] {
        let found = memchr::memmem::find(&ann, private.as_os_str().as_encoded_bytes());
        assert_eq!(found, None, "a stack trace from AWS would show how `{}` is laid out", private.display());
    }
    for name in ["/target/lambda/build/", "src/main.rs"] {
        assert!(memchr::memmem::find(&ann, name.as_bytes()).is_some(), "a panic would no longer say where: `{name}`");
    }
}

#[test]
fn an_inner_folder_is_named_after_those_around_it() {
    let places = places(vec![package(None, "/home/ann/a project/runtime/transcode")]);

    let flags = places.rustflags().into_string().unwrap();

    let remaps: Vec<_> = flags.split(SEPARATOR).filter_map(|flag| flag.strip_prefix("--remap-path-prefix=")).collect();
    assert_eq!(
        remaps,
        [
            "/home/ann/a project=/workspace",
            "/home/ann/a project/target=/target",
            "/home/ann/.rustup/toolchains/stable/lib/rustlib/src/rust=/rustc/59807616e"
        ],
        "the last that fits is taken, and a target folder elsewhere would have another name than one inside the repository"
    );
}

#[test]
fn a_dependency_has_the_same_name_whichever_mirror_it_came_from() {
    const CRATES_IO: Option<&str> = Some("registry+https://github.com/rust-lang/crates.io-index");
    let direct = package(CRATES_IO, "/home/ann/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.229");
    let mirrored = package(CRATES_IO, "/opt/cargo/registry/src/mirror.example-0123456789abcdef/serde-1.0.229");
    let git = package(Some("git+https://example.com/one#4711"), "/opt/cargo/git/checkouts/one-88aa/4711/crates/one");

    let places = places(vec![direct, mirrored, git]);

    let names = places.names();
    assert!(names.contains(&(Path::new("/home/ann/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f"), "/registry")), "{names:?}");
    assert!(names.contains(&(Path::new("/opt/cargo/registry/src/mirror.example-0123456789abcdef"), "/registry")), "{names:?}");
    assert!(names.contains(&(Path::new("/opt/cargo/git/checkouts"), "/git")), "{names:?}");
}

#[test]
fn a_c_compiler_gets_a_folder_with_a_space_as_one_word() {
    let flags = places(Vec::new()).cflags().into_string().unwrap();

    assert!(flags.starts_with("'-ffile-prefix-map=/home/ann/a project=/workspace' "), "C code could not be compiled: {flags}");
    assert!(
        flags.ends_with(" -ffile-prefix-map=/home/ann/.rustup/toolchains/stable/lib/rustlib/src/rust=/rustc/59807616e"),
        "some build scripts split at spaces and know no quotes: {flags}"
    );
}

#[test]
fn c_is_compiled_for_the_processors_that_aws_has_and_for_those_of_its_target_alone() {
    let mut command = Command::new("cargo");

    places(Vec::new()).settle(&mut command);

    let set = |name: &str| command.get_envs().find(|(set, _)| *set == name).and_then(|(_, value)| value.map(OsStr::to_os_string));
    assert_eq!(
        set("CFLAGS_x86_64_unknown_linux_gnu").as_deref(),
        Some(OsStr::new("-march=x86-64-v3")),
        "a large JPEG takes a sixth longer"
    );
    let all = set("CFLAGS").unwrap();
    assert!(!all.to_str().unwrap().contains("-march"), "C for Arm could not be compiled: {all:?}");
}

#[test]
fn what_one_person_likes_is_not_shipped() {
    let personal = ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "CARGO_PROFILE_RELEASE_LTO"];
    let needed = ["CARGO_HOME", "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "CARGO_NET_OFFLINE", "CC", "PATH"];

    assert!(personal.into_iter().all(is_personal), "the digest would depend on who builds");
    assert!(!needed.into_iter().any(is_personal), "the build could not find what it needs");
}
