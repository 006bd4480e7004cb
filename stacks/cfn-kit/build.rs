//! Writes the Rust of every service whose cargo feature is on, and the table of all facts, from what stands in `schema/`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use cfn_facts::rust::Writer;
use lz4_flex::block::compress;

#[path = "src/facts/slots.rs"]
mod slots;

fn main() -> Result<(), Box<dyn Error>> {
    let schema = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("schema");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/facts/slots.rs");
    println!("cargo::rerun-if-changed={}", schema.display());

    let mut services = Vec::new();
    let mut table = Table::default();
    for path in files(&schema)? {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path)?;
        table.add(&text)?;
        let module = path.file_stem().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
        if env::var_os(format!("CARGO_FEATURE_{module}")).is_some() || env::var_os("CARGO_FEATURE_ALL").is_some() {
            services.push(cfn_facts::parse(&text, &path.display().to_string())?);
        }
    }
    let writer = Writer::new(&services);
    for service in &services {
        fs::write(out.join(format!("{}.rs", service.module())), writer.service(service))?;
    }
    fs::write(out.join("services.rs"), writer.root())?;
    table.write(&out)
}

/// Every type's facts, compressed apart, so that looking up one costs nothing for the others.
#[derive(Default)]
struct Table {
    /// Names, each with its facts, its permissions and its metrics.
    entries: Vec<(String, [Chunk; 3])>,
    bytes: Vec<u8>,
}

/// Where something lies in the table: offset, compressed length, length.
type Chunk = (usize, usize, usize);

impl Table {
    fn pack(&mut self, text: &str) -> Chunk {
        let (offset, packed) = (self.bytes.len(), compress(text.as_bytes()));
        self.bytes.extend(&packed);
        (offset, packed.len(), text.len())
    }

    fn add(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        let mut starts: Vec<usize> = text.match_indices("\nresource ").map(|(at, _)| at + 1).collect();
        starts.push(text.len());
        for range in starts.windows(2) {
            let facts = text[range[0]..range[1]].trim_end();
            let name = facts.split_whitespace().nth(1).ok_or("a resource without a name")?;
            // What only the execution role and the rules about alarms ask for lies apart: it is a quarter of all.
            let (permissions, facts): (Vec<&str>, Vec<&str>) = facts.lines().partition(|line| line.starts_with("  permissions "));
            let (metrics, facts): (Vec<&str>, Vec<&str>) = facts.into_iter().partition(|line| line.starts_with("  metric "));
            let chunks = [facts, permissions, metrics].map(|lines| self.pack(&lines.join("\n")));
            self.entries.push((name.to_owned(), chunks));
        }
        Ok(())
    }

    fn write(mut self, out: &Path) -> Result<(), Box<dyn Error>> {
        self.entries.sort();
        let mut index = String::from("&[\n");
        let mut taken = vec![slots::FREE; slots::SLOTS];
        for (place, (name, chunks)) in self.entries.iter().enumerate() {
            writeln!(index, "({name:?}, {chunks:?}),")?;
            let free = slots::slots_of(name).find(|slot| taken[*slot] == slots::FREE).ok_or("more types than slots")?;
            taken[free] = u16::try_from(place)?;
        }
        index.push_str("]\n");
        fs::write(out.join("facts.rs"), index)?;
        fs::write(out.join("slots.rs"), format!("{taken:?}"))?;
        Ok(fs::write(out.join("facts.bin"), self.bytes)?)
    }
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
