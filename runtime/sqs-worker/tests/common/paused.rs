use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sqs_worker::Clock;

/// A clock that stands still until everybody waits, and then goes to the next moment that somebody waits for.
#[derive(Clone, Default)]
pub(crate) struct Paused(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    now: Duration,
    next: u64,
    timers: BTreeMap<(Duration, u64), Waker>,
}

/// After so many turns, whoever could go on has gone on.
const TURNS: usize = 100;

impl Paused {
    /// Does something that waits by this clock.
    pub(crate) async fn play<T>(&self, play: impl Future<Output = T>) -> T {
        let mut play = pin!(play);
        loop {
            for _ in 0..TURNS {
                if let Poll::Ready(result) = std::future::poll_fn(|cx| Poll::Ready(play.as_mut().poll(cx))).await {
                    return result;
                }
                tokio::task::yield_now().await;
            }
            let mut state = self.0.lock().unwrap();
            let ((moment, _), waker) = state.timers.pop_first().expect("everybody waits, and nobody for the clock");
            state.now = state.now.max(moment);
            drop(state);
            waker.wake();
        }
    }
}

impl Clock for Paused {
    fn now(&self) -> Duration {
        self.0.lock().unwrap().now
    }

    fn sleep_until(&self, moment: Duration) -> impl Future<Output = ()> + Send {
        Timer { state: Arc::clone(&self.0), moment, id: None }
    }
}

struct Timer {
    state: Arc<Mutex<State>>,
    moment: Duration,
    id: Option<u64>,
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shared = Arc::clone(&self.state);
        let mut state = shared.lock().unwrap();
        if self.moment <= state.now {
            return Poll::Ready(());
        }
        let id = *self.id.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.timers.insert((self.moment, id), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.state.lock().unwrap().timers.remove(&(self.moment, id));
        }
    }
}
