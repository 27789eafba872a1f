//! Messages from one to several others, each of whom gets all of them.

use super::one_way::{Receiving, Sending};
use super::pace::pace;
use crate::contest::{Contest, Crew, Open, Target, ThreadEnd};
use crate::peer::{Peer, Shape, Side, ThreadPeer};

/// Between processes; the first seat's, a receiver's, creates what is shared.
pub fn fan<const N: usize, P: Peer<N>>(peer: P, shape: Shape, receivers: usize, target: Option<Target>) -> Contest {
    let crew = Crew::fan(receivers);
    let (id, label, may_sleep) = (peer.id(), peer.label(), peer.may_sleep());
    let open = Open::CrewOfProcesses(
        crew,
        Box::new(move |path, seat| {
            let side = if seat == 0 { Side::Creates } else { Side::Opens };
            Ok(match crew.sender(seat) {
                Some(_) => Box::new(Sending::new(peer.tx(path, side, shape)?, shape)),
                None => Box::new(Receiving::new(peer.rx(path, side, shape)?, shape)),
            })
        }),
    );
    contest::<N>(id, label, may_sleep, shape, crew, open, target)
}

/// Between threads.
pub fn fan_threads<const N: usize, P: ThreadPeer<N>>(
    peer: P,
    shape: Shape,
    receivers: usize,
    target: Option<Target>,
) -> Contest {
    let crew = Crew::fan(receivers);
    let (id, label, may_sleep) = (format!("{}-threads", peer.id()), peer.label(), peer.may_sleep());
    let open = Open::CrewOfThreads(
        crew,
        Box::new(move || {
            let (senders, receivers) = peer.ends(shape, crew.senders, crew.receivers)?;
            let receivers = receivers.into_iter().map(|rx| -> ThreadEnd { Box::new(Receiving::new(rx, shape)) });
            let senders = senders.into_iter().map(|tx| -> ThreadEnd { Box::new(Sending::new(tx, shape)) });
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
    let Shape { room, batch } = shape;
    Contest {
        id: format!("fan-{N}-{room}-{}-{batch}-{id}", crew.receivers),
        label: format!("{label}, {}", pace(shape)),
        open,
        may_sleep,
        target,
    }
}
