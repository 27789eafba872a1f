//! Messages from many to many others: anybody gets any of them, or everybody all.

use super::one_way;
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
                Some(sender) => Box::new(Sends::new(crew, peer.tx(path, side, shape)?, sender, shape)),
                None => Box::new(Receives::new(crew, peer.rx(path, side, shape)?, shape)),
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
            let receivers = receivers.into_iter().map(|rx| -> ThreadEnd { Box::new(Receives::new(crew, rx, shape)) });
            let senders = senders.into_iter().enumerate();
            let senders = senders.map(|(sender, tx)| -> ThreadEnd { Box::new(Sends::new(crew, tx, sender, shape)) });
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
    let (Shape { room, batch }, Crew { senders, receivers, to_all }) = (shape, crew);
    let way = if to_all { "fan" } else { "many" };
    Contest {
        id: format!("{way}-{N}-{room}-{senders}-{receivers}-{batch}-{id}"),
        label: format!("{label}, {}", pace(shape)),
        open,
        may_sleep,
        target,
    }
}

/// The end of one that sends.
enum Sends<const N: usize, T> {
    /// To whom it may concern: what was sent and what was received are summed up.
    ToAny(Sending<N, T>),
    /// To all, who know what comes.
    ToAll(one_way::Sending<N, T>),
}

impl<const N: usize, T: Tx<N>> Sends<N, T> {
    fn new(crew: Crew, tx: T, sender: usize, shape: Shape) -> Self {
        if crew.to_all {
            Self::ToAll(one_way::Sending::new(tx, shape))
        } else {
            Self::ToAny(Sending::new(tx, sender, shape))
        }
    }
}

impl<const N: usize, T: Tx<N>> End for Sends<N, T> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        match self {
            Self::ToAny(sending) => sending.run(operations, watch),
            Self::ToAll(sending) => sending.run(operations, watch),
        }
    }
}

/// The end of one that receives.
enum Receives<const N: usize, R> {
    /// Some of what is sent.
    Some(Receiving<N, R>),
    /// All of it.
    All(one_way::Receiving<N, R>),
}

impl<const N: usize, R: Rx<N>> Receives<N, R> {
    fn new(crew: Crew, rx: R, shape: Shape) -> Self {
        if crew.to_all { Self::All(one_way::Receiving::new(rx, shape)) } else { Self::Some(Receiving::new(rx, shape)) }
    }
}

impl<const N: usize, R: Rx<N>> End for Receives<N, R> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        match self {
            Self::Some(receiving) => receiving.run(operations, watch),
            Self::All(receiving) => receiving.run(operations, watch),
        }
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
