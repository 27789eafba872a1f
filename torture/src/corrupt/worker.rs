//! A process that uses one end of many channels while somebody else writes into them.
//!
//! ```text
//! tool ──"CASES"──► worker joins that many channels and holds something in each ──"ready"──► tool
//! tool ──"go"─────► worker makes its calls, from the last channel to the first ──"done FLAGS"──► tool
//! tool ──(end)────► worker says how its calls ended, and ends
//! ```

use super::corruptible::Corruptible;
use super::probe::Probe;
use super::shift::Shift;
use crate::selection::{named, parser};
use crate::talk::{hear, say};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use rustix::process::{Signal, set_parent_process_death_signal};
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    #[arg(value_parser = parser())]
    kind: memlane::Kind,
    #[arg(value_enum)]
    role: Role,
    folder: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Sender,
    Receiver,
}

pub fn run(options: &Options, kinds: &[&'static dyn Corruptible]) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let kind = named(options.kind, kinds)?;
    let role = match options.role {
        Role::Sender => memlane::Role::Sender,
        Role::Receiver => memlane::Role::Receiver,
    };
    let mut shift = Shift { folder: options.folder.clone(), probe: Probe::new(&options.folder, role)? };
    while let Some(line) = hear()? {
        let cases = line.parse().context("a number of channels")?;
        shift.probe.flags = vec![0; cases];
        match options.role {
            Role::Sender => kind.send(&mut shift, cases)?,
            Role::Receiver => kind.receive(&mut shift, cases)?,
        }
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
