//! tokio's broadcast channel between threads, used without a runtime.
//!
//! It loses what a receiver lags behind. Here nothing may be lost, so each receiver counts what it got, and the sender yields while the
//! slowest one is a whole channel behind: that costs a store and a look once in many messages.
//!
//! Copies in and out, by value. An empty channel puts a thread to sleep. When the last receiver goes, sending is an error.

use crate::peer::{Named, Rx, Shape, ThreadPeer, Tx};
use anyhow::{Context, Result};
use crossbeam_utils::CachePadded;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// A receiver says after so many messages how many it got.
const TOLD_AFTER: u64 = 64;

/// Messages one by one, of which there are no batches.
#[derive(Debug, Clone, Copy)]
pub struct TokioBroadcast;

impl Named for TokioBroadcast {
    fn id(&self) -> String {
        "tokio-broadcast".to_owned()
    }

    fn label(&self) -> String {
        "tokio's broadcast".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

/// How many messages each receiver got.
type Got = Arc<Vec<CachePadded<AtomicU64>>>;

impl<const N: usize> ThreadPeer<N> for TokioBroadcast {
    type Tx = Sending<N>;
    type Rx = Receiving<N>;

    fn ends(&self, shape: Shape, _: usize, receivers: usize) -> Result<(Vec<Sending<N>>, Vec<Receiving<N>>)> {
        let room = shape.room / N;
        let tx = channel(room).0;
        let got: Got = Arc::new((0..receivers).map(|_| CachePadded::default()).collect());
        let receivers =
            (0..receivers).map(|index| Receiving { rx: tx.subscribe(), got: Arc::clone(&got), index, count: 0 });
        let receivers = receivers.collect();
        Ok((vec![Sending { tx, got, room: room as u64, sent: 0, limit: 0 }], receivers))
    }
}

#[derive(Debug)]
pub struct Sending<const N: usize> {
    tx: Sender<[u8; N]>,
    got: Got,
    room: u64,
    sent: u64,
    /// So many may be sent before the receivers are looked at.
    limit: u64,
}

impl<const N: usize> Sending<N> {
    #[cold]
    fn wait(&mut self) {
        loop {
            let least = self.got.iter().map(|got| got.load(Acquire)).min().unwrap_or(self.sent);
            self.limit = least + self.room;
            if self.sent < self.limit {
                return;
            }
            std::thread::yield_now();
        }
    }
}

impl<const N: usize> Tx<N> for Sending<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        if self.sent == self.limit {
            self.wait();
        }
        let mut message = [0; N];
        write(&mut message);
        self.tx.send(message).ok().context("the receivers have gone")?;
        self.sent += 1;
        Ok(())
    }
}

#[derive(Debug)]
pub struct Receiving<const N: usize> {
    rx: Receiver<[u8; N]>,
    got: Got,
    index: usize,
    count: u64,
}

impl<const N: usize> Rx<N> for Receiving<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let message = self.rx.blocking_recv()?;
        self.count += 1;
        if self.count.is_multiple_of(TOLD_AFTER) {
            self.got[self.index].store(self.count, Release);
        }
        Ok(read(&message))
    }
}
