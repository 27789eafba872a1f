//! Many participants of one queue at a time.
//!
//! - *Idle*: what receivers that wait for a message cost while nothing comes, in processor time of all of them: a thousand in
//!   ten processes, over two channels, since a channel seats 512 of them; and 256 processes of one. Beside it, one alone, and as
//!   many threads that only sleep as often. Meanwhile one of the processes joins and leaves, and forks.
//! - *Mass death*: 400 of 512 receivers hold messages of eight priorities in a channel of 65,536 slots, and are killed at once.
//!   How long until all of those came again, and how long any call of the others took beyond its deadline.

mod death;
mod idle;
pub mod worker;

use anyhow::Result;
use clap::{Args, ValueEnum};

#[derive(Args)]
pub struct Options {
    /// How long the idle ones are watched, each time
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often one joins, and forks, meanwhile
    #[arg(long, default_value_t = 30)]
    tries: u32,
    /// In how many processes those live that are killed at once
    #[arg(long, default_value_t = 400)]
    processes: u32,
    /// Only this part; else both
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Only 200 idle ones, 32 processes of one, and 40 processes that die
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Idle,
    Death,
}

pub fn run(options: &Options) -> Result<()> {
    let crowds = if options.quick {
        [idle::Crowd { channels: 2, processes: 10, each: 20 }, idle::Crowd { channels: 1, processes: 32, each: 1 }]
    } else {
        [idle::Crowd { channels: 2, processes: 10, each: 100 }, idle::Crowd { channels: 1, processes: 256, each: 1 }]
    };
    let watching = idle::Watching { seconds: options.seconds, tries: options.tries };
    if options.only != Some(Part::Death) {
        let one = idle::measure(&idle::Crowd { channels: 1, processes: 1, each: 1 }, watching)?;
        for crowd in &crowds {
            idle::measure(crowd, watching)?.judge(&one)?;
        }
    }
    if options.only != Some(Part::Idle) {
        death::run(if options.quick { 40 } else { options.processes })?;
    }
    println!("torture crowd: nobody waits for the many");
    Ok(())
}
