//! memlane's `spsc`, between processes and between threads. Futex wake-ups are on everywhere, as they always are.

use crate::contest::{BLOCK, Contest, End, Open, Pair, Target, Watch, stamp};
use anyhow::Result;
use memlane::Strategy;
use memlane::spsc::{Channel, Options, Receiver, Sender};
use std::path::{Path, PathBuf};

/// A ping through one channel and a pong through another, of `N` bytes, with the default options.
pub fn round_trip<const N: usize>(strategy: Strategy, target: Option<Target>) -> Contest {
    let open = move |path: &Path, leads: bool| -> Result<Box<dyn End>> {
        let (out, back) = if leads { ("ping", "pong") } else { ("pong", "ping") };
        let channel = |side| anyhow::Ok(Options::new().open_or_create(&name(&path.with_extension(side)))?);
        let (mut tx, mut rx) = (channel(out)?.sender()?, channel(back)?.receiver()?);
        tx.set_strategy(strategy);
        rx.set_strategy(strategy);
        Ok(if leads { Box::new(Ping::<N> { tx, rx, number: 0 }) } else { Box::new(Pong::<N> { tx, rx }) })
    };
    Contest {
        id: format!("memlane-trip-{N}-{strategy:?}"),
        label: format!("memlane, {N} bytes, {strategy:?}"),
        open: Open::Processes {
            lead: Box::new(move |path| open(path, true)),
            partner: Box::new(move |path| open(path, false)),
        },
        may_sleep: strategy != Strategy::Spin,
        target,
    }
}

/// How messages go one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// `send` and `recv_into`.
    OneByOne,
    /// `send_batch` and `recv_batch` of so many.
    Batches(usize),
}

/// One-way messages of `N` bytes through a ring of `ring_bytes`, default strategy.
pub fn one_way<const N: usize>(
    between_threads: bool,
    pace: Pace,
    ring_bytes: usize,
    target: Option<Target>,
) -> Contest {
    let options = Options::new().capacity(ring_bytes as u64);
    let (pace_id, pace_label) = match pace {
        Pace::OneByOne => ("single".to_owned(), "send and recv_into".to_owned()),
        Pace::Batches(size) => (format!("batch{size}"), format!("batches of {size}")),
    };
    let open = if between_threads {
        Open::Threads(Box::new(move || {
            let channel = options.private()?;
            let pair: Pair = (receiving::<N>(&channel, pace)?, sending::<N>(&channel, pace)?);
            Ok(pair)
        }))
    } else {
        let created = options.clone();
        Open::Processes {
            lead: Box::new(move |path| receiving::<N>(&created.create(&name(path))?, pace)),
            partner: Box::new(move |path| sending::<N>(&options.open(&name(path))?, pace)),
        }
    };
    Contest {
        id: format!("memlane-{pace_id}-{N}-{ring_bytes}-{}", if between_threads { "threads" } else { "processes" }),
        label: format!("memlane, {pace_label}"),
        open,
        may_sleep: true,
        target,
    }
}

/// A path is a name to memlane.
fn name(path: &Path) -> String {
    PathBuf::from(path).display().to_string()
}

fn sending<const N: usize>(channel: &Channel, pace: Pace) -> Result<Box<dyn End>> {
    let tx = channel.sender()?;
    Ok(match pace {
        Pace::OneByOne => Box::new(Sending::<N> { tx, number: 0 }),
        Pace::Batches(size) => Box::new(SendingBatches::<N> { tx, number: 0, messages: vec![[0; N]; size] }),
    })
}

fn receiving<const N: usize>(channel: &Channel, pace: Pace) -> Result<Box<dyn End>> {
    let rx = channel.receiver()?;
    Ok(match pace {
        Pace::OneByOne => Box::new(Receiving::<N> { rx, number: 0 }),
        Pace::Batches(size) => Box::new(ReceivingBatches::<N> { rx, number: 0, size }),
    })
}

struct Ping<const N: usize> {
    tx: Sender,
    rx: Receiver,
    number: u64,
}

impl<const N: usize> End for Ping<N> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let (mut ping, mut pong) = ([0; N], [0; N]);
        for _ in 0..operations / BLOCK {
            watch.block(|watch| {
                for _ in 0..BLOCK {
                    self.number += 1;
                    stamp::put(&mut ping, self.number);
                    self.tx.send(&ping)?;
                    let length = self.rx.recv_into(&mut pong)?;
                    watch.check(length == N && stamp::is(&pong, self.number));
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Sends back what it receives.
struct Pong<const N: usize> {
    tx: Sender,
    rx: Receiver,
}

impl<const N: usize> End for Pong<N> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        let mut message = [0; N];
        for _ in 0..operations {
            let length = self.rx.recv_into(&mut message)?;
            self.tx.send(&message[..length])?;
        }
        Ok(())
    }
}

struct Sending<const N: usize> {
    tx: Sender,
    number: u64,
}

impl<const N: usize> End for Sending<N> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        let mut message = [0; N];
        for _ in 0..operations {
            self.number += 1;
            stamp::put(&mut message, self.number);
            self.tx.send(&message)?;
        }
        Ok(())
    }
}

struct Receiving<const N: usize> {
    rx: Receiver,
    number: u64,
}

impl<const N: usize> End for Receiving<N> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut message = [0; N];
        for _ in 0..operations {
            self.number += 1;
            let length = self.rx.recv_into(&mut message)?;
            watch.check(length == N && stamp::is(&message, self.number));
        }
        Ok(())
    }
}

struct SendingBatches<const N: usize> {
    tx: Sender,
    number: u64,
    messages: Vec<[u8; N]>,
}

impl<const N: usize> End for SendingBatches<N> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        let mut left = operations as usize;
        while left > 0 {
            let size = self.messages.len().min(left);
            let batch = &mut self.messages[..size];
            for message in batch.iter_mut() {
                self.number += 1;
                stamp::put(message, self.number);
            }
            left -= self.tx.send_batch(&*batch)?;
        }
        Ok(())
    }
}

struct ReceivingBatches<const N: usize> {
    rx: Receiver,
    number: u64,
    size: usize,
}

impl<const N: usize> End for ReceivingBatches<N> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut buffer = [0; N];
        let mut left = operations as usize;
        while left > 0 {
            let batch = self.rx.recv_batch(self.size.min(left))?;
            left -= batch.len();
            for message in &batch {
                self.number += 1;
                let length = message.copy_to(&mut buffer)?;
                watch.check(length == N && stamp::is(&buffer, self.number));
            }
        }
        Ok(())
    }
}
