//! Waiting for what others do, and the clock that all processes share.

use anyhow::{Result, bail};
use memlane::{Info, ParticipantInfo, ParticipantState};
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// What takes longer has hung.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// CLOCK_MONOTONIC in nanoseconds: the same in every process, and never backwards from one to the other.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Looks until `condition` comes true.
pub fn until(what: &str, mut condition: impl FnMut() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while !condition()? {
        if started.elapsed() > DEADLINE {
            bail!("never came true: {what}");
        }
        std::thread::yield_now();
    }
    Ok(())
}

/// Looks at the channel until one of its participants is as wanted.
pub fn until_participant(channel: &str, what: &str, wanted: impl Fn(&ParticipantInfo) -> bool) -> Result<()> {
    until(what, || Ok(memlane::inspect(channel)?.participants.iter().any(&wanted)))
}

/// Whether it has joined, and is alive.
pub fn is_there(participant: &ParticipantInfo) -> bool {
    participant.alive == Some(true) && participant.state == ParticipantState::Live
}

/// Whether nobody is there, and nobody's death went unnoticed.
pub fn everybody_left(info: &Info) -> bool {
    info.participants.iter().all(|one| one.alive == Some(false) && one.state != ParticipantState::Live)
}
