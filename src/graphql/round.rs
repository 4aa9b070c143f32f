//! Rounds: one future on behalf of many who wait for it, and the pause in which they gather.
//!
//! Owns the timing of loaders. A round starts when no more of the request can go on without an
//! answer, and its answer reaches all who wait at the same moment, so that what they ask next meets
//! in one round again. Refuses to lose an answer: if the one who drives a round is dropped (a
//! sibling failed), another one of those who wait goes on.

use futures_util::future::BoxFuture;
use futures_util::task::AtomicWaker;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

struct Inner<T> {
    work: Option<BoxFuture<'static, T>>,
    /// Who drives, by place; nobody after the driver was dropped.
    driver: Option<usize>,
    waiting: Vec<Option<Waker>>,
    answer: Option<T>,
}

/// A future that many wait for.
pub(crate) struct Round<T>(Arc<Mutex<Inner<T>>>);

impl<T: Clone> Round<T> {
    /// A round of work; nothing happens before somebody waits.
    pub(crate) fn new(work: BoxFuture<'static, T>) -> Self {
        let inner = Inner { work: Some(work), driver: None, waiting: Vec::new(), answer: None };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// One more who waits.
    pub(crate) fn wait(&self) -> Ticket<T> {
        let mut inner = lock(&self.0);
        inner.waiting.push(None);
        Ticket { round: Arc::clone(&self.0), place: inner.waiting.len() - 1 }
    }

    /// The round for those who may join it but do not keep it alive: the work may hold who asks
    /// here, and a request that is given up must not hold itself.
    pub(crate) fn downgrade(&self) -> WeakRound<T> {
        WeakRound(Arc::downgrade(&self.0))
    }
}

/// A round as long as somebody waits for it.
pub(crate) struct WeakRound<T>(Weak<Mutex<Inner<T>>>);

impl<T: Clone> WeakRound<T> {
    /// One more who waits, if anybody still does.
    pub(crate) fn wait(&self) -> Option<Ticket<T>> {
        self.0.upgrade().map(|inner| Round(inner).wait())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in a round.
pub(crate) struct Ticket<T> {
    round: Arc<Mutex<Inner<T>>>,
    place: usize,
}

impl<T: Clone> Future for Ticket<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut inner = lock(&self.round);
        if let Some(answer) = &inner.answer {
            return Poll::Ready(answer.clone());
        }
        if *inner.driver.get_or_insert(self.place) != self.place {
            if let Some(waker) = inner.waiting.get_mut(self.place) {
                *waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
        let Some(mut work) = inner.work.take() else { return Poll::Pending };
        drop(inner);
        let polled = work.as_mut().poll(cx);
        let mut inner = lock(&self.round);
        match polled {
            Poll::Pending => inner.work = Some(work),
            Poll::Ready(answer) => {
                inner.answer = Some(answer.clone());
                let waiting = std::mem::take(&mut inner.waiting);
                drop(inner);
                waiting.into_iter().flatten().for_each(Waker::wake);
                return Poll::Ready(answer);
            }
        }
        Poll::Pending
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        let mut inner = lock(&self.round);
        if let Some(waker) = inner.waiting.get_mut(self.place) {
            *waker = None;
        }
        if inner.answer.is_none() && inner.driver == Some(self.place) {
            inner.driver = None;
            // The first to come becomes the driver; the others find out and wait again.
            let waiting: Vec<Waker> = inner.waiting.iter_mut().filter_map(Option::take).collect();
            drop(inner);
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

struct Signal {
    passed: AtomicBool,
    waker: AtomicWaker,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.passed.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// Waits until the executor had nothing else of this task to run. Unlike a plain yield it is not
/// ended by being polled again for a sibling's sake, which happens all the time within `join`.
pub(crate) struct Turn(Option<Arc<Signal>>);

impl Turn {
    pub(crate) const fn new() -> Self {
        Self(None)
    }
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(signal) = &self.0 {
            signal.waker.register(cx.waker());
            let passed = signal.passed.load(Ordering::Acquire);
            return if passed { Poll::Ready(()) } else { Poll::Pending };
        }
        let signal = Arc::new(Signal { passed: AtomicBool::new(false), waker: AtomicWaker::new() });
        signal.waker.register(cx.waker());
        let waker = Waker::from(Arc::clone(&signal));
        let mut pause = Box::pin(tokio::task::yield_now());
        let begun = pause.as_mut().poll(&mut Context::from_waker(&waker));
        self.0 = Some(signal);
        begun
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use std::sync::atomic::AtomicUsize;

    #[tokio::test]
    async fn work_is_done_once_for_all_who_wait() {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let round = Round::new(
            async move {
                Turn::new().await;
                counted.fetch_add(1, Ordering::Relaxed) + 41
            }
            .boxed(),
        );
        let answers = join_all((0..100).map(|_| round.wait())).await;
        assert_eq!(answers, vec![41; 100]);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert_eq!(round.wait().await, 41);
    }

    #[tokio::test]
    async fn a_round_goes_on_when_its_driver_is_dropped() {
        let round = Round::new(
            async {
                Turn::new().await;
                Turn::new().await;
                7
            }
            .boxed(),
        );
        let mut driver = round.wait();
        assert!(futures_util::poll!(&mut driver).is_pending());
        let mut other = round.wait();
        assert!(futures_util::poll!(&mut other).is_pending());
        drop(driver);
        assert_eq!(other.await, 7);
    }

    #[tokio::test]
    async fn a_round_that_nobody_waits_for_is_freed() {
        let held = Arc::new(());
        let watched = Arc::downgrade(&held);
        let round = Round::new(
            async move {
                Turn::new().await;
                drop(held)
            }
            .boxed(),
        );
        let weak = round.downgrade();
        let mut ticket = round.wait();
        assert!(futures_util::poll!(&mut ticket).is_pending());
        drop((round, ticket));
        assert!(weak.wait().is_none());
        assert!(watched.upgrade().is_none());
    }

    #[tokio::test]
    async fn being_polled_again_does_not_end_a_turn() {
        let mut turn = Turn::new();
        for _ in 0..10 {
            assert!(futures_util::poll!(&mut turn).is_pending());
        }
        turn.await;
    }
}
