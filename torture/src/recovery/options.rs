//! What `torture recovery` can be told.

use clap::Args;

#[derive(Args)]
pub struct Options {
    /// How often each situation is tried
    #[arg(long, default_value_t = 20)]
    pub(super) rounds: usize,
    /// Instead, kills one of so many participants, each a process: of each number in turn
    #[arg(long, value_delimiter = ',')]
    pub(super) participants: Vec<usize>,
    /// With --participants: how many are killed, one after the other
    #[arg(long, default_value_t = 20)]
    pub(super) kills: usize,
    /// With --participants: nobody has a guardian
    #[arg(long)]
    pub(super) slices: bool,
    /// With --participants: MiB of memory of each that is killed
    #[arg(long, default_value_t = 0)]
    pub(super) resident: usize,
    /// With --participants: what the kernel alone takes to release the lock, by looking at it all the time
    #[arg(long)]
    pub(super) kernel: bool,
}
