//! Boost.Interprocess's `message_queue`, of Debian's Boost: a queue with priorities (all the same here) in shared memory, behind
//! one mutex and two condition variables.
//!
//! Copies in and out. Waits asleep in `send` and `receive`, or polls with `try_send` and `try_receive`, which take the mutex each
//! time. When a peer dies: inside a call it leaves the mutex locked, and the other one waits forever; otherwise nobody notices.

use crate::foreign::BoostQueue;
use crate::peer::{Named, Peer, Rx, Shape, Side, Tx, Waiting, buffer, whole};
use anyhow::Result;
use std::path::Path;

/// How its ends wait.
#[derive(Debug, Clone, Copy)]
pub struct Boost(pub Waiting);

impl Boost {
    fn open<const N: usize>(self, path: &Path, side: Side, shape: Shape) -> Result<Queue<N>> {
        let spins = self.0 == Waiting::Spinning;
        let queue = match side {
            Side::Creates => BoostQueue::create(path, shape.room / N, N, spins)?,
            Side::Opens => BoostQueue::open(path, spins)?,
        };
        Ok(Queue { queue, message: buffer() })
    }
}

impl Named for Boost {
    fn id(&self) -> String {
        self.0.id("boost-message-queue")
    }

    fn label(&self) -> String {
        self.0.label("Boost message_queue")
    }

    fn may_sleep(&self) -> bool {
        // Its mutex sleeps, even where its ends do not.
        true
    }
}

impl<const N: usize> Peer<N> for Boost {
    type Tx = Queue<N>;
    type Rx = Queue<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Queue<N>> {
        self.open(path, side, shape)
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Queue<N>> {
        self.open(path, side, shape)
    }
}

/// Either end.
#[derive(Debug)]
pub struct Queue<const N: usize> {
    queue: BoostQueue,
    message: Box<[u8; N]>,
}

impl<const N: usize> Tx<N> for Queue<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        self.queue.send(&*self.message)
    }
}

impl<const N: usize> Rx<N> for Queue<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let length = self.queue.receive(&mut *self.message)?;
        Ok(read(whole(&self.message[..length])?))
    }
}
