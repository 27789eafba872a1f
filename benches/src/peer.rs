//! What is compared: peers, ways for a message to get from one participant to another, behind one small trait.
//!
//! A peer is one file in [`crate::peers`] and its rows in the tables of [`crate::contests`]. It says how its two ends are
//! opened; what is done with them stands in [`crate::shapes`], the same for all. Messages have a length that the compiler
//! knows, as most programs' have, and are written and read by closures: a peer that works in place hands out its own
//! memory, one that copies a buffer of its own.

use anyhow::{Context, Result};
use std::path::Path;

/// The sending end, for messages of `N` bytes.
pub trait Tx<const N: usize> {
    /// Sends the message that `write` writes; waits while there is no room.
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()>;

    /// Sends `count` messages: as one batch where the peer knows batches.
    fn send_batch(&mut self, count: usize, mut write: impl FnMut(&mut [u8; N])) -> Result<()> {
        (0..count).try_for_each(|_| self.send(&mut write))
    }
}

/// The receiving end, for messages of `N` bytes.
pub trait Rx<const N: usize> {
    /// Receives a message and shows it to `read`; waits while there is none. A message of another length is an error.
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R>;

    /// Receives one message at least and `max` at most: as one batch where the peer knows batches. How many it were.
    fn recv_batch(&mut self, max: usize, read: impl FnMut(&[u8; N])) -> Result<usize> {
        let _ = max;
        self.recv(read).map(|()| 1)
    }
}

/// What both ends of a contest agree on beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Bytes of messages that may be under way at a time, as far as a peer can be told; what it adds to a message comes on top.
    pub room: usize,
    /// Messages in a batch.
    pub batch: usize,
}

/// Which of the two processes this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first, which creates what is shared.
    Creates,
    /// The other, which comes when the first is there.
    Opens,
}

/// Says how it appears in the report.
pub trait Named: Clone + Send + 'static {
    /// Unique among the peers, and part of a file's name.
    fn id(&self) -> String;
    /// For people.
    fn label(&self) -> String;
    /// Whether its ends may sleep: other signs of disturbance count then.
    fn may_sleep(&self) -> bool;
}

/// A peer between processes. Both sides open either end: in round trips each has one of both, of two paths.
pub trait Peer<const N: usize>: Named {
    /// The sending end.
    type Tx: Tx<N> + 'static;
    /// The receiving end.
    type Rx: Rx<N> + 'static;

    /// Opens the sending end at `path`. It may not wait for the other side: that one comes later.
    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Tx>;
    /// Opens the receiving end at `path`. It may not wait for the other side, either.
    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Rx>;
}

/// A peer between the threads of one process.
pub trait ThreadPeer<const N: usize>: Named {
    /// The sending end.
    type Tx: Tx<N> + Send + 'static;
    /// The receiving end.
    type Rx: Rx<N> + Send + 'static;

    /// So many senders and receivers of the same messages; a peer that knows only one of each is asked for one of each.
    fn ends(&self, shape: Shape, senders: usize, receivers: usize) -> Result<(Vec<Self::Tx>, Vec<Self::Rx>)>;
}

/// How an end waits, where a peer leaves the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// It sleeps in the kernel.
    Asleep,
    /// It asks again and again.
    Spinning,
}

impl Waiting {
    /// The id of a peer that waits so.
    pub fn id(self, name: &str) -> String {
        match self {
            Self::Asleep => name.to_owned(),
            Self::Spinning => format!("{name}-spinning"),
        }
    }

    /// Its label.
    pub fn label(self, name: &str) -> String {
        match self {
            Self::Asleep => name.to_owned(),
            Self::Spinning => format!("{name}, busy polling"),
        }
    }
}

/// What an end works with, which the side that comes first has only when the other one has come: at its first use.
pub struct Late<E> {
    here: Option<E>,
    wait: Option<Box<dyn FnOnce() -> Result<E>>>,
}

impl<E> Late<E> {
    /// It is there already.
    pub fn here(end: E) -> Self {
        Self { here: Some(end), wait: None }
    }

    /// `wait` waits for it.
    pub fn awaited(wait: impl FnOnce() -> Result<E> + 'static) -> Self {
        Self { here: None, wait: Some(Box::new(wait)) }
    }

    /// Makes something else of it when it is there.
    pub fn map<F>(self, make: impl FnOnce(E) -> F + 'static) -> Late<F>
    where
        E: 'static,
    {
        match (self.here, self.wait) {
            (Some(end), _) => Late::here(make(end)),
            (None, wait) => Late {
                here: None,
                wait: wait.map(|wait| -> Box<dyn FnOnce() -> Result<F>> { Box::new(|| wait().map(make)) }),
            },
        }
    }

    /// What it is; waits for it the first time.
    #[inline]
    pub fn get(&mut self) -> Result<&mut E> {
        if let Some(wait) = self.wait.take() {
            self.here = Some(wait().context("waiting for the other side")?);
        }
        self.here.as_mut().context("the other side did not come")
    }
}

/// A buffer for messages of `N` bytes, on the heap: `N` may be millions.
pub fn buffer<const N: usize>() -> Box<[u8; N]> {
    vec![0; N].into_boxed_slice().try_into().expect("as many bytes as were asked for")
}

/// A message that has to have `N` bytes.
#[inline]
pub fn whole<const N: usize>(message: &[u8]) -> Result<&[u8; N]> {
    message.try_into().ok().context("a message of another length than was sent")
}
