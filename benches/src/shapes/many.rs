//! Messages from many to many others: anybody gets any of them.

use super::pace::pace;
use crate::contest::{Contest, Crew, End, Open, Target, ThreadEnd, Watch};
use crate::payload::{self, Numbers};
use crate::peer::{Peer, Rx, Shape, Side, ThreadPeer, Tx};
use anyhow::Result;

/// Between processes; the first seat's, a receiver's, creates what is shared.
pub fn many<const N: usize, P: Peer<N>>(peer: P, shape: Shape, crew: Crew, target: Option<Target>) -> Contest {
    let (id, label, may_sleep) = (peer.id(), peer.label(), peer.may_sleep());
    let open = Open::CrewOfProcesses(
        crew,
        Box::new(move |path, seat| {
            let side = if seat == 0 { Side::Creates } else { Side::Opens };
            Ok(match crew.sender(seat) {
                Some(sender) => Box::new(Sending::new(peer.tx(path, side, shape)?, sender, shape)),
                None => Box::new(Receiving::new(peer.rx(path, side, shape)?, shape)),
            })
        }),
    );
    contest::<N>(id, label, may_sleep, shape, crew, open, target)
}

/// Between threads.
pub fn many_threads<const N: usize, P: ThreadPeer<N>>(
    peer: P,
    shape: Shape,
    crew: Crew,
    target: Option<Target>,
) -> Contest {
    let (id, label, may_sleep) = (format!("{}-threads", peer.id()), peer.label(), peer.may_sleep());
    let open = Open::CrewOfThreads(
        crew,
        Box::new(move || {
            let (senders, receivers) = peer.ends(shape, crew.senders, crew.receivers)?;
            let receivers = receivers.into_iter().map(|rx| -> ThreadEnd { Box::new(Receiving::new(rx, shape)) });
            let senders = senders.into_iter().enumerate();
            let senders = senders.map(|(sender, tx)| -> ThreadEnd { Box::new(Sending::new(tx, sender, shape)) });
            Ok(receivers.chain(senders).collect())
        }),
    );
    contest::<N>(id, label, may_sleep, shape, crew, open, target)
}

fn contest<const N: usize>(
    id: String,
    label: String,
    may_sleep: bool,
    shape: Shape,
    crew: Crew,
    open: Open,
    target: Option<Target>,
) -> Contest {
    let (Shape { room, batch }, Crew { senders, receivers, .. }) = (shape, crew);
    Contest {
        id: format!("many-{N}-{room}-{senders}-{receivers}-{batch}-{id}"),
        label: format!("{label}, {}", pace(shape)),
        open,
        may_sleep,
        target,
    }
}

struct Sending<const N: usize, T> {
    tx: T,
    numbers: Numbers,
    batch: usize,
}

impl<const N: usize, T: Tx<N>> Sending<N, T> {
    fn new(tx: T, sender: usize, shape: Shape) -> Self {
        Self { tx, numbers: Numbers::of(sender), batch: shape.batch }
    }
}

impl<const N: usize, T: Tx<N>> End for Sending<N, T> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut left = operations as usize;
        while left > 0 {
            let size = self.batch.min(left);
            let numbers = &mut self.numbers;
            if size == 1 {
                self.tx.send(|message| payload::write(message, numbers.send(watch)))?;
            } else {
                self.tx.send_batch(size, |message| payload::write(message, numbers.send(watch)))?;
            }
            left -= size;
        }
        Ok(())
    }
}

struct Receiving<const N: usize, R> {
    rx: R,
    batch: usize,
}

impl<const N: usize, R: Rx<N>> Receiving<N, R> {
    fn new(rx: R, shape: Shape) -> Self {
        Self { rx, batch: shape.batch }
    }
}

impl<const N: usize, R: Rx<N>> End for Receiving<N, R> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut left = operations as usize;
        while left > 0 {
            let size = self.batch.min(left);
            if size == 1 {
                self.rx.recv(|message| payload::receive(message, watch))?;
                left -= 1;
            } else {
                left -= self.rx.recv_batch(size, |message| payload::receive(message, watch))?;
            }
        }
        Ok(())
    }
}
