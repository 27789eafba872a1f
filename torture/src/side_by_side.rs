//! One process a channel, as many at a time as there are processors: for tools that step processes and wait most of the time.

use crate::waking::Waking;
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

/// Runs this tool again for each of the channels, with these arguments, and prints what each printed but its closing line.
/// Those that run when one fails come to their end.
pub fn run(tool: &str, channels: &[(&str, Waking)], arguments: &[String], closing: &str) -> Result<()> {
    let program = std::env::current_exe()?;
    let left = Mutex::new(channels.iter());
    let next = || left.lock().expect("nobody panics with it").next();
    let run_one = |&(kind, waking): &(&str, Waking)| -> Result<()> {
        let backend = waking.to_possible_value().context("a name")?.get_name().to_owned();
        let mut command = Command::new(&program);
        command.args([tool, "--kind", kind, "--backend", &backend]).args(arguments).stdin(Stdio::null());
        // What is said of a failure appears at once, the rest in one piece.
        let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("starting {tool}"))?;
        let text = String::from_utf8_lossy(&output.stdout).replace(&format!("{closing}\n"), "");
        std::io::stdout().lock().write_all(text.as_bytes())?;
        ensure!(output.status.success(), "{kind} with {waking}: {}", output.status);
        Ok(())
    };
    let at_a_time = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = || {
            while let Some(channel) = next() {
                let outcome = run_one(channel);
                if outcome.is_err() {
                    // The others are not begun any more.
                    while next().is_some() {}
                    return outcome;
                }
            }
            Ok(())
        };
        let workers: Vec<_> = (0..at_a_time).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })
}
