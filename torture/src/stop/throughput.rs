//! What the others lose by workers that stand still: at the worst moment, between reserving and committing and between
//! receiving and acknowledging. They stop themselves (SIGSTOP), so there is no doubt where they stand.
//!
//! The others do the same work with and without somebody standing still, interleaved (A B B A), and the times are compared.

use crate::scratch::Worker;
use crate::subject::Comparison;
use anyhow::{Result, ensure};
use std::time::Duration;

/// Slower by more than this in every round is not the machine's doing; in some, it is.
const ABSURD: f64 = 0.5;

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
pub fn compare(comparison: Comparison, mut work: impl FnMut(bool) -> Result<Duration>) -> Result<()> {
    let Comparison { rounds, messages } = comparison;
    let (mut rates, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
    for _ in 0..rounds {
        let mut seconds = [0.0; 2];
        for stopped in [false, true, true, false] {
            let elapsed = work(stopped)?.as_secs_f64();
            seconds[usize::from(stopped)] += elapsed;
            rates[usize::from(stopped)].push(messages as f64 / elapsed / 1e6);
        }
        ratios.push(seconds[0] / seconds[1]);
    }
    let [usual, stopped] = rates.map(median);
    let (slowest, fastest) = ratios.iter().fold((f64::MAX, 0f64), |(low, high), &one| (low.min(one), high.max(one)));
    let ratio = median(ratios);
    println!("{rounds} rounds of 4 × {messages} messages, A B B A; medians");
    println!("nobody stands still   {usual:6.2} M messages/s");
    println!("two stand still       {stopped:6.2} M messages/s");
    println!("ratio                 {ratio:6.2} ({slowest:.2} to {fastest:.2})");
    ensure!(fastest >= ABSURD, "the others are slowed down by who stands still, each time");
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}
