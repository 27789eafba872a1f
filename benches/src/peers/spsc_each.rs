//! What one does without `mpsc`: an `spsc` channel for each sender, and a receiver that asks them in turn. And without `broadcast`: a channel
//! for each receiver, and a sender that sends each message through all of them.
//!
//! Copies in and out. A sender that finds a channel full sleeps, and so does the receiver of an empty one. Only a receiver of several channels does
//! not, as it would sleep on one of them: it spins and then yields, by crossbeam's `Backoff`.

use crate::peer::{Named, Peer, Rx, Shape, Side, Tx, whole};
use anyhow::{Context, Result};
use crossbeam_utils::Backoff;
use memlane::{JoinError, TryRecvError, spsc};
use std::path::Path;

/// So many channels to one receiver.
#[derive(Debug, Clone, Copy)]
pub struct SpscEach(pub usize);

/// As many channels as there are.
fn channels(count: usize, path: &Path, side: Side, shape: Shape) -> impl Iterator<Item = Result<spsc::Channel>> {
    let options = spsc::Options::new().capacity(shape.room);
    let path = path.display().to_string();
    (0..count).map(move |lane| {
        let name = format!("{path}-{lane}");
        Ok(match side {
            Side::Creates => options.create(&name)?,
            Side::Opens => options.open(&name)?,
        })
    })
}

impl Named for SpscEach {
    fn id(&self) -> String {
        "memlane-spsc-each".to_owned()
    }

    fn label(&self) -> String {
        "memlane spsc, a channel each, asked in turn".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

impl<const N: usize> Peer<N> for SpscEach {
    type Tx = Sending;
    type Rx = Receiving;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Sending> {
        for channel in channels(self.0, path, side, shape) {
            match channel?.sender() {
                Err(JoinError::RoleTaken { .. }) => {}
                joined => return Ok(Sending { tx: joined? }),
            }
        }
        None.context("more senders than channels")
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Receiving> {
        let lanes =
            channels(self.0, path, side, shape).map(|channel| Ok(channel?.receiver()?)).collect::<Result<_>>()?;
        Ok(Receiving { lanes, turn: 0 })
    }
}

pub struct Sending {
    tx: spsc::Sender,
}

impl<const N: usize> Tx<N> for Sending {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        let mut message = [0; N];
        write(&mut message);
        self.tx.send(&message)?;
        Ok(())
    }
}

pub struct Receiving {
    lanes: Vec<spsc::Receiver>,
    /// The lane that is asked first.
    turn: usize,
}

impl<const N: usize> Rx<N> for Receiving {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let mut message = [0; N];
        let backoff = Backoff::new();
        loop {
            for _ in 0..self.lanes.len() {
                match self.lanes[self.turn].try_recv_into(&mut message) {
                    Ok(length) => return Ok(read(whole(&message[..length])?)),
                    Err(TryRecvError::Empty) => self.turn = (self.turn + 1) % self.lanes.len(),
                    Err(error) => return Err(error.into()),
                }
            }
            backoff.snooze();
        }
    }
}

/// So many channels from one sender.
#[derive(Debug, Clone, Copy)]
pub struct SpscFan(pub usize);

impl Named for SpscFan {
    fn id(&self) -> String {
        "memlane-spsc-fan".to_owned()
    }

    fn label(&self) -> String {
        "memlane spsc, a channel each, sent to in turn".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

impl<const N: usize> Peer<N> for SpscFan {
    type Tx = SendingToAll;
    type Rx = ReceivingOne;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<SendingToAll> {
        let lanes = channels(self.0, path, side, shape).map(|channel| Ok(channel?.sender()?)).collect::<Result<_>>()?;
        Ok(SendingToAll { lanes })
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<ReceivingOne> {
        // All of them are made before one is taken: by the side that comes first.
        for channel in channels(self.0, path, side, shape).collect::<Vec<_>>() {
            match channel?.receiver() {
                Err(JoinError::RoleTaken { .. }) => {}
                joined => return Ok(ReceivingOne { rx: joined? }),
            }
        }
        None.context("more receivers than channels")
    }
}

pub struct SendingToAll {
    lanes: Vec<spsc::Sender>,
}

impl<const N: usize> Tx<N> for SendingToAll {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        let mut message = [0; N];
        write(&mut message);
        Ok(self.lanes.iter_mut().try_for_each(|tx| tx.send(&message))?)
    }
}

pub struct ReceivingOne {
    rx: spsc::Receiver,
}

impl<const N: usize> Rx<N> for ReceivingOne {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let mut message = [0; N];
        let length = self.rx.recv_into(&mut message)?;
        Ok(read(whole(&message[..length])?))
    }
}
