//! Lines that stay in memory, for tests of what a service says.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use crate::Log;

/// What a log has written, to be read back. Clones share their lines.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// A log that writes here.
    #[must_use]
    pub fn log(&self, function_name: &str) -> Log {
        Log::to(Box::new(self.clone()), function_name)
    }

    /// Everything so far, as it was written.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// All lines so far, each a JSON object. One that is none, which a log never writes, is a string, so that a test sees it.
    #[must_use]
    pub fn read(&self) -> Vec<Value> {
        let text = self.text();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.into())).collect()
    }

    /// The sentences of all lines so far.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.read().iter().filter_map(|line| line[contract::logs::MESSAGE].as_str()).map(str::to_owned).collect()
    }

    /// The sum of a metric over all lines so far.
    #[must_use]
    pub fn counted(&self, metric: &str) -> f64 {
        self.read().iter().filter_map(|line| line[metric].as_f64()).sum()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
