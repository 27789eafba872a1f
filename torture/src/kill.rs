//! Random SIGKILLs of both sides under load.
//!
//! A sender and a receiver run in processes of their own over a small ring, so that it wraps and fills all the time. One
//! of them, chosen at random, is killed after a random moment and replaced; at the end the last sender is killed too and
//! the last receiver drains the channel. Checked:
//! - every message is intact, and comes in order within each receiver (the receiver itself checks);
//! - each receiver starts no later than where its predecessor stopped: nothing is missing;
//! - what it repeats was within what its predecessor may not have published (1/8 of the ring and one message);
//! - in the end sent = delivered, everybody left, and removal leaves no file.

use crate::payload::{length, mix};
use crate::scratch::{Scratch, Worker};
use crate::worker::{MAX_MESSAGE, read_log};
use anyhow::{Result, ensure};
use clap::Args;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Options {
    /// How many processes to kill
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// Seed of everything random; printed if it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Ring size in bytes
    #[arg(long, default_value_t = 16 << 10)]
    capacity: u64,
}

struct Run {
    scratch: Scratch,
    channel: String,
    log: String,
    capacity: u64,
    /// One past the last message that any receiver had.
    delivered: u64,
    repeated: u64,
    kills: [u64; 2],
    receivers_that_had_messages: u64,
}

pub fn run(options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(|| u64::from(std::process::id()) ^ elapsed_since_boot());
    println!("torture kill: seed {seed}, {} kills, ring of {} bytes", options.kills, options.capacity);
    let scratch = Scratch::new()?;
    let channel = scratch.channel();
    memlane::spsc::Options::new().capacity(options.capacity).max_message(MAX_MESSAGE as u64).create(&channel)?;
    let log = scratch.file("log");
    let mut run = Run {
        scratch,
        channel,
        log,
        capacity: options.capacity,
        delivered: 0,
        repeated: 0,
        kills: [0; 2],
        receivers_that_had_messages: 0,
    };
    let started = Instant::now();

    let mut sender = run.sender()?;
    let mut receiver = run.receiver()?;
    for kill in 0..options.kills {
        let random = mix(seed ^ kill);
        std::thread::sleep(Duration::from_micros(random % 12_000));
        let victim = if random >> 32 & 1 == 0 { &mut sender } else { &mut receiver };
        ensure!(victim.ended()?.is_none_or(|status| status.success()), "a worker failed by itself");
        victim.kill()?;
        victim.wait()?;
        run.kills[(random >> 32 & 1) as usize] += 1;
        if random >> 32 & 1 == 0 {
            sender = run.sender()?;
        } else {
            run.account_for_receiver()?;
            receiver = run.receiver()?;
        }
    }
    sender.kill()?;
    sender.wait()?;
    ensure!(receiver.wait()? == Some(0), "the last receiver did not drain the channel and end");
    run.account_for_receiver()?;
    run.finish(started)
}

impl Run {
    fn sender(&self) -> Result<Worker> {
        Worker::start(&["sender", &self.channel])
    }

    fn receiver(&self) -> Result<Worker> {
        Worker::start(&["receiver", &self.channel, "--log", &self.log])
    }

    /// Compares what a receiver had with what its predecessors had.
    fn account_for_receiver(&mut self) -> Result<()> {
        let Some((first, end)) = read_log(&self.log)? else { return Ok(()) };
        std::fs::remove_file(&self.log)?;
        ensure!(first <= self.delivered, "messages {}..{first} are missing", self.delivered);
        // What the dead one held when it died was not released; before that, up to 1/8 of the ring was not published.
        let record = |sequence: u64| (length(sequence, MAX_MESSAGE) as u64 + 8).next_multiple_of(8);
        let unpublished: u64 = (first..self.delivered.saturating_sub(1)).map(record).sum();
        ensure!(unpublished < self.capacity / 8, "messages {first}..{} came again", self.delivered);
        self.repeated += self.delivered - first;
        self.delivered = self.delivered.max(end);
        self.receivers_that_had_messages += 1;
        Ok(())
    }

    fn finish(self, started: Instant) -> Result<()> {
        let info = memlane::inspect(&self.channel)?;
        let sent = info.lanes[0].messages;
        ensure!(sent == self.delivered, "{sent} messages were sent, {} delivered", self.delivered);
        ensure!(info.participants.iter().all(|one| one.alive == Some(false)), "somebody is still there: {info:?}");
        memlane::remove(&self.channel)?;
        let left = self.scratch.files()?;
        ensure!(left.is_empty(), "files were left: {left:?}");
        println!(
            "{sent} messages sent and delivered, {} of them again; {} senders and {} receivers killed ({} had messages); \
             {:.1} s",
            self.repeated,
            self.kills[0],
            self.kills[1],
            self.receivers_that_had_messages,
            started.elapsed().as_secs_f64()
        );
        println!("torture kill: nothing lost");
        Ok(())
    }
}

/// Something that differs from run to run.
fn elapsed_since_boot() -> u64 {
    std::fs::read_to_string("/proc/uptime")
        .map_or(1, |text| text.bytes().fold(7, |sum, byte| mix(sum ^ u64::from(byte))))
}
