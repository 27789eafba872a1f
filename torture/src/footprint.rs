//! What a participant costs while it does nothing, or does only what it is there for.
//!
//! - *Descriptors*: after opening and joining, a handle keeps none open.
//! - *Idle CPU*: a blocked receiver, watched for a while; the kernel's own accounting of its process.
//! - *System calls*: a spinning pair exchanges a million messages, both under `strace -c`.

use crate::measure;
use crate::scratch::{Scratch, Worker};
use crate::watch;
use anyhow::{Context, Result, ensure};
use clap::Args;
use memlane::spsc;
use std::time::Duration;

#[derive(Args)]
pub struct Options {
    /// How long the blocked receiver is watched
    #[arg(long, default_value_t = 5)]
    idle_seconds: u64,
    /// Messages that the spinning pair exchanges under strace
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
}

/// Idle CPU that the design allows, as a share of one core.
const IDLE_BOUND: f64 = 0.001;

pub fn run(options: &Options) -> Result<()> {
    descriptors()?;
    idle(Duration::from_secs(options.idle_seconds))?;
    system_calls(options.messages)?;
    println!("torture footprint: as small as promised");
    Ok(())
}

fn descriptors() -> Result<()> {
    let scratch = Scratch::new()?;
    let before = measure::descriptors()?;
    let channel = spsc::Options::new().create(&scratch.channel())?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    tx.send(b"one")?;
    drop(rx.recv()?);
    let after = measure::descriptors()?;
    ensure!(before == after, "descriptors were opened and kept: {before:?} → {after:?}");
    println!("descriptors that a channel, a sender and a receiver keep open: 0");
    Ok(())
}

fn idle(watch: Duration) -> Result<()> {
    let scratch = Scratch::new()?;
    let channel = spsc::Options::new().create(&scratch.channel())?;
    let _tx = channel.sender()?;
    let receiver = Worker::start(&["spsc", "blocked-receiver", &scratch.channel()])?;
    // Joining is not what is measured: wait until it sleeps.
    let sleeps = |one: &memlane::ParticipantInfo| one.row == 1 && one.counters.parks > 2;
    watch::until_participant(&scratch.channel(), "the receiver sleeps", sleeps)?;
    let sleeper = Worker::start(&["spsc", "sleeper", &scratch.channel()])?;
    let before = (measure::processor_time(receiver.id())?, measure::processor_time(sleeper.id())?);
    std::thread::sleep(watch);
    let share = (measure::processor_time(receiver.id())? - before.0).div_duration_f64(watch);
    let floor = (measure::processor_time(sleeper.id())? - before.1).div_duration_f64(watch);
    println!(
        "CPU of a blocked receiver: {:.4} % of a core (bound {:.1} %); of a process that only sleeps as often: {:.4} %",
        share * 100.0,
        IDLE_BOUND * 100.0,
        floor * 100.0
    );
    ensure!(share <= IDLE_BOUND, "a blocked receiver is not idle");
    Ok(())
}

fn system_calls(messages: u64) -> Result<()> {
    let scratch = Scratch::new()?;
    spsc::Options::new().create(&scratch.channel())?;
    let (sent, received) = (scratch.file("sent"), scratch.file("received"));
    let (channel, count) = (scratch.channel(), messages.to_string());
    let strace = |output| ["strace", "-f", "-c", "-o", output];
    let mut drain = Worker::start_under(&strace(&received), &["spsc", "drain", &channel]).context("starting strace")?;
    let mut pump = Worker::start_under(&strace(&sent), &["spsc", "pump", &channel, "--count", &count])?;
    ensure!(pump.wait()? == Some(0) && drain.wait()? == Some(0), "the pair failed");
    for (side, file) in [("sender", sent), ("receiver", received)] {
        let calls = total_calls(&std::fs::read_to_string(file)?)?;
        let per_message = calls as f64 / messages as f64;
        println!("system calls of the {side}: {calls} in all for {messages} messages, start and end included");
        ensure!(per_message < 0.01, "the {side} makes {per_message} system calls a message");
    }
    Ok(())
}

/// The number of calls in the last line of `strace -c`: `100.00 0.001 3 321 12 total`, the errors' column may be empty.
fn total_calls(table: &str) -> Result<u64> {
    let total =
        table.lines().rev().find(|line| line.trim_end().ends_with("total")).context("no total in strace's table")?;
    Ok(total.split_whitespace().nth(3).context("no calls in strace's table")?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_with_and_without_errors() {
        assert_eq!(total_calls("100.00    0.000532           6        84         1 total\n").unwrap(), 84);
        assert_eq!(total_calls("100.00    0.000532           6        84           total\n").unwrap(), 84);
        assert!(total_calls("nothing").is_err());
    }
}
