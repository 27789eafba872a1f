//! A region's place on the roll of this process's guardian. Each seat that asks for it keeps it.

use super::roll::{Guardian, State, Wish};
use super::rounds;
use crate::liveness::Settle;
use crate::region::sys::{PerProcess, explained};
use crate::region::{Granted, Life, Region};
use std::io;
use std::sync::Arc;

/// The guardian of this process.
static GUARDIAN: PerProcess<Guardian> = PerProcess::new();

/// A region's place on the roll, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Watch {
    outcome: Outcome,
    region: Arc<Region>,
}

#[derive(Debug)]
enum Outcome {
    /// The life is the guardian's in this channel. It is not over before the charge is off the roll.
    OnTheRoll {
        number: u64,
        guardian: &'static Guardian,
        _life: Life,
    },
    /// All participants are of this process.
    Unneeded,
    Refused(String),
}

impl Watch {
    /// Has the guardian watch this region. Returns once it does, or once another process's is known to do so.
    pub(crate) fn start(region: &Arc<Region>, settle: Settle) -> Self {
        let outcome = Self::enrol(region, settle)
            .unwrap_or_else(|error| Outcome::Refused(explained("starting the guardian", error).to_string()));
        Self { outcome, region: Arc::clone(region) }
    }

    fn enrol(region: &Arc<Region>, settle: Settle) -> io::Result<Outcome> {
        let Some(lock_file) = region.lock_file_path()? else { return Ok(Outcome::Unneeded) };
        let Ok(life) = region.begin_life() else { return Err(io::ErrorKind::ResourceBusy.into()) };
        let guardian = GUARDIAN.get(Guardian::default);
        let wish = Wish { region: Arc::clone(region), settle, life: life.number(), lock_file };
        let number = guardian.add(wish, rounds::run)?;
        Ok(Outcome::OnTheRoll { number, guardian, _life: life })
    }

    /// What has become of the wish.
    pub(crate) fn granted(&self) -> Granted {
        match &self.outcome {
            Outcome::Unneeded => Granted::Yes,
            Outcome::Refused(why) => Granted::No(why.clone()),
            Outcome::OnTheRoll { number, guardian, .. } => match guardian.roll().state_of(*number) {
                Some(State::Refused(why)) => Granted::No(why.clone()),
                _ => Granted::Yes,
            },
        }
    }
}

impl Drop for Watch {
    /// In a forked child, it touches nothing: the thread is the parent's.
    fn drop(&mut self) {
        if let Outcome::OnTheRoll { number, guardian, .. } = &self.outcome
            && !self.region.mark().is_foreign()
        {
            guardian.remove(*number);
        }
    }
}
