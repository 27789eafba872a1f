//! crossbeam's `ArrayQueue`: a bounded queue between threads, without blocking and without wake-ups. It claims a cell first
//! and fills it later: a sender that stops in between stops everybody.
//!
//! Who finds it full or empty backs off as crossbeam's own channels do, by `Backoff::snooze`: some spinning, then
//! `yield_now` each time. With more threads than cores a user has to: who only spins takes the core from who it waits for.

use crate::peer::{Named, Rx, Shape, ThreadPeer, Tx};
use anyhow::Result;
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::Backoff;
use std::sync::Arc;

/// Messages pushed and popped one by one, of which there are no batches.
#[derive(Debug, Clone, Copy)]
pub struct Crossbeam;

impl Named for Crossbeam {
    fn id(&self) -> String {
        "array-queue".to_owned()
    }

    fn label(&self) -> String {
        "crossbeam ArrayQueue".to_owned()
    }

    fn may_sleep(&self) -> bool {
        false
    }
}

impl<const N: usize> ThreadPeer<N> for Crossbeam {
    type Tx = Shared<N>;
    type Rx = Shared<N>;

    fn ends(&self, shape: Shape, senders: usize, receivers: usize) -> Result<(Vec<Shared<N>>, Vec<Shared<N>>)> {
        let queue = Shared { queue: Arc::new(ArrayQueue::new(shape.room / N)) };
        Ok((vec![queue.clone(); senders], vec![queue; receivers]))
    }
}

#[derive(Debug, Clone)]
pub struct Shared<const N: usize> {
    queue: Arc<ArrayQueue<[u8; N]>>,
}

impl<const N: usize> Tx<N> for Shared<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        let mut message = [0; N];
        write(&mut message);
        let backoff = Backoff::new();
        while self.queue.push(message).is_err() {
            backoff.snooze();
        }
        Ok(())
    }
}

impl<const N: usize> Rx<N> for Shared<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let backoff = Backoff::new();
        loop {
            if let Some(message) = self.queue.pop() {
                return Ok(read(&message));
            }
            backoff.snooze();
        }
    }
}
