//! The machine's own limits: what two cores can do at all.

use crate::arena::{APART, Arena, BareRing};
use crate::contest::{BLOCK, Contest, End, Open, Watch};
use crate::payload;
use anyhow::Result;
use rustix::thread::futex;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};

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

/// Both ends write a whole line, each time the next one of a ring, and spin on the line that the other will write: what a
/// log of messages that fill a line cannot be faster than.
pub fn fresh_lines() -> Contest {
    const LINES: usize = 1 << 13;
    const WORDS: usize = 8;

    struct FreshLines {
        arena: Arena,
        number: u64,
        leads: bool,
    }

    impl FreshLines {
        fn line(&self, leader: bool) -> usize {
            (usize::from(!leader) * LINES + self.number as usize % LINES) * 64
        }

        fn write(&self) {
            let line = self.line(self.leads);
            for word in (0..WORDS).rev() {
                self.arena.word(line + 8 * word).store(self.number, Release);
            }
        }

        fn read(&self) -> bool {
            let line = self.line(!self.leads);
            while self.arena.word(line).load(Acquire) != self.number {}
            (1..WORDS).all(|word| self.arena.word(line + 8 * word).load(Acquire) == self.number)
        }
    }

    impl End for FreshLines {
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
                    }
                    Ok(())
                })?;
            }
            Ok(())
        }
    }

    let end = |arena, leads| -> Box<dyn End> { Box::new(FreshLines { arena, number: 0, leads }) };
    let label = "limit: ping-pong, each time the next line";
    between_processes("fresh-line-ping-pong", label, 2 * LINES * 64, false, end)
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
