//! A process that uses one end of many channels while somebody else writes into them.
//!
//! ```text
//! tool ──"CASES"──► worker joins that many channels and holds something in each ──"ready"──► tool
//! tool ──"go"─────► worker makes its calls, from the last channel to the first ──"done FLAGS"──► tool
//! tool ──(end)────► worker says how its calls ended, and ends
//! ```

use super::probe::Probe;
use crate::kinds::{self, Kind};
use crate::talk::{hear, say};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use rustix::process::{Signal, set_parent_process_death_signal};
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    #[arg(value_parser = kinds::parser())]
    kind: &'static Kind,
    #[arg(value_enum)]
    role: Role,
    folder: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Sender,
    Receiver,
}

/// The worker's side of the conversation.
pub struct Shift {
    folder: PathBuf,
    pub probe: Probe,
}

impl Shift {
    /// The name of a channel.
    pub fn channel(&self, case: usize) -> String {
        channel(&self.folder, case)
    }

    /// Everything is held: now somebody may write what they like.
    pub fn stand_by(&self) -> Result<()> {
        say("ready")?;
        match hear()?.as_deref() {
            Some("go") => Ok(()),
            other => bail!("{other:?} instead of go"),
        }
    }
}

/// The name of one channel of a batch.
pub fn channel(folder: &std::path::Path, case: usize) -> String {
    folder.join(format!("channel-{case}")).display().to_string()
}

pub fn run(options: &Options) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let (role, work) = match options.role {
        Role::Sender => (memlane::Role::Sender, options.kind.corrupt.send),
        Role::Receiver => (memlane::Role::Receiver, options.kind.corrupt.receive),
    };
    let mut shift = Shift { folder: options.folder.clone(), probe: Probe::new(&options.folder, role)? };
    while let Some(line) = hear()? {
        let cases = line.parse().context("a number of channels")?;
        shift.probe.flags = vec![0; cases];
        work(&mut shift, 0, cases)?;
        let flags: Vec<String> = shift.probe.flags.iter().map(u8::to_string).collect();
        say(&format!("done {}", flags.join(" ")))?;
    }
    for ((call, ended), count) in &shift.probe.counts {
        say(&format!("count {call} {ended} {count}"))?;
    }
    for (call, nanoseconds) in &shift.probe.longest {
        say(&format!("longest {call} {nanoseconds}"))?;
    }
    Ok(())
}
