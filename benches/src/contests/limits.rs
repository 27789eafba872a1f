//! The machine's own limits: what two cores can do at all.

mod copy;
pub mod paced;

pub use copy::copy;

use crate::arena::{APART, Arena, BareRing};
use crate::contest::{Contest, End, Open, Timing, Watch};
use crate::payload;
use anyhow::Result;
use rustix::thread::futex;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Both ends write a line of their own and spin on the other's: a message each way costs one line transfer.
pub fn two_lines(timing: Timing) -> Contest {
    ping_pong("two-line-ping-pong", "limit: two-line ping-pong", APART, timing)
}

/// Both ends write the same line in turn.
pub fn one_line() -> Contest {
    ping_pong("one-line-ping-pong", "limit: one-line ping-pong", 0, Timing::Blocks)
}

fn ping_pong(id: &str, label: &str, apart: usize, timing: Timing) -> Contest {
    struct PingPong {
        arena: Arena,
        apart: usize,
        number: u64,
        timing: Timing,
        leads: bool,
    }

    impl End for PingPong {
        fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
            // On one line, the pong is told from the ping by its lowest bit.
            let (ping, pong) = (self.arena.word(0), self.arena.word(self.apart));
            watch.trips(operations, self.timing, |_| {
                self.number += 2;
                let (own, other) = (self.number, self.number + 1);
                if self.leads {
                    ping.store(own, Release);
                    while pong.load(Acquire) != other {}
                } else {
                    while ping.load(Acquire) != own {}
                    pong.store(other, Release);
                }
                Ok(())
            })
        }
    }

    let end = move |arena, leads| -> Box<dyn End> {
        Box::new(PingPong { arena, apart, number: 0, timing: timing.of(leads), leads })
    };
    between_processes(&timed(id, timing), label, 4096, false, end)
}

/// A log of records of `N` bytes, a multiple of 8, behind a header each, and nothing else: the header's store makes a record
/// exist, the next header is zeroed before, and the other end spins on the header that comes next. No log in which messages
/// follow each other has fewer loads and stores. That is no lower bound of time: this loop looks without a pause, and an end that
/// looks less often leaves the line to its writer.
pub fn bare_log<const N: usize>() -> Contest {
    const RING: usize = 1 << 16;

    struct BareLog<const N: usize> {
        arena: Arena,
        number: u64,
        leads: bool,
        /// Byte of the ring where the next record stands, the same in both directions.
        place: usize,
    }

    impl<const N: usize> BareLog<N> {
        /// The ring is a whole number of records long.
        const BYTES: usize = RING / (8 + N) * (8 + N);

        fn next(&self) -> usize {
            let next = self.place + 8 + N;
            if next == Self::BYTES { 0 } else { next }
        }

        fn write(&self) {
            let ring = usize::from(!self.leads) * RING;
            for word in 1..=N / 8 {
                self.arena.word(ring + self.place + 8 * word).store(self.number, Relaxed);
            }
            self.arena.word(ring + self.next()).store(0, Relaxed);
            self.arena.word(ring + self.place).store(self.number, Release);
        }

        fn read(&self) -> bool {
            let ring = usize::from(self.leads) * RING;
            while self.arena.word(ring + self.place).load(Acquire) != self.number {}
            (1..=N / 8).all(|word| self.arena.word(ring + self.place + 8 * word).load(Relaxed) == self.number)
        }
    }

    impl<const N: usize> End for BareLog<N> {
        fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
            watch.trips(operations, Timing::Blocks.of(self.leads), |watch| {
                self.number += 1;
                if self.leads {
                    self.write();
                    watch.check(self.read());
                } else {
                    watch.check(self.read());
                    self.write();
                }
                self.place = self.next();
                Ok(())
            })
        }
    }

    let end = |arena, leads| -> Box<dyn End> { Box::new(BareLog::<N> { arena, number: 0, leads, place: 0 }) };
    let label = format!("limit: bare log, {N} bytes");
    between_processes(&format!("bare-log-{N}"), &label, 2 * RING, false, end)
}

/// Sleeps in the kernel until the word has reached this number.
fn futex_wait(word: &AtomicU32, number: u32) -> Result<()> {
    loop {
        let seen = word.load(Acquire);
        if seen.wrapping_sub(number).cast_signed() >= 0 {
            return Ok(());
        }
        match futex::wait(word, futex::Flags::empty(), seen, None) {
            Ok(()) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Wakes who waits for this number.
fn futex_tell(word: &AtomicU32, number: u32) -> Result<()> {
    word.store(number, Release);
    futex::wake(word, futex::Flags::empty(), 1)?;
    Ok(())
}

/// Both ends sleep in the kernel until the other wakes them.
pub fn futexes(timing: Timing) -> Contest {
    struct Futexes {
        arena: Arena,
        number: u32,
        timing: Timing,
        leads: bool,
    }

    impl End for Futexes {
        fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
            let (ping, pong) = (self.arena.half_word(0), self.arena.half_word(APART));
            watch.trips(operations, self.timing, |_| {
                self.number = self.number.wrapping_add(1);
                if self.leads {
                    futex_tell(ping, self.number)?;
                    futex_wait(pong, self.number)
                } else {
                    futex_wait(ping, self.number)?;
                    futex_tell(pong, self.number)
                }
            })
        }
    }

    let end =
        move |arena, leads| -> Box<dyn End> { Box::new(Futexes { arena, number: 0, timing: timing.of(leads), leads }) };
    between_processes(&timed("futex-ping-pong", timing), "limit: raw futex ping-pong", 4096, true, end)
}

/// The name of a contest that is timed like this.
fn timed(id: &str, timing: Timing) -> String {
    format!("{}{id}", if timing == Timing::Each { "timed-" } else { "" })
}

/// Whole lines streamed through a bare ring, in large parts.
pub fn stream<const N: usize>(ring_bytes: usize) -> Contest {
    struct Stream<const N: usize> {
        ring: BareRing<N>,
        number: u64,
        leads: bool,
    }

    impl<const N: usize> End for Stream<N> {
        fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
            let mut message = [0; N];
            for _ in 0..operations {
                self.number += 1;
                if self.leads {
                    self.ring.read(&mut message);
                    watch.check(payload::is(&message, self.number));
                } else {
                    payload::write(&mut message, self.number);
                    self.ring.write(&message);
                }
            }
            if !self.leads {
                self.ring.hand_over_written();
            }
            Ok(())
        }
    }

    let end = |arena, leads| -> Box<dyn End> { Box::new(Stream::<N> { ring: BareRing::new(arena), number: 0, leads }) };
    let (id, label) = (format!("stream-{N}-{ring_bytes}"), "limit: lines streamed");
    between_processes(&id, label, BareRing::<N>::file_bytes(ring_bytes), false, end)
}

fn between_processes(
    id: &str,
    label: &str,
    bytes: usize,
    may_sleep: bool,
    end: impl Fn(Arena, bool) -> Box<dyn End> + Copy + 'static,
) -> Contest {
    Contest {
        id: id.to_owned(),
        label: label.to_owned(),
        open: Open::Processes {
            lead: Box::new(move |path: &Path| Ok(end(Arena::create(path, bytes)?, true))),
            partner: Box::new(move |path: &Path| Ok(end(Arena::open(path)?, false))),
        },
        may_sleep,
        target: None,
    }
}
