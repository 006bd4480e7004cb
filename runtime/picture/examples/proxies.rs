//! Makes the proxies of one file: `proxies FILE OUT_PREFIX` reads the file as it streams by and writes `OUT_PREFIX2048.jpg` and
//! `OUT_PREFIX1024.jpg`, with the settings that an environment has when it names none.
#![expect(clippy::print_stderr, reason = "an example talks to who starts it")]

use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::BufReader;
use std::process::ExitCode;

use contract::images::{Limits, Proxies};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let [_, file, prefix] = std::env::args_os().collect::<Vec<_>>().try_into().map_err(|_| "usage: proxies FILE OUT_PREFIX")?;
    let file = BufReader::with_capacity(64 << 10, File::open(file)?);
    for proxy in picture::transcode(file, &Proxies::default(), &Limits::default())? {
        let mut path = OsString::from(&prefix);
        path.push(format!("{}.jpg", proxy.box_edge));
        fs::write(path, proxy.jpeg)?;
    }
    Ok(())
}
