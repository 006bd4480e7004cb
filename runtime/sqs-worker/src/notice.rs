//! Who tells a worker to end: a signal, the machine that is about to go.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// That the worker shall end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Why, in a few words for the log.
    pub reason: &'static str,
    /// Whether whoever tells waits until the worker is done, as a lifecycle hook does: jobs under way may then end.
    pub waits: bool,
}

impl Told {
    /// The machine will be gone soon.
    #[must_use]
    pub const fn soon(reason: &'static str) -> Self {
        Self { reason, waits: false }
    }

    /// The machine stays until the worker is done.
    #[must_use]
    pub const fn waits(reason: &'static str) -> Self {
        Self { reason, waits: true }
    }
}

/// Tells when the worker shall end.
pub trait Notice: Send {
    /// Ends when the worker shall.
    ///
    /// It may be dropped and called again. What [waits](Told::waits) tells once; asked again, it ends only when there is more to tell.
    fn told(&mut self) -> impl Future<Output = Told> + Send;
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
    async fn told(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::soon("SIGTERM"),
            _ = self.interrupt.recv() => Told::soon("SIGINT"),
        }
    }
}

/// Whichever comes first.
impl<A: Notice, B: Notice> Notice for (A, B) {
    async fn told(&mut self) -> Told {
        tokio::select! {
            told = self.0.told() => told,
            told = self.1.told() => told,
        }
    }
}

/// Nobody tells, when there is nobody.
impl<N: Notice> Notice for Option<N> {
    async fn told(&mut self) -> Told {
        match self {
            Some(notice) => notice.told().await,
            None => std::future::pending().await,
        }
    }
}
