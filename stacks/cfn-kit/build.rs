//! Writes the Rust of every service whose cargo feature is on, from the facts in `schema/`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use cfn_facts::rust::Writer;

fn main() -> Result<(), Box<dyn Error>> {
    let schema = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("schema");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", schema.display());

    let mut services = Vec::new();
    for path in files(&schema)? {
        println!("cargo::rerun-if-changed={}", path.display());
        let service = cfn_facts::parse(&fs::read_to_string(&path)?, &path.display().to_string())?;
        if env::var_os(format!("CARGO_FEATURE_{}", service.module().to_ascii_uppercase())).is_some() {
            services.push(service);
        }
    }
    let writer = Writer::new(&services);
    for service in &services {
        fs::write(out.join(format!("{}.rs", service.module())), writer.service(service))?;
    }
    fs::write(out.join("services.rs"), writer.root())?;
    Ok(())
}

/// The facts' files, sorted, so that the order of a folder never shows.
fn files(schema: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(schema)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
