//! Messages that keep to a timetable, whatever becomes of the ones before: an open loop.
//!
//! Each message carries the time at which it was due, and its latency counts from then. A sender that is late, because the
//! last message had to wait or because it was kept from running, sends at once and leaves no message out. So a stall shows
//! in every message that it delayed, not only in the one that met it (no *coordinated omission*).

use crate::clock::now_ns;
use crate::contest::{Contest, End, Open, Pair, Target, Watch};
use crate::peer::{Peer, Rx, Shape, Side, ThreadPeer, Tx};
use anyhow::{Context, Result};
use std::time::Duration;

/// Bytes that may be under way: what a stall of some milliseconds piles up at a million messages a second.
const SHAPE: Shape = Shape { room: 1 << 20, batch: 1 };

/// When messages are due.
#[derive(Debug, Clone, Copy)]
pub struct Timetable {
    every_ns: u64,
    next_ns: u64,
}

impl Timetable {
    /// A message `every` so long. It has to be started.
    pub fn new(every: Duration) -> Self {
        Self { every_ns: every.as_nanos() as u64, next_ns: 0 }
    }

    /// The first message is due an interval from now.
    pub fn start(&mut self, now_ns: u64) {
        self.next_ns = now_ns + self.every_ns;
    }

    /// When the next message is due; how late it is now makes no difference.
    pub fn next_due_ns(&mut self) -> u64 {
        let due_ns = self.next_ns;
        self.next_ns += self.every_ns;
        due_ns
    }

    /// Spins until the next message is due, or not at all if that is past. When it was due.
    #[inline]
    pub fn wait(&mut self) -> u64 {
        let due_ns = self.next_due_ns();
        while now_ns() < due_ns {
            std::hint::spin_loop();
        }
        due_ns
    }
}

/// A message: its number and when it was due.
type Message = [u8; 16];

fn write(message: &mut Message, number: u64, due_ns: u64) {
    message[..8].copy_from_slice(&number.to_le_bytes());
    message[8..].copy_from_slice(&due_ns.to_le_bytes());
}

fn read(message: &Message) -> (u64, u64) {
    let [number, due_ns] = message.as_chunks().0 else { unreachable!("16 bytes are two words") };
    (u64::from_le_bytes(*number), u64::from_le_bytes(*due_ns))
}

/// Between two processes.
pub fn paced<P: Peer<16>>(peer: P, every: Duration, target: Option<Target>) -> Contest {
    let other = peer.clone();
    let open = Open::Processes {
        lead: Box::new(move |path| Ok(Box::new(receiving(other.rx(path, Side::Creates, SHAPE)?)))),
        partner: Box::new({
            let peer = peer.clone();
            move |path| Ok(Box::new(sending(peer.tx(path, Side::Opens, SHAPE)?, every)))
        }),
    };
    contest(peer.id(), peer.label(), peer.may_sleep(), every, open, target)
}

/// Between two threads.
pub fn paced_threads<P: ThreadPeer<16>>(peer: P, every: Duration, target: Option<Target>) -> Contest {
    let (id, label, may_sleep) = (format!("{}-threads", peer.id()), peer.label(), peer.may_sleep());
    let open = Open::Threads(Box::new(move || {
        let (mut senders, mut receivers) = peer.ends(SHAPE, 1, 1)?;
        let (tx, rx) = senders.pop().zip(receivers.pop()).context("no ends")?;
        let pair: Pair = (Box::new(receiving(rx)), Box::new(sending(tx, every)));
        Ok(pair)
    }));
    contest(id, label, may_sleep, every, open, target)
}

fn contest(id: String, label: String, may_sleep: bool, every: Duration, open: Open, target: Option<Target>) -> Contest {
    Contest { id: format!("paced-{}-{id}", every.as_nanos()), label, open, may_sleep, target }
}

fn sending<T: Tx<16>>(tx: T, every: Duration) -> Sending<T> {
    Sending { tx, number: 0, timetable: Timetable::new(every) }
}

fn receiving<R: Rx<16>>(rx: R) -> Receiving<R> {
    Receiving { rx, number: 0 }
}

struct Sending<T> {
    tx: T,
    number: u64,
    timetable: Timetable,
}

impl<T: Tx<16>> End for Sending<T> {
    fn begin(&mut self) {
        self.timetable.start(now_ns());
    }

    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            self.number += 1;
            let number = self.number;
            let due_ns = self.timetable.wait();
            self.tx.send(|message| write(message, number, due_ns))?;
        }
        Ok(())
    }
}

struct Receiving<R> {
    rx: R,
    number: u64,
}

impl<R: Rx<16>> End for Receiving<R> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            self.number += 1;
            let (number, due_ns) = self.rx.recv(read)?;
            watch.check(number == self.number);
            watch.arrived(due_ns);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_message_is_due_when_it_is_however_late_the_last_one_was() {
        let mut timetable = Timetable::new(Duration::from_micros(10));
        timetable.start(1_000_000);
        assert_eq!([(); 3].map(|()| timetable.next_due_ns()), [1_010_000, 1_020_000, 1_030_000]);
        timetable.start(9_000_000);
        assert_eq!(timetable.next_due_ns(), 9_010_000, "a new round");
    }

    #[test]
    fn nobody_sends_before_the_time() {
        let mut timetable = Timetable::new(Duration::from_millis(2));
        let start = now_ns();
        timetable.start(start);
        let due = timetable.wait();
        assert_eq!(due, start + 2_000_000);
        assert!(now_ns() >= due);
    }

    /// A queue that keeps its sender waiting before one message.
    #[derive(Clone, Default)]
    struct Stalling {
        messages: Arc<Mutex<VecDeque<Message>>>,
        stall_at: u64,
        sent: u64,
    }

    const STALL: Duration = Duration::from_millis(20);

    impl Tx<16> for Stalling {
        fn send(&mut self, write: impl FnOnce(&mut Message)) -> Result<()> {
            self.sent += 1;
            if self.sent == self.stall_at {
                std::thread::sleep(STALL);
            }
            let mut message = [0; 16];
            write(&mut message);
            self.messages.lock().unwrap().push_back(message);
            Ok(())
        }
    }

    impl Rx<16> for Stalling {
        fn recv<R>(&mut self, read: impl FnOnce(&Message) -> R) -> Result<R> {
            loop {
                if let Some(message) = self.messages.lock().unwrap().pop_front() {
                    return Ok(read(&message));
                }
            }
        }
    }

    #[test]
    fn a_stall_counts_for_every_message_that_it_delayed() {
        let queue = Stalling { stall_at: 5, ..Stalling::default() };
        let (mut tx, mut rx) = (sending(queue.clone(), Duration::from_millis(1)), receiving(queue));
        let sender = std::thread::spawn(move || {
            tx.begin();
            tx.run(15, &mut Watch::default())
        });
        let mut watch = Watch::default();
        rx.run(15, &mut watch).unwrap();
        sender.join().unwrap().unwrap();
        assert_eq!((watch.wrong, watch.latencies_ns.len()), (0, 15));
        // The one that stalled is 20 ms late, the next one 19, and so on to the last, ten later.
        let stalled = &watch.latencies_ns[4..];
        for (after, &latency) in stalled.iter().enumerate() {
            assert!(latency >= STALL.as_nanos() as u64 - 1_000_000 * after as u64, "{after}: {latency}");
        }
    }
}
