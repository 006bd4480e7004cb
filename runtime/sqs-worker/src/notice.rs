//! Who tells a worker to end: a signal, the machine that is about to go.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Tells when the worker shall end.
pub trait Notice: Send {
    /// Ends when the worker shall, with the reason in a few words for the log.
    fn told(&mut self) -> impl Future<Output = &'static str> + Send;
}

/// SIGTERM, as systemd sends it when the machine goes down, and Ctrl-C.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on, instead of dying.
    ///
    /// # Errors
    ///
    /// When the system does not let us listen.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
}

impl Notice for Signals {
    async fn told(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Whichever comes first.
impl<A: Notice, B: Notice> Notice for (A, B) {
    async fn told(&mut self) -> &'static str {
        tokio::select! {
            reason = self.0.told() => reason,
            reason = self.1.told() => reason,
        }
    }
}

/// Nobody tells, when there is nobody.
impl<N: Notice> Notice for Option<N> {
    async fn told(&mut self) -> &'static str {
        match self {
            Some(notice) => notice.told().await,
            None => std::future::pending().await,
        }
    }
}
