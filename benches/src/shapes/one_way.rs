//! Messages from one to one other, as fast as they go.

use super::pace::pace;
use crate::contest::{Contest, End, Open, Pair, Target, Watch};
use crate::payload;
use crate::peer::{Peer, Rx, Shape, Side, ThreadPeer, Tx};
use anyhow::{Context, Result};

/// Between two processes.
pub fn one_way<const N: usize, P: Peer<N>>(peer: P, shape: Shape, target: Option<Target>) -> Contest {
    let other = peer.clone();
    let open = Open::Processes {
        lead: Box::new(move |path| Ok(Box::new(Receiving::new(other.rx(path, Side::Creates, shape)?, shape)))),
        partner: Box::new({
            let peer = peer.clone();
            move |path| Ok(Box::new(Sending::new(peer.tx(path, Side::Opens, shape)?, shape)))
        }),
    };
    contest::<N>(peer.id(), peer.label(), peer.may_sleep(), shape, open, target)
}

/// Between two threads.
pub fn one_way_threads<const N: usize, P: ThreadPeer<N>>(peer: P, shape: Shape, target: Option<Target>) -> Contest {
    let (id, label, may_sleep) = (format!("{}-threads", peer.id()), peer.label(), peer.may_sleep());
    let open = Open::Threads(Box::new(move || {
        let (mut senders, mut receivers) = peer.ends(shape, 1, 1)?;
        let (tx, rx) = senders.pop().zip(receivers.pop()).context("no ends")?;
        let pair: Pair = (Box::new(Receiving::new(rx, shape)), Box::new(Sending::new(tx, shape)));
        Ok(pair)
    }));
    contest::<N>(id, label, may_sleep, shape, open, target)
}

fn contest<const N: usize>(
    id: String,
    label: String,
    may_sleep: bool,
    shape: Shape,
    open: Open,
    target: Option<Target>,
) -> Contest {
    let Shape { room, batch } = shape;
    Contest {
        id: format!("way-{N}-{room}-{batch}-{id}"),
        label: format!("{label}, {}", pace(shape)),
        open,
        may_sleep,
        target,
    }
}

pub(super) struct Sending<const N: usize, T> {
    tx: T,
    number: u64,
    batch: usize,
}

impl<const N: usize, T: Tx<N>> Sending<N, T> {
    pub(super) fn new(tx: T, shape: Shape) -> Self {
        Self { tx, number: 0, batch: shape.batch }
    }

    // The number in a register: what is measured is the peer, not this loop's own stores.
    fn one_by_one(&mut self, operations: u64) -> Result<()> {
        let last = self.number + operations;
        for number in self.number + 1..=last {
            self.tx.send(|message| payload::write(message, number))?;
        }
        self.number = last;
        Ok(())
    }

    // Apart: a peer may keep a message on its stack, and the other way has longer ones.
    #[inline(never)]
    fn in_batches(&mut self, operations: u64) -> Result<()> {
        let mut left = operations as usize;
        while left > 0 {
            let size = self.batch.min(left);
            let number = &mut self.number;
            self.tx.send_batch(size, |message| {
                *number += 1;
                payload::write(message, *number);
            })?;
            left -= size;
        }
        Ok(())
    }
}

impl<const N: usize, T: Tx<N>> End for Sending<N, T> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        if self.batch == 1 { self.one_by_one(operations) } else { self.in_batches(operations) }
    }
}

pub(super) struct Receiving<const N: usize, R> {
    rx: R,
    number: u64,
    batch: usize,
}

impl<const N: usize, R: Rx<N>> Receiving<N, R> {
    pub(super) fn new(rx: R, shape: Shape) -> Self {
        Self { rx, number: 0, batch: shape.batch }
    }

    fn one_by_one(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let last = self.number + operations;
        let mut wrong = 0;
        for number in self.number + 1..=last {
            wrong += u64::from(!self.rx.recv(|message| payload::is(message, number))?);
        }
        self.number = last;
        watch.wrong += wrong;
        Ok(())
    }

    #[inline(never)]
    fn in_batches(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut left = operations as usize;
        while left > 0 {
            let number = &mut self.number;
            left -= self.rx.recv_batch(self.batch.min(left), |message| {
                *number += 1;
                watch.check(payload::is(message, *number));
            })?;
        }
        Ok(())
    }
}

impl<const N: usize, R: Rx<N>> End for Receiving<N, R> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        if self.batch == 1 { self.one_by_one(operations, watch) } else { self.in_batches(operations, watch) }
    }
}
