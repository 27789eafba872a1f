//! What `torture stop` is told.

use crate::selection::Selection;
use crate::subject::Comparison;
use clap::Args;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub channels: Selection,
    /// Seed of which points are taken, and of what the others leave behind; printed if it is not given
    #[arg(long)]
    pub seed: Option<u64>,
    /// Two of the kinds, each over one backend; each change of the file once, fewer in joins; some accesses; three rounds of 50,000 messages
    #[arg(long)]
    pub quick: bool,
    /// Only operations whose line contains this, and no comparison of times
    #[arg(long, default_value = "")]
    pub only: String,
    /// How often the times are compared; 0: not at all
    #[arg(long)]
    rounds: Option<u64>,
    /// How many messages the others exchange each time
    #[arg(long)]
    messages: Option<u64>,
}

impl Options {
    /// How times are compared; without a round, not at all.
    pub fn comparison(&self) -> Comparison {
        let (rounds, messages) = if self.quick { (3, 50_000) } else { (20, 200_000) };
        Comparison { rounds: self.rounds.unwrap_or(rounds), messages: self.messages.unwrap_or(messages) }
    }
}
