//! How long a channel made no progress though somebody alive and not stopped had something to do.

use memlane::{Info, ParticipantInfo, Role};
use std::time::{Duration, Instant};

/// The longest stall of a row of channels, by looks at it that come often.
pub struct Stalls {
    /// Positions of the channel at the last look that saw progress, or no work; and when that was.
    seen: Option<(Vec<u64>, Instant)>,
    pub longest: Duration,
}

impl Stalls {
    pub fn new() -> Self {
        Self { seen: None, longest: Duration::ZERO }
    }

    /// Another channel, or a pause: what was before is no stall.
    pub fn start_anew(&mut self) {
        self.seen = None;
    }

    /// How the channel stands at this moment. `works`: whether that participant is one that is not stopped. Returns how long
    /// it has stalled.
    pub fn look(&mut self, info: &Info, works: impl Fn(&ParticipantInfo) -> bool, now: Instant) -> Duration {
        let positions = positions(info);
        let some = |role| info.participants.iter().any(|one| one.role == role && works(one));
        let is_work = some(Role::Receiver) && has_messages(info) || some(Role::Sender) && has_room(info);
        match &self.seen {
            Some((before, since)) if is_work && *before == positions => {
                let stalled = now.saturating_duration_since(*since);
                self.longest = self.longest.max(stalled);
                stalled
            }
            _ => {
                self.seen = Some((positions, now));
                Duration::ZERO
            }
        }
    }
}

/// What moves when a message is sent or received, and never back.
fn positions(info: &Info) -> Vec<u64> {
    let lanes = info.lanes.iter().flat_map(|lane| [lane.committed, lane.consumed]);
    let queues = info.queue.iter().flat_map(|queue| queue.passed.iter().chain(&queue.queued).copied());
    lanes.chain(queues).chain(info.value.iter().map(|value| value.version)).collect()
}

fn has_messages(info: &Info) -> bool {
    let in_lanes = info.lanes.iter().any(|lane| lane.used_bytes() > 0);
    in_lanes || info.queue.as_ref().is_some_and(|queue| queue.queued.iter().any(|&queued| queued > 0))
}

/// A lane that is half full may have no room for a large message that would wrap.
fn has_room(info: &Info) -> bool {
    let in_lanes = info.lanes.iter().any(|lane| lane.used_bytes() < info.capacity / 2);
    in_lanes || info.value.is_some() || info.queue.as_ref().is_some_and(|queue| queue.free > 0)
}
