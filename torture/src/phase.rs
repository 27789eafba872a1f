//! What a worker is doing at this moment: a byte of a file that its tool maps, too. The tool waits for a phase and kills
//! its worker there; what the byte says after the worker's death is the phase in which it died. A second byte is the tool's:
//! whether the worker is to leave.

use crate::map::SharedBytes;
use anyhow::Result;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a worker does, call by call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Opening the channel.
    Joining = 1,
    /// Taking its seat: there it reaps who died in it, and others who died.
    Reaping,
    /// In a call that blocks, for there was no message, or no room.
    Waiting,
    /// In a call that gets room for a message.
    Reserving,
    /// Writing a message.
    Copying,
    /// In a call that commits, or that sends as a whole.
    Committing,
    /// In a call that receives.
    Taking,
    /// In a call that acknowledges, or gives back.
    Acknowledging,
}

/// How often a worker now and then repeats what is over too soon for a kill to hit it: reserving, writing, publishing.
pub const REPEATS: u32 = 1_500;

use Phase::{Acknowledging, Committing, Copying, Joining, Reaping, Reserving, Taking, Waiting};

impl Phase {
    pub const ALL: [Self; 8] = [Joining, Reaping, Waiting, Reserving, Copying, Committing, Taking, Acknowledging];

    /// Those of a worker that sends, or receives.
    pub fn of(sends: bool) -> &'static [Self] {
        if sends {
            &[Joining, Reaping, Waiting, Reserving, Copying, Committing]
        } else {
            &[Joining, Reaping, Waiting, Taking, Acknowledging]
        }
    }

    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// The worker's byte, and the tool's.
const PHASE: usize = 0;
const LEAVE: usize = 1;
const BYTES: usize = 2;

/// A worker's phase.
pub struct PhaseCell(SharedBytes);

impl PhaseCell {
    /// The tool's: in a new file.
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(SharedBytes::create(path, BYTES)?))
    }

    /// The worker's.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self(SharedBytes::open(path, BYTES)?))
    }

    pub fn enter(&self, phase: Phase) {
        self.0.store(PHASE, phase as u8);
    }

    /// `None` until it begins.
    pub fn now(&self) -> Option<Phase> {
        Phase::ALL.into_iter().find(|&phase| phase as u8 == self.0.load(PHASE))
    }

    /// Asks the worker to leave in good order, as soon as it is in no call.
    pub fn ask_to_leave(&self) {
        self.0.store(LEAVE, 1);
    }

    /// Whether it was asked to.
    pub fn was_asked_to_leave(&self) -> bool {
        self.0.load(LEAVE) != 0
    }

    /// Waits until it is in this phase, or for so long.
    pub fn wait_for(&self, phase: Phase, at_most: Duration) {
        let started = Instant::now();
        while self.now() != Some(phase) && started.elapsed() < at_most {
            std::hint::spin_loop();
        }
    }
}

/// The phases of a worker, whether anybody looks at them or not.
pub struct Phases(Option<PhaseCell>);

impl Phases {
    pub fn at(path: Option<&Path>) -> Result<Self> {
        Ok(Self(path.map(PhaseCell::open).transpose()?))
    }

    pub fn enter(&self, phase: Phase) {
        if let Some(cell) = &self.0 {
            cell.enter(phase);
        }
    }

    /// Whether the tool asked for that.
    pub fn is_to_leave(&self) -> bool {
        self.0.as_ref().is_some_and(PhaseCell::was_asked_to_leave)
    }
}

/// In which phases workers died.
#[derive(Default)]
pub struct PhaseCounts {
    counts: [u64; Phase::ALL.len()],
    before_it_began: u64,
}

impl PhaseCounts {
    /// One died, before it began if there is no phase.
    pub fn count(&mut self, phase: Option<Phase>) {
        match Phase::ALL.into_iter().position(|one| Some(one) == phase) {
            Some(at) => self.counts[at] += 1,
            None => self.before_it_began += 1,
        }
    }

    pub fn total(&self) -> u64 {
        self.before_it_began + self.counts.iter().sum::<u64>()
    }

    /// The phase, of these, in which the fewest died.
    pub fn least(&self, of: &[Phase]) -> Phase {
        self.rarest_of(|phase| of.contains(&phase))
    }

    /// How many of all died in this phase, in per cent.
    pub fn percent(&self, phase: Phase) -> f64 {
        100.0 * self.counts[phase as usize - 1] as f64 / self.total().max(1) as f64
    }

    /// The phase, of these between joining and leaving, in which the fewest died so far.
    pub fn rarest(&self, of: &[Phase]) -> Phase {
        self.rarest_of(|phase| of.contains(&phase) && !matches!(phase, Joining | Reaping))
    }

    /// The same of those of a newcomer.
    pub fn rarest_of_newcomers(&self) -> Phase {
        self.rarest_of(|phase| matches!(phase, Joining | Reaping))
    }

    fn rarest_of(&self, which: impl Fn(Phase) -> bool) -> Phase {
        let some = Phase::ALL.into_iter().zip(self.counts).filter(|&(phase, _)| which(phase));
        some.min_by_key(|&(_, count)| count).map_or(Waiting, |(phase, _)| phase)
    }

    /// So many in each.
    pub fn describe(&self) -> String {
        let parts = Phase::ALL.into_iter().zip(self.counts).map(|(phase, count)| format!("{} {count}", phase.name()));
        parts.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_sees_what_its_worker_does() {
        let path = std::env::temp_dir().join(format!("memlane-phase-{}", std::process::id()));
        let tool = PhaseCell::create(&path).unwrap();
        let worker = PhaseCell::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(tool.now(), None);
        for phase in Phase::ALL {
            worker.enter(phase);
            assert_eq!(tool.now(), Some(phase));
        }
        let worker = Phases(Some(worker));
        assert!(!worker.is_to_leave());
        tool.ask_to_leave();
        assert!(worker.is_to_leave());
        for sends in [true, false] {
            assert!(Phase::of(sends).iter().all(|phase| Phase::ALL.contains(phase)));
        }
    }
}
