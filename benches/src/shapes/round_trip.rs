//! A message there, and one back.

use crate::contest::{Contest, End, Open, Target, Timing, Watch};
use crate::payload;
use crate::peer::{Peer, Rx, Shape, Side, Tx};
use anyhow::Result;
use std::path::Path;

/// Bytes that may be under way in each direction: one message is.
pub const ROOM: usize = 1 << 20;

/// A ping of `N` bytes through one path and a pong through another.
pub fn round_trip<const N: usize, P: Peer<N>>(peer: P, target: Option<Target>) -> Contest {
    contest(peer, Timing::Blocks, target)
}

/// The same, each trip timed by itself.
pub fn timed_round_trip<const N: usize, P: Peer<N>>(peer: P, target: Option<Target>) -> Contest {
    let contest = contest(peer, Timing::Each, target);
    Contest { id: format!("timed-{}", contest.id), ..contest }
}

fn contest<const N: usize, P: Peer<N>>(peer: P, timing: Timing, target: Option<Target>) -> Contest {
    let (id, label, may_sleep) = (peer.id(), peer.label(), peer.may_sleep());
    let shape = Shape { room: ROOM.max(4 * N), batch: 1 };
    let [lead, partner] = [Side::Creates, Side::Opens].map(|side| {
        let peer = peer.clone();
        move |path: &Path| -> Result<Box<dyn End>> {
            let [ping, pong] = ["ping", "pong"].map(|name| path.with_extension(name));
            let leads = side == Side::Creates;
            let (out, back) = if leads { (ping, pong) } else { (pong, ping) };
            let (tx, rx) = (peer.tx(&out, side, shape)?, peer.rx(&back, side, shape)?);
            Ok(if leads {
                Box::new(Ping::<N, _, _> { tx, rx, number: 0, timing })
            } else {
                Box::new(Pong::<N, _, _> { tx, rx })
            })
        }
    });
    Contest {
        id: format!("trip-{N}-{id}"),
        label: format!("{label}, {N} bytes"),
        open: Open::Processes { lead: Box::new(lead), partner: Box::new(partner) },
        may_sleep,
        target,
    }
}

struct Ping<const N: usize, T, R> {
    tx: T,
    rx: R,
    number: u64,
    timing: Timing,
}

impl<const N: usize, T: Tx<N>, R: Rx<N>> End for Ping<N, T, R> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        watch.trips(operations, self.timing, |watch| {
            self.number += 1;
            let number = self.number;
            self.tx.send(|message| payload::write(message, number))?;
            watch.check(self.rx.recv(|message| payload::is(message, number))?);
            Ok(())
        })
    }
}

/// Sends back what it receives.
struct Pong<const N: usize, T, R> {
    tx: T,
    rx: R,
}

impl<const N: usize, T: Tx<N>, R: Rx<N>> End for Pong<N, T, R> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            let number = self.rx.recv(payload::number)?;
            watch.check(number.is_some());
            self.tx.send(|message| payload::write(message, number.unwrap_or(0)))?;
        }
        Ok(())
    }
}
