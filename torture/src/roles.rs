//! The roles of workers, which are made to be killed, and what all of these have in common.

use crate::payload::Payloads;
use crate::phase::Phases;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use memlane::generic::{ChannelKind, Sender};
use rustix::process::{Signal, getpid, kill_process};
use std::path::{Path, PathBuf};

/// What a worker does. Not every kind has every role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Sends messages that tell whose they are, and writes down how far it came.
    Sender,
    /// Checks every message, and writes down what it got.
    Receiver,
    /// Joins as the receiver and takes nothing.
    IdleReceiver,
    /// Joins as the sender and sends nothing.
    IdleSender,
    /// Blocks in a receive until it is killed.
    BlockedReceiver,
    /// Joins nothing and sleeps in slices of 100 ms: what the machine charges for that alone.
    Sleeper,
    /// Sends 8 bytes `--count` times, spinning.
    Pump,
    /// Receives them, spinning, until the sender has gone.
    Drain,
    /// Stops itself between reserving and committing.
    StoppingSender,
    /// Stops itself between receiving and acknowledging.
    StoppingReceiver,
    /// Stops itself with `--count` messages in hand.
    HoldingReceiver,
}

/// Where a worker takes its role, and what it needs for that.
#[derive(Args)]
pub struct Assignment {
    pub channel: String,
    /// Which worker it is
    #[arg(long, default_value_t = 0)]
    pub number: u32,
    /// Where it writes down what it does
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Where it says what it is doing
    #[arg(long)]
    phase: Option<PathBuf>,
    /// Seed of its choices
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// An unpacked feed
    #[arg(long)]
    feed: Option<PathBuf>,
    /// Messages that it sends before it leaves, or that it holds
    #[arg(long, default_value_t = u64::MAX)]
    pub count: u64,
}

impl Assignment {
    pub fn journal(&self) -> Result<&Path> {
        self.journal.as_deref().context("--journal is missing")
    }

    pub fn phases(&self) -> Result<Phases> {
        Phases::at(self.phase.as_deref())
    }

    pub fn payloads(&self) -> Result<Payloads> {
        Payloads::new(self.feed.as_deref())
    }
}

/// SIGSTOP, until somebody sends SIGCONT.
pub fn stand_still() -> Result<()> {
    Ok(kill_process(getpid(), Signal::STOP)?)
}

/// Writes half of a message in place, stands still, and commits all of it.
pub fn stand_still_before_committing<K: ChannelKind>(tx: &mut Sender<K>, message: &[u8]) -> Result<()> {
    let (start, rest) = message.split_at(message.len() / 2);
    let mut grant = tx.reserve(message.len())?;
    grant.write_at(0, start)?;
    stand_still()?;
    grant.write_at(start.len(), rest)?;
    Ok(grant.commit(message.len())?)
}

/// Keeps a seat and does nothing.
pub fn idle<T>(_seat: T) -> Result<()> {
    loop {
        std::thread::park();
    }
}
