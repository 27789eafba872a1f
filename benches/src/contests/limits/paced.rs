//! What a message that keeps to a timetable takes at least.

use super::{between_processes, futex_tell, futex_wait};
use crate::arena::Arena;
use crate::contest::{Contest, End, Watch};
use crate::shapes::Timetable;
use anyhow::Result;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

/// Messages that may be under way.
const SLOTS: u64 = 1 << 14;
/// Where they stand in the arena, a line each; in front of them what the ends tell each other.
const SLOTS_AT: usize = 4096;
const BYTES: usize = SLOTS_AT + SLOTS as usize * 64;

/// One end of a ring of lines, each of a number and the time when it was due.
struct Lines {
    arena: Arena,
    number: u64,
    timetable: Timetable,
    /// Messages that the receiver has read, as far as the sender knows.
    read: u64,
    receives: bool,
    wake: bool,
}

impl Lines {
    fn line(&self) -> usize {
        SLOTS_AT + (self.number % SLOTS) as usize * 64
    }

    fn send(&mut self) -> Result<()> {
        let due_ns = self.timetable.wait();
        while self.number - self.read > SLOTS {
            self.read = self.arena.word(0).load(Acquire);
        }
        self.arena.word(self.line() + 8).store(due_ns, Relaxed);
        self.arena.word(self.line()).store(self.number, Release);
        if self.wake { futex_tell(self.arena.half_word(128), self.number as u32) } else { Ok(()) }
    }

    /// When the message was due.
    fn receive(&mut self) -> Result<u64> {
        if self.wake {
            futex_wait(self.arena.half_word(128), self.number as u32)?;
        }
        while self.arena.word(self.line()).load(Acquire) != self.number {}
        let due_ns = self.arena.word(self.line() + 8).load(Relaxed);
        if self.number.is_multiple_of(SLOTS / 8) {
            self.arena.word(0).store(self.number, Release);
        }
        Ok(due_ns)
    }
}

impl End for Lines {
    fn begin(&mut self) {
        self.timetable.start(crate::clock::now_ns());
    }

    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            self.number += 1;
            if self.receives {
                let due_ns = self.receive()?;
                watch.arrived(due_ns);
            } else {
                self.send()?;
            }
        }
        Ok(())
    }
}

/// A line a message, and a receiver that spins on the next one.
pub fn line(every: Duration) -> Contest {
    contest("line", "limit: a line a message", every, false)
}

/// A line a message, and a receiver that sleeps in the kernel until it is woken.
pub fn futex(every: Duration) -> Contest {
    contest("futex", "limit: a line and a raw futex wake", every, true)
}

fn contest(id: &str, label: &str, every: Duration, wake: bool) -> Contest {
    let end = move |arena, receives| -> Box<dyn End> {
        Box::new(Lines { arena, number: 0, timetable: Timetable::new(every), read: 0, receives, wake })
    };
    between_processes(&format!("paced-{}-{id}", every.as_nanos()), label, BYTES, wake, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_in_order_over_many_laps_and_after_they_were_due() {
        for wake in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("lines");
            let timetable = Timetable::new(Duration::from_nanos(1));
            let [sending, receiving] = [false, true].map(|receives| {
                let arena = if receives { Arena::open(&path) } else { Arena::create(&path, BYTES) }.unwrap();
                Lines { arena, number: 0, timetable, read: 0, receives, wake }
            });
            let operations = 3 * SLOTS;
            let sender = std::thread::spawn(move || {
                let mut sending = sending;
                sending.begin();
                sending.run(operations, &mut Watch::default()).unwrap();
            });
            let mut receiving = receiving;
            let mut last = 0;
            for _ in 0..operations {
                receiving.number += 1;
                let due_ns = receiving.receive().unwrap();
                assert!(due_ns > last && due_ns <= crate::clock::now_ns());
                last = due_ns;
            }
            sender.join().unwrap();
        }
    }
}
