//! Programs that answer as a Python would, for tests.

use std::path::Path;
use std::process::Command;

/// What a Python does that can make environments: it says its version, makes one that holds a copy of itself, and has a pip.
pub(super) const GOOD: &str = r#"
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip") exit 0 ;;
  *) echo 3 12 ;;
esac"#;

/// Writes a shell script that can be started.
pub(crate) fn write_program(path: &Path, script: &str) {
    // Another process writes it: while this one had it open, a test beside us could start a child that keeps it open,
    // and Linux starts no program that somebody is writing.
    let write = r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 755 "$1""#;
    let status = Command::new("sh").args(["-c", write, "sh"]).arg(path).arg(script).status().unwrap();
    assert!(status.success());
}
