//! The other participants: many idle ones, or one that holds a message and is killed.

#![allow(unsafe_code, reason = "forking is unsafe, and everything else here is not")]

use crate::talk;
use anyhow::{Context, Result, ensure};
use clap::Args;
use memlane::mpmc;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::io::{Read, Write, pipe};

#[derive(Args)]
pub struct Options {
    channel: String,
    /// So many senders that never call, in a process each; else, a receiver that holds a message
    #[arg(long)]
    idle: Option<usize>,
    /// They have guardians
    #[arg(long)]
    watches: bool,
    /// MiB of memory
    #[arg(long, default_value_t = 0)]
    resident: usize,
}

pub fn run(options: &Options) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    match options.idle {
        Some(count) => idle(options, count),
        None => hold(options),
    }
}

/// Forks the idle ones, and says so when all have joined.
fn idle(options: &Options, count: usize) -> Result<()> {
    let (mut joined, tell) = pipe()?;
    for _ in 0..count {
        // SAFETY: this process has one thread. The child does what is said here, and ends with this process.
        match unsafe { libc::fork() } {
            0 => {
                let outcome = sit(options, tell.try_clone()?);
                eprintln!("an idle participant ended: {outcome:?}");
                std::process::exit(1);
            }
            child => ensure!(child > 0, "no more processes"),
        }
    }
    drop(tell);
    let mut told = vec![0; count];
    joined.read_exact(&mut told).context("one of the idle did not join")?;
    talk::say("ready")?;
    while talk::hear()?.is_some() {}
    Ok(())
}

fn sit(options: &Options, mut tell: impl Write) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let channel = mpmc::Options::new().watch_peers(options.watches).open(&options.channel)?;
    let _sender = channel.sender()?;
    tell.write_all(&[1])?;
    loop {
        std::thread::park();
    }
}

fn hold(options: &Options) -> Result<()> {
    let memory = vec![1u8; options.resident << 20];
    let channel = mpmc::Options::new().watch_peers(options.watches).open(&options.channel)?;
    let mut receiver = channel.receiver()?;
    std::mem::forget(receiver.recv()?);
    talk::say("ready")?;
    while talk::hear()?.is_some() {}
    std::hint::black_box(memory);
    Ok(())
}
