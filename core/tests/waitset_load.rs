//! A set over a hundred channels of mixed kinds, under random load from several threads: every message comes, in order, and nobody starves.
//!
//! How many messages there are, `MEMLANE_WAITSET_MESSAGES` says. With `--nocapture`, it prints the longest wait of the members of each
//! kind: from just before a message is sent until the set's thread has it.

mod support;

use memlane::any::{self, Receiver, Sender};
use memlane::{Kind, TryRecvError, WaitSet, Waitable, watch};
use std::time::{Duration, Instant};
use support::random::Random;
use support::{PATIENCE, Watchdog};

const CHANNELS: usize = 100;
const SENDERS: usize = 4;
/// As many messages one member hands out before it is the next one's turn.
const VISIT: usize = 16;

/// Sends messages, or sets values.
enum Sink {
    Messages(Box<Sender>),
    Values(Box<watch::Sender>),
}

/// Receives what it sends.
enum Source {
    Messages(Box<Receiver>),
    Values(Box<watch::Receiver>),
}

/// A member, and what came to it.
struct Member {
    kind: Kind,
    source: Source,
    /// The number of the next message; of a watch, the least that it can be.
    next: u64,
    longest: Duration,
    /// Waits of more than half a slice: a wake-up that was lost would be one.
    long: u32,
    ended: bool,
}

/// A number, and when it was sent, in nanoseconds since the test began.
fn encode(number: u64, began: Instant) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8..].copy_from_slice(&(began.elapsed().as_nanos() as u64).to_le_bytes());
    bytes
}

impl Sink {
    fn send(&mut self, message: &[u8; 16]) {
        match self {
            Self::Messages(tx) => tx.send(message).unwrap(),
            Self::Values(tx) => assert!(tx.set(message).is_ok()),
        }
    }
}

impl Member {
    fn waitable(&mut self) -> &mut dyn Waitable {
        match &mut self.source {
            Source::Messages(rx) => &mut **rx,
            Source::Values(rx) => &mut **rx,
        }
    }

    /// The next message, if one is there.
    fn receive(&mut self) -> Option<[u8; 16]> {
        let mut bytes = [0; 16];
        match &mut self.source {
            Source::Messages(rx) => match rx.try_recv_into(&mut bytes) {
                Ok(_) => return Some(bytes),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => self.ended = true,
                Err(error) => panic!("{:?}: {error}", self.kind),
            },
            Source::Values(rx) if rx.has_changed() => {
                rx.get_into(&mut bytes).unwrap();
                return Some(bytes);
            }
            Source::Values(_) => {}
        }
        None
    }

    /// Takes what is there, for as long as a visit lasts. How much that was.
    fn visit(&mut self, began: Instant) -> usize {
        for count in 0..VISIT {
            let Some(bytes) = self.receive() else {
                // A watch that is ready and has no value that was not seen is at its end.
                self.ended |= count == 0 && matches!(self.source, Source::Values(_));
                return count;
            };
            let [number, sent] = [0, 8].map(|at| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()));
            let may_skip = matches!(self.source, Source::Values(_));
            assert!(
                number == self.next || may_skip && number > self.next,
                "{:?}: {number}, not {}",
                self.kind,
                self.next
            );
            self.next = number + 1;
            let waited = began.elapsed().saturating_sub(Duration::from_nanos(sent));
            self.longest = self.longest.max(waited);
            self.long += u32::from(waited > Duration::from_millis(50));
        }
        VISIT
    }
}

fn channels() -> (Vec<Sink>, Vec<Member>) {
    let kinds = || any::KINDS.iter().copied().map(Some).chain([None]).cycle().take(CHANNELS);
    let ends = kinds().map(|kind| match kind {
        Some(kind) => {
            let channel = any::Options::new(kind).private().unwrap();
            let source = Source::Messages(Box::new(channel.receiver().unwrap()));
            (Sink::Messages(Box::new(channel.sender().unwrap())), source, kind)
        }
        None => {
            let channel = watch::Options::new().private().unwrap();
            let source = Source::Values(Box::new(channel.receiver().unwrap()));
            (Sink::Values(Box::new(channel.sender().unwrap())), source, Kind::Watch)
        }
    });
    let member = |kind, source| Member { kind, source, next: 0, longest: Duration::ZERO, long: 0, ended: false };
    ends.map(|(sink, source, kind)| (sink, member(kind, source))).unzip()
}

/// Sends so many messages to its channels: bursts, with pauses in which the set goes to sleep.
fn load(sinks: Vec<Sink>, messages: u64, seed: u64, began: Instant) -> Vec<u64> {
    let (mut sinks, mut random) = (sinks, Random(seed));
    let (mut sent, mut left) = (vec![0; sinks.len()], messages);
    while left > 0 {
        let at = random.below(sinks.len());
        for _ in 0..(1 + random.below(32) as u64).min(left) {
            sinks[at].send(&encode(sent[at], began));
            sent[at] += 1;
            left -= 1;
        }
        match random.below(16) {
            0 => std::thread::park_timeout(Duration::from_micros(random.below(300) as u64)),
            1..8 => std::thread::yield_now(),
            _ => {}
        }
    }
    sent
}

#[test]
fn every_message_comes_and_no_member_starves() {
    let _watchdog = Watchdog::new();
    let messages: u64 = std::env::var("MEMLANE_WAITSET_MESSAGES").map_or(100_000, |text| text.parse().unwrap());
    let (mut sinks, mut members) = channels();
    let began = Instant::now();
    let share = CHANNELS / SENDERS;
    let (mut set, mut calls, mut sent) = (WaitSet::new(), 0u64, Vec::new());
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS as u64)
            .map(|sender| {
                let own = sinks.split_off(sinks.len() - share);
                scope.spawn(move || load(own, messages / SENDERS as u64, 4711 + sender, began))
            })
            .collect();
        while members.iter().any(|member| !member.ended) {
            let mut left: Vec<_> = members.iter_mut().filter(|member| !member.ended).collect();
            let mut waited: Vec<_> = left.iter_mut().map(|member| member.waitable()).collect();
            let ready = set.wait_timeout(&mut waited, PATIENCE).unwrap();
            for &at in ready {
                left[at].visit(began);
            }
            calls += 1;
        }
        // The last sender has the first channels.
        sent = senders.into_iter().rev().flat_map(|sender| sender.join().unwrap()).collect();
    });
    for (member, &sent) in members.iter().zip(&sent) {
        assert_eq!(member.next, sent, "{:?}", member.kind);
    }
    println!("{messages} messages over {CHANNELS} channels in {:?}, {calls} waits", began.elapsed());
    for kind in any::KINDS.iter().copied().chain([Kind::Watch]) {
        let of_kind = || members.iter().filter(|member| member.kind == kind);
        let (mut waits, long): (Vec<_>, u32) =
            (of_kind().map(|member| member.longest).collect(), of_kind().map(|member| member.long).sum());
        waits.sort_unstable();
        println!("{kind:?}: longest wait of each of {}, sorted: {waits:?}; waits above 50 ms: {long}", waits.len());
    }
}
