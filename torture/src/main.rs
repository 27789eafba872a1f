//! Kills participants of real channels in real processes, and checks that nothing is lost.
//!
//! Every tool prints its seed, its counts and one closing line, and exits non-zero on any miss.
//!
//! - `recovery`: how long after a SIGKILL the survivors go on.
//! - `kill`: random SIGKILLs of both sides under load; every message is delivered, in order, intact.
//! - `footprint`: what a participant costs: descriptors, idle CPU, system calls per message.

mod footprint;
mod kill;
mod payload;
mod recovery;
mod scratch;
mod worker;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Kills participants of memlane channels and checks that nothing is lost")]
struct Arguments {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Subcommand)]
enum Tool {
    /// How long after a SIGKILL the survivors go on
    Recovery(recovery::Options),
    /// Random SIGKILLs of both sides under load
    Kill(kill::Options),
    /// What a participant costs: descriptors, idle CPU, system calls per message
    Footprint(footprint::Options),
    /// One participant, made to be killed
    #[command(hide = true)]
    Worker(worker::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().tool {
        Tool::Recovery(options) => recovery::run(&options),
        Tool::Kill(options) => kill::run(&options),
        Tool::Footprint(options) => footprint::run(&options),
        Tool::Worker(options) => worker::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("torture: {error:#}");
            ExitCode::FAILURE
        }
    }
}
