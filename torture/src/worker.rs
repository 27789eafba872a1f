//! One participant, made to be killed.

use crate::roles::{Assignment, Role};
use crate::selection::{named, parser};
use crate::subject::Kind;
use anyhow::Result;
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::time::Duration;

#[derive(Args)]
pub struct Options {
    #[arg(value_parser = parser())]
    kind: memlane::Kind,
    #[arg(value_enum)]
    role: Role,
    #[command(flatten)]
    assignment: Assignment,
}

pub fn run(options: &Options, kinds: &[&'static dyn Kind]) -> Result<()> {
    // Whatever becomes of the tool, its workers do not outlive it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    match options.role {
        Role::Sleeper => sleep_in_slices(),
        role => named(options.kind, kinds)?.work(role, &options.assignment),
    }
}

fn sleep_in_slices() -> Result<()> {
    loop {
        std::thread::sleep(Duration::from_millis(100));
    }
}
