//! A process with some of a crowd.
//!
//! ```text
//! worker joins with each of its threads, which hold up to so many messages and wait ──"ready HELD"──► tool
//! tool ──"join TRIES"──► worker opens, joins and leaves so often ──"joins NANOSECONDS…"──► tool
//! tool ──"fork TRIES"──► worker forks so often ──"forks NANOSECONDS…"──► tool
//! ```

#![allow(unsafe_code, reason = "forking is unsafe, and everything else here is not")]

use crate::talk;
use crate::waking;
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use memlane::mpmc;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::convert::Infallible;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Options {
    channel: String,
    /// Receivers in this process, a thread each
    #[arg(long)]
    receivers: u32,
    /// Messages that each holds, at most
    #[arg(long, default_value_t = 0)]
    holds: usize,
    /// They join nothing, and sleep as often as a receiver that waits
    #[arg(long)]
    sleepers: bool,
}

/// A slice: a participant that waits looks around once in it.
pub const SLICE: Duration = Duration::from_millis(100);

/// What such a process may take to be ready, or to answer.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A receiver needs little stack; a crowd of them much.
const STACK_BYTES: usize = 256 << 10;

pub fn run(options: &Options) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let shape = mpmc::Options::new().trust_peers(waking::trust());
    let channel = shape.open(&options.channel)?;
    let (tell, told) = std::sync::mpsc::channel();
    for _ in 0..options.receivers {
        let (tell, member, holds, sleeps) = (tell.clone(), channel.clone(), options.holds, options.sleepers);
        let work = move || if sleeps { sleep(&tell) } else { wait(&member, holds, &tell) };
        std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work)?;
    }
    drop(tell);
    let mut held = 0;
    for _ in 0..options.receivers {
        held += told.recv()?.map_err(|error| anyhow!(error))?;
    }
    talk::say(&format!("ready {held}"))?;
    while let Some(command) = talk::hear()? {
        let (what, tries) = command.split_once(' ').context("a command without a number")?;
        let once: &dyn Fn() -> Result<()> = match what {
            "join" => &|| join(&shape, &options.channel),
            "fork" => &fork,
            _ => bail!("{command}?"),
        };
        let times = (0..tries.parse()?).map(|_| {
            let started = Instant::now();
            once()?;
            Ok(started.elapsed().as_nanos().to_string())
        });
        talk::say(&format!("{what}s {}", times.collect::<Result<Vec<_>>>()?.join(" ")))?;
    }
    Ok(())
}

fn sleep(tell: &Sender<Result<usize, String>>) {
    let _ = tell.send(Ok(0));
    loop {
        std::thread::sleep(SLICE);
    }
}

/// Holds what it is to hold, and waits until it is killed.
fn wait(channel: &mpmc::Channel, holds: usize, tell: &Sender<Result<usize, String>>) {
    let Err(error) = hold_and_wait(channel, holds, tell);
    let _ = tell.send(Err(format!("{error:#}")));
}

fn hold_and_wait(channel: &mpmc::Channel, holds: usize, tell: &Sender<Result<usize, String>>) -> Result<Infallible> {
    let mut rx = channel.receiver()?;
    if holds == 0 {
        let _ = tell.send(Ok(0));
        rx.recv()?;
        bail!("a message came");
    }
    // Next to others it may get fewer.
    let batch = rx.recv_batch(holds)?;
    let _ = tell.send(Ok(batch.len()));
    loop {
        std::thread::park();
    }
}

fn join(shape: &mpmc::Options, name: &str) -> Result<()> {
    shape.open(name)?.sender()?;
    Ok(())
}

fn fork() -> Result<()> {
    // SAFETY: the child ends at once, and calls nothing before.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    ensure!(child > 0, "fork: {}", std::io::Error::last_os_error());
    let mut status = 0;
    // SAFETY: waits for the child made above, and writes to a variable of ours.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    ensure!(waited == child && status == 0, "a child ended with {status}");
    Ok(())
}
