//! The memlane command: creates, inspects, fills, drains and removes channels.
//!
//! - One file a subcommand: `create`, `ls`, `info`, `rm`, `send`, `recv`, `forget`, `set`, `get`, and the folder `demo`.
//! - `acquire`: runs a command that holds permits. `signal`: the commands `signal` and `wait`.
//! - `call`, `serve`: calls, and answering them by a command.
//! - `framing`: from a stream of bytes to messages and back. `progress`: how far a long input is.
//! - `pouring`: a stream into a channel, without boundaries. `source`: messages or such a stream out of it. `sink`: where they go.
//! - `creation`: the options that `create`, `send` and `set` share. `opening`: those of `send`, `recv`, `forget`, `set` and `get`. `waiting`: for a channel to appear or to change.
//! - `facts`: what can be seen of a channel, as `--json` prints it.
//! - `size`, `time`: how numbers are written. `streams`: standard input and output.
//! - `failure`: what a command comes to. `output`: the way out for that and for facts. `parsing`: what the argument parser says.
//!
//! What holds: facts and messages go to standard output, everything else to standard error. A failure is one sentence
//! behind `memlane: ` and a status that tells what sort it is. Nothing panics, also not when nobody reads the output.

mod creation;
mod demo;
mod facts;
mod failure;
mod framing;
mod opening;
mod output;
mod parsing;
mod pouring;
mod progress;
mod sink;
mod size;
mod source;
mod streams;
mod time;
mod waiting;

mod acquire;
mod call;
mod create;
mod forget;
mod get;
mod info;
mod ls;
mod recv;
mod rm;
mod send;
mod serve;
mod set;
mod signal;

use clap::{Parser, Subcommand};
use failure::Outcome;
use std::process::ExitCode;

/// Messages between processes on one host, through shared memory
#[derive(Debug, Parser)]
#[command(name = "memlane", version, arg_required_else_help = true, after_help = failure::STATUSES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Arguments),
    Ls(ls::Arguments),
    Info(info::Arguments),
    Rm(rm::Arguments),
    Send(send::Arguments),
    Recv(recv::Arguments),
    Forget(forget::Arguments),
    Set(set::Arguments),
    Get(get::Arguments),
    Acquire(acquire::Arguments),
    Signal(signal::Arguments),
    Wait(signal::WaitArguments),
    #[command(hide = true)]
    Held(acquire::HeldArguments),
    Call(call::Arguments),
    Serve(serve::Arguments),
    Demo(demo::Arguments),
    #[command(hide = true)]
    DemoPeer(demo::PeerArguments),
}

impl Command {
    fn run(&self) -> Outcome {
        match self {
            Self::Create(arguments) => create::run(arguments),
            Self::Ls(arguments) => ls::run(arguments),
            Self::Info(arguments) => info::run(arguments),
            Self::Rm(arguments) => rm::run(arguments),
            Self::Send(arguments) => send::run(arguments),
            Self::Recv(arguments) => recv::run(arguments),
            Self::Forget(arguments) => forget::run(arguments),
            Self::Set(arguments) => set::run(arguments),
            Self::Get(arguments) => get::run(arguments),
            Self::Acquire(arguments) => acquire::run(arguments),
            Self::Signal(arguments) => signal::run(arguments),
            Self::Wait(arguments) => signal::run_wait(arguments),
            Self::Held(arguments) => acquire::run_held(arguments),
            Self::Call(arguments) => call::run(arguments),
            Self::Serve(arguments) => serve::run(arguments),
            Self::Demo(arguments) => demo::run(arguments),
            Self::DemoPeer(arguments) => demo::run_peer(arguments),
        }
    }
}

fn main() -> ExitCode {
    let outcome = match Arguments::try_parse() {
        Ok(arguments) => arguments.command.run(),
        Err(error) => parsing::stopped(&error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output::report(&failure),
    }
}
