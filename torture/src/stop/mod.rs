//! Participants that stand still, alive, at the worst moment: a sender between reserving and committing, a receiver between
//! receiving and acknowledging. They stop themselves (SIGSTOP), so there is no doubt where they stand.
//!
//! Checked for each kind is what it promises of the others meanwhile; in the end the stopped ones go on, and everything is
//! delivered and acknowledged. Where the others are to notice nothing, they do the same work with and without somebody
//! standing still, interleaved (A B B A), and the times are compared.

use crate::kinds::{self, Kind};
use crate::scratch::{Scratch, Worker};
use crate::waking::Waking;
use anyhow::{Result, ensure};
use clap::Args;
use std::time::Duration;

#[derive(Args)]
pub struct Options {
    /// What kind of channel
    #[arg(long, default_value = "mpmc", value_parser = kinds::parser())]
    kind: &'static Kind,
    /// How sleepers are woken
    #[arg(long, value_enum, default_value_t = Waking::Futex)]
    pub backend: Waking,
    /// How often the work is done with and without somebody standing still, each time twice
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// How many messages the others exchange each time
    #[arg(long, default_value_t = 200_000)]
    pub messages: u64,
}

/// What takes longer than this makes no progress.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Slower by more than this on average is not the machine's doing.
const ABSURD: f64 = 0.5;

pub fn run(options: &Options) -> Result<()> {
    println!("torture stop: {} with {}", options.kind.name, options.backend);
    (options.kind.stop)(options, &Scratch::new()?)?;
    println!("torture stop: who stood still kept what it held, and nothing else");
    Ok(())
}

/// Starts a worker that stops itself, and makes sure of what it needs for that.
pub fn start_stopping(arguments: &[&str], help: impl FnOnce() -> Result<()>) -> Result<Worker> {
    let mut worker = Worker::start(arguments)?;
    help()?;
    worker.wait_until_stopped()?;
    ensure!(worker.ended()?.is_none(), "a worker ended instead of standing still");
    Ok(worker)
}

/// Lets a worker go on, to its end.
pub fn finish(mut worker: Worker) -> Result<()> {
    worker.go_on()?;
    ensure!(worker.wait()? == Some(0), "a worker that had stood still failed");
    Ok(())
}

/// Compares how long `work` takes without and with somebody standing still.
pub fn compare(options: &Options, mut work: impl FnMut(bool) -> Result<Duration>) -> Result<()> {
    let (mut rates, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
    for _ in 0..options.rounds {
        let mut seconds = [0.0; 2];
        for stopped in [false, true, true, false] {
            let elapsed = work(stopped)?.as_secs_f64();
            seconds[usize::from(stopped)] += elapsed;
            rates[usize::from(stopped)].push(options.messages as f64 / elapsed / 1e6);
        }
        ratios.push(seconds[0] / seconds[1]);
    }
    let [usual, stopped] = rates.map(median);
    let (slowest, fastest) = ratios.iter().fold((f64::MAX, 0f64), |(low, high), &one| (low.min(one), high.max(one)));
    let ratio = median(ratios);
    println!("{} rounds of 4 × {} messages, A B B A; medians", options.rounds, options.messages);
    println!("nobody stands still   {usual:6.2} M messages/s");
    println!("two stand still       {stopped:6.2} M messages/s");
    println!("ratio                 {ratio:6.2} ({slowest:.2} to {fastest:.2})");
    ensure!(ratio >= ABSURD, "the others are slowed down by who stands still");
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}
