//! The machine's own limits: what two cores can do at all.

use crate::arena::{APART, Arena, BareRing};
use crate::contest::{BLOCK, Contest, End, Open, Watch};
use crate::payload;
use anyhow::Result;
use rustix::thread::futex;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Both ends write a line of their own and spin on the other's: a message each way costs one line transfer.
pub fn two_lines() -> Contest {
    ping_pong("two-line-ping-pong", "limit: two-line ping-pong", APART)
}

/// Both ends write the same line in turn.
pub fn one_line() -> Contest {
    ping_pong("one-line-ping-pong", "limit: one-line ping-pong", 0)
}

fn ping_pong(id: &str, label: &str, apart: usize) -> Contest {
    struct PingPong {
        arena: Arena,
        apart: usize,
        number: u64,
        leads: bool,
    }

    impl End for PingPong {
        fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
            // On one line, the pong is told from the ping by its lowest bit.
            let (ping, pong) = (self.arena.word(0), self.arena.word(self.apart));
            for _ in 0..operations / BLOCK {
                watch.block(|_| {
                    for _ in 0..BLOCK {
                        self.number += 2;
                        let (own, other) = (self.number, self.number + 1);
                        if self.leads {
                            ping.store(own, Release);
                            while pong.load(Acquire) != other {}
                        } else {
                            while ping.load(Acquire) != own {}
                            pong.store(other, Release);
                        }
                    }
                    Ok(())
                })?;
            }
            Ok(())
        }
    }

    let end = move |arena, leads| -> Box<dyn End> { Box::new(PingPong { arena, apart, number: 0, leads }) };
    between_processes(id, label, 4096, false, end)
}

/// A log of records of `N` bytes, a multiple of 8, behind a header each, and nothing else: the header's store makes a record
/// exist, the next header is zeroed before, and the other end spins on the header that comes next. No log in which messages
/// follow each other can be faster than these loads and stores; lines are written first by one end, then read by the other.
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
            for _ in 0..operations / BLOCK {
                watch.block(|watch| {
                    for _ in 0..BLOCK {
                        self.number += 1;
                        if self.leads {
                            self.write();
                            watch.check(self.read());
                        } else {
                            watch.check(self.read());
                            self.write();
                        }
                        self.place = self.next();
                    }
                    Ok(())
                })?;
            }
            Ok(())
        }
    }

    let end = |arena, leads| -> Box<dyn End> { Box::new(BareLog::<N> { arena, number: 0, leads, place: 0 }) };
    let label = format!("limit: bare log, {N} bytes");
    between_processes(&format!("bare-log-{N}"), &label, 2 * RING, false, end)
}

/// Both ends sleep in the kernel until the other wakes them.
pub fn futexes() -> Contest {
    struct Futexes {
        arena: Arena,
        number: u32,
        leads: bool,
    }

    fn wait_for(word: &AtomicU32, number: u32) -> Result<()> {
        loop {
            let seen = word.load(Acquire);
            if seen == number {
                return Ok(());
            }
            match futex::wait(word, futex::Flags::empty(), seen, None) {
                Ok(()) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn tell(word: &AtomicU32, number: u32) -> Result<()> {
        word.store(number, Release);
        futex::wake(word, futex::Flags::empty(), 1)?;
        Ok(())
    }

    impl End for Futexes {
        fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
            let (ping, pong) = (self.arena.half_word(0), self.arena.half_word(APART));
            for _ in 0..operations / BLOCK {
                watch.block(|_| {
                    for _ in 0..BLOCK {
                        self.number = self.number.wrapping_add(1);
                        if self.leads {
                            tell(ping, self.number)?;
                            wait_for(pong, self.number)?;
                        } else {
                            wait_for(ping, self.number)?;
                            tell(pong, self.number)?;
                        }
                    }
                    Ok(())
                })?;
            }
            Ok(())
        }
    }

    let end = |arena, leads| -> Box<dyn End> { Box::new(Futexes { arena, number: 0, leads }) };
    between_processes("futex-ping-pong", "limit: raw futex ping-pong", 4096, true, end)
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
    let label = format!("limit: lines streamed, {} a message", (8 + N).div_ceil(64));
    between_processes(&format!("stream-{N}-{ring_bytes}"), &label, BareRing::<N>::file_bytes(ring_bytes), false, end)
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
