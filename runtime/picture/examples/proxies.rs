//! The pipeline behind a command line, with the settings that an environment has when it names none. Run by `cargo xtask bench transcode`.
//!
//! ```text
//! proxies FILE PREFIX               reads the file as it streams by, writes PREFIX-2048.jpg and PREFIX-1024.jpg
//! proxies many FILE THREADS TIMES   makes them over and over; says files a second, as one line of JSON
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, Write as _, stdout};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use contract::images::{Limits, Proxies};
use picture::Proxy;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [file, prefix] => {
            for proxy in proxies(file)? {
                fs::write(format!("{prefix}-{}.jpg", proxy.box_edge), proxy.jpeg)?;
            }
            Ok(())
        }
        ["many", file, threads, times] => {
            let speed = many(file, threads.parse()?, times.parse()?)?;
            Ok(writeln!(stdout(), "{{\"files_per_second\":{speed:.3}}}")?)
        }
        _ => Err("usage: proxies FILE PREFIX, or proxies many FILE THREADS TIMES".into()),
    }
}

fn proxies(file: &str) -> Result<Vec<Proxy>, Box<dyn Error>> {
    let file = BufReader::with_capacity(64 << 10, File::open(file)?);
    Ok(picture::transcode(file, &Proxies::default(), &Limits::default())?)
}

fn many(file: &str, threads: usize, times: u32) -> Result<f64, Box<dyn Error>> {
    // Once before, as a warm process has done it before.
    proxies(file)?;
    let left = AtomicU32::new(times);
    let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    let work = || {
        while take() {
            proxies(file).map_err(|error| error.to_string())?;
        }
        Ok::<(), String>(())
    };
    let began = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a thread panicked".to_owned())?)
    })?;
    Ok(f64::from(times) / began.elapsed().as_secs_f64())
}
