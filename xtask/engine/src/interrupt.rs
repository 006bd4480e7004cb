//! Ctrl-C, as something that can be waited for.

use tokio::sync::watch;

/// What a person wants who pressed Ctrl-C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Wish {
    /// Nothing: the engine goes on.
    #[default]
    None,
    /// Stop between two steps and say how things stand. What CloudFormation is doing goes on by itself.
    Stop,
    /// Cancel what CloudFormation is doing as well, where it can be cancelled.
    Cancel,
}

/// Makes wishes. A wish is never taken back.
#[derive(Debug, Clone)]
pub struct Wishes {
    wish: watch::Sender<Wish>,
}

impl Wishes {
    /// Wish for at least this.
    pub fn make(&self, wish: Wish) {
        self.wish.send_if_modified(|old| {
            let more = *old < wish;
            *old = wish.max(*old);
            more
        });
    }
}

/// What a person wants the engine to stop doing. Cloned freely; all clones see the same wish.
#[derive(Debug, Clone)]
pub struct Interrupt {
    wish: watch::Receiver<Wish>,
}

impl Interrupt {
    /// A wish that has not been made, and the sender that makes it.
    #[must_use]
    pub fn new() -> (Wishes, Self) {
        let (sender, wish) = watch::channel(Wish::None);
        (Wishes { wish: sender }, Self { wish })
    }

    /// Whether the engine is to stop.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.is(Wish::Stop)
    }

    /// Whether at least this is wished.
    #[must_use]
    pub fn is(&self, least: Wish) -> bool {
        least <= *self.wish.borrow()
    }

    /// Wait until the engine is to stop; for ever when nobody can wish it any more.
    pub async fn wait(&self) {
        self.wait_for(Wish::Stop).await;
    }

    /// Wait until at least this is wished; for ever when nobody can wish it any more.
    pub async fn wait_for(&self, least: Wish) {
        let mut wish = self.wish.clone();
        if wish.wait_for(|wish| least <= *wish).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Wait until one thing more is wished than is now.
    pub(crate) async fn wait_for_more(&self) {
        let wish = *self.wish.borrow();
        match wish {
            Wish::None => self.wait_for(Wish::Stop).await,
            Wish::Stop => self.wait_for(Wish::Cancel).await,
            Wish::Cancel => std::future::pending().await,
        }
    }
}
