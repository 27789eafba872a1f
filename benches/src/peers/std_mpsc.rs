//! The standard library's bounded channel of many senders and one receiver, between threads: an array of cells with a stamp each,
//! and ends that sleep after some spinning and yielding.
//!
//! Copies in and out, by value. When a thread drops its end, the other one's next call is an error.

use crate::peer::{Named, Rx, Shape, ThreadPeer, Tx};
use anyhow::{Context, Result, ensure};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Messages one by one, of which there are no batches.
#[derive(Debug, Clone, Copy)]
pub struct StdMpsc;

impl Named for StdMpsc {
    fn id(&self) -> String {
        "std-mpsc".to_owned()
    }

    fn label(&self) -> String {
        "std::sync::mpsc".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

impl<const N: usize> ThreadPeer<N> for StdMpsc {
    type Tx = Sending<N>;
    type Rx = Receiving<N>;

    fn ends(&self, shape: Shape, senders: usize, receivers: usize) -> Result<(Vec<Sending<N>>, Vec<Receiving<N>>)> {
        ensure!(receivers == 1, "it has one receiver");
        let (tx, rx) = sync_channel(shape.room / N);
        Ok((vec![Sending { tx }; senders], vec![Receiving { rx }]))
    }
}

#[derive(Debug, Clone)]
pub struct Sending<const N: usize> {
    tx: SyncSender<[u8; N]>,
}

impl<const N: usize> Tx<N> for Sending<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        let mut message = [0; N];
        write(&mut message);
        self.tx.send(message).ok().context("the receiver has gone")
    }
}

#[derive(Debug)]
pub struct Receiving<const N: usize> {
    rx: Receiver<[u8; N]>,
}

impl<const N: usize> Rx<N> for Receiving<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        Ok(read(&self.rx.recv()?))
    }
}
