//! Kills, stops and watches participants of real channels in real processes, and checks that nothing is lost.
//!
//! Every tool prints its seed, its counts and one closing line, and exits non-zero on any miss.
//!
//! - `kill`: random SIGKILLs of all sides under load; every message is delivered, intact, and none after it was acknowledged.
//! - `stop`: participants that stand still after every instruction, and what the others lose by it.
//! - `soak`: all kinds at once, for minutes or days: random joins, leaves, kills and stops; nothing lost, nothing leaked.
//! - `sweep`: a SIGKILL after every machine instruction of every operation, and of the reaping after it.
//! - `redelivery`: how soon what the dead held comes back while nobody joins and nobody idles.
//! - `recovery`: how long after a SIGKILL the survivors go on.
//! - `crowd`: what many participants cost while they wait, and when most of them die at once.
//! - `storm`: processes that make other processes at every moment of a join.
//! - `corrupt`: a third party overwrites every byte; calls return errors, and nobody panics, crashes or hangs.
//! - `faults`: every system call of every public call fails, one after the other; the right error, and nothing left behind.
//! - `footprint`: what a participant costs: descriptors, idle CPU, system calls per message.
//! - `reads` (`values`): a receiver of a value reads all the time while the sender sets values without a pause.
//!
//! The layers, each of which imports only what stands above it:
//!
//! - what the tools and the kinds share: `random`, `map`, `note`, `scratch`, `watch` and `waking` (by futexes or semaphores); `payload`,
//!   `feed` and `numbered` (what is sent); `phase`; `roles` (of workers); `talk` (processes that are talked with), `tracer` (processes that are stepped), `measure` (what a
//!   process has open and takes);
//! - `subject`: what is asked of a kind of channel, and the calls that all kinds share;
//! - `steps` (a process that is stepped through an operation), `life` (a channel and its workers, from creation to removal), `worker`
//!   (one of these), `selection` (which kinds, over which backends), `side_by_side`; and the tools, the same for every kind;
//! - `lanes`, `fans`, `slots`, `values`: what is a kind's by where its messages stand: what its workers do, and what their accounts have to say;
//! - `kinds`: a row each, and the list of them;
//! - the command line, which gives the list to the tools.

mod corrupt;
mod crowd;
mod fans;
mod faults;
mod feed;
mod footprint;
mod kill;
mod kinds;
mod lanes;
mod life;
mod map;
mod measure;
mod note;
mod numbered;
mod payload;
mod phase;
mod random;
mod recovery;
mod redelivery;
mod roles;
mod scratch;
mod selection;
mod side_by_side;
mod slots;
mod soak;
mod steps;
mod stop;
mod storm;
mod subject;
mod sweep;
mod talk;
mod tracer;
mod values;
mod waking;
mod watch;
mod worker;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Kills and stops participants of memlane channels and checks that nothing is lost")]
struct Arguments {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Subcommand)]
enum Tool {
    /// How long after a SIGKILL the survivors go on
    Recovery(recovery::Options),
    /// How soon what a killed one held comes back under full load
    Redelivery(redelivery::Options),
    /// Random SIGKILLs of all sides under load
    Kill {
        #[command(flatten)]
        options: kill::Options,
        #[command(flatten)]
        shapes: subject::Shapes,
    },
    /// Participants that stand still after every instruction that changed the channel
    Stop(stop::Options),
    /// All kinds at once for as long as is wanted: joins, leaves, kills, stops
    Soak(soak::Options),
    /// A SIGKILL after every instruction of every operation
    Sweep(sweep::Options),
    /// A third party that overwrites the file while others use it
    Corrupt(corrupt::Options),
    /// Many participants: what they cost idle, and when most of them die at once
    Crowd(crowd::Options),
    /// Processes that make other processes at every moment of a join
    Storm(storm::Options),
    /// System calls that fail, one after the other, through every public call
    Faults(faults::Options),
    /// What a participant costs: descriptors, idle CPU, system calls per message
    Footprint(footprint::Options),
    /// What a receiver of a value waits while the sender never pauses
    Reads(values::reads::Options),
    /// One participant, made to be killed
    #[command(hide = true)]
    Worker(worker::Options),
    /// One participant, next to somebody who overwrites the file
    #[command(hide = true)]
    CorruptWorker(corrupt::worker::Options),
    /// One process of a storm
    #[command(hide = true)]
    StormWorker(storm::worker::Options),
    /// Some of those among whom one is killed
    #[command(hide = true)]
    RecoveryWorker(recovery::worker::Options),
    /// Some of a crowd, in one process
    #[command(hide = true)]
    CrowdWorker(crowd::worker::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().tool {
        Tool::Recovery(options) => recovery::run(&options),
        Tool::Redelivery(options) => redelivery::run(&options),
        Tool::Kill { options, shapes } => kill::run(&options, &shapes, &kinds::all_that_are_killed()),
        Tool::Stop(options) => stop::run(&options, &kinds::all_that_are_stepped()),
        Tool::Soak(options) => soak::run(&options, &kinds::all_that_are_killed()),
        Tool::Sweep(options) => sweep::run(&options, &kinds::all_that_are_stepped()),
        Tool::Corrupt(options) => corrupt::run(&options, &kinds::all_that_are_damaged()),
        Tool::Crowd(options) => crowd::run(&options),
        Tool::Storm(options) => storm::run(&options),
        Tool::Faults(options) => faults::run(&options, &kinds::all_that_are_refused()),
        Tool::Footprint(options) => footprint::run(&options),
        Tool::Reads(options) => values::reads::run(&options),
        Tool::Worker(options) => worker::run(&options, &kinds::all_that_are_killed()),
        Tool::StormWorker(options) => storm::worker::run(&options),
        Tool::RecoveryWorker(options) => recovery::worker::run(&options),
        Tool::CrowdWorker(options) => crowd::worker::run(&options),
        Tool::CorruptWorker(options) => corrupt::worker::run(&options, &kinds::all_that_are_damaged()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("torture: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
