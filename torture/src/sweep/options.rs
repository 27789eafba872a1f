//! What `torture sweep` is told, and what it has done.

use crate::selection::Selection;
use clap::Args;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub channels: Selection,
    /// Only operations whose line contains this
    #[arg(long, default_value = "")]
    pub only: String,
    /// Each kind over one backend; three real kills an operation, and a reaper for every third one; survivors still take over from every copy
    #[arg(long)]
    pub quick: bool,
    /// Seed of which backend each kind takes when it is to be quick, of where rivals stand and what goes on around them, as far as not everything is taken; printed if it is not given
    #[arg(long)]
    pub seed: Option<u64>,
    /// Operations of at most so many instructions are really killed after every one
    #[arg(long, default_value_t = 150)]
    pub kill_all: u64,
}

/// What was done.
#[derive(Default)]
pub struct Totals {
    pub points: u64,
    pub states: u64,
    pub kills: u64,
    pub reaper_points: u64,
    pub reaper_states: u64,
    pub reaper_kills: u64,
}

impl Totals {
    pub fn add(&mut self, more: &Self) {
        self.points += more.points;
        self.states += more.states;
        self.kills += more.kills;
        self.reaper_points += more.reaper_points;
        self.reaper_states += more.reaper_states;
        self.reaper_kills += more.reaper_kills;
    }
}
