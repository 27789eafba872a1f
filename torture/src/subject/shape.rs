//! What channels are like whose participants are killed, as the user of `kill` says it: by where messages stand.

use clap::{Args, ValueEnum};
use memlane::broadcast::Policy;

/// Of every kind, for each takes what is its store's.
#[derive(Args)]
pub struct Shapes {
    #[command(flatten)]
    pub lanes: LaneShape,
    #[command(flatten)]
    pub slots: SlotShape,
    #[command(flatten)]
    pub fans: FanShape,
}

/// Channels whose messages go to all receivers.
#[derive(Args, Clone, Copy)]
pub struct FanShape {
    /// broadcast: what the sender does where a receiver lags
    #[arg(long, value_enum, default_value_t = Lag::Block)]
    pub policy: Lag,
}

/// See [`FanShape::policy`].
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lag {
    Block,
    Overwrite,
    Evict,
}

impl From<Lag> for Policy {
    fn from(lag: Lag) -> Self {
        match lag {
            Lag::Block => Self::Block,
            Lag::Overwrite => Self::Overwrite,
            Lag::Evict => Self::Evict,
        }
    }
}

/// Channels of lanes.
#[derive(Args, Clone, Copy)]
pub struct LaneShape {
    /// lanes: ring size in bytes
    #[arg(long, default_value_t = 16 << 10)]
    pub capacity: usize,
    /// lanes: alignment of records in bytes
    #[arg(long, default_value_t = 8)]
    pub record_alignment: usize,
}

/// Channels of slots.
#[derive(Args, Clone, Copy)]
pub struct SlotShape {
    /// slots: how many messages fit
    #[arg(long, default_value_t = 64)]
    pub slots: usize,
    /// slots: how many priorities there are
    #[arg(long, default_value_t = 3)]
    pub priorities: u8,
    /// slots: what becomes of messages whose receiver died
    #[arg(long, value_enum, default_value_t = OnDeath::Redeliver)]
    pub on_death: OnDeath,
}

/// See [`SlotShape::on_death`].
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnDeath {
    Redeliver,
    Discard,
}
