//! One channel, from its creation to its removal: workers that come and go, and the accounts of what they did.

use crate::phase::{PhaseCell, PhaseCounts};
use crate::scratch::{Scratch, Worker};
use crate::subject::{Closing, Site, Staff, Trial, Victim};
use crate::watch;
use anyhow::{Result, anyhow, ensure};
use memlane::{Info, Role};
use std::path::PathBuf;

/// A worker that is there.
pub struct Seat {
    pub role: Role,
    number: u32,
    pub worker: Worker,
    pub phase: PhaseCell,
}

/// See the module.
pub struct Life {
    kind: &'static str,
    site: Site,
    /// Journals and phases.
    scratch: Scratch,
    /// Seed of what the workers do.
    seed: u64,
    pub trial: Box<dyn Trial>,
    /// Workers started so far.
    started: u32,
    /// Senders and receivers that were killed, and all that left.
    pub killed: [u64; 2],
    pub left: u64,
    /// Where they were killed.
    pub phases: PhaseCounts,
}

impl Life {
    pub fn new(kind: &'static str, site: Site, scratch: Scratch, seed: u64, trial: Box<dyn Trial>) -> Self {
        let phases = PhaseCounts::default();
        Self { kind, site, scratch, seed, trial, started: 0, killed: [0; 2], left: 0, phases }
    }

    pub fn channel(&self) -> &str {
        &self.site.channel
    }

    fn journal(&self, number: u32) -> PathBuf {
        self.scratch.path(&format!("journal-{number}"))
    }

    fn phase(&self, number: u32) -> PathBuf {
        self.scratch.path(&format!("phase-{number}"))
    }

    pub fn start(&mut self, role: Role) -> Result<Seat> {
        let number = self.started;
        self.started += 1;
        let role_name = if role == Role::Sender { "sender" } else { "receiver" };
        let mut arguments = vec![self.kind.to_owned(), role_name.to_owned(), self.channel().to_owned()];
        arguments.push(format!("--number={number}"));
        arguments.push(format!("--seed={}", self.seed));
        arguments.push(format!("--journal={}", self.journal(number).display()));
        let phase = PhaseCell::create(&self.phase(number))?;
        arguments.push(format!("--phase={}", self.phase(number).display()));
        arguments.extend(self.site.feed.as_ref().map(|feed| format!("--feed={}", feed.display())));
        Ok(Seat { role, number, worker: Worker::start(&arguments)?, phase })
    }

    /// As many as there are to be.
    pub fn start_all(&mut self) -> Result<Vec<Seat>> {
        let Staff { senders, receivers } = self.trial.staff();
        let roles = (0..senders).map(|_| Role::Sender).chain((0..receivers).map(|_| Role::Receiver));
        roles.map(|role| self.start(role)).collect()
    }

    /// Waits for the end of one that was killed, unless it left before, and takes it into account.
    pub fn gone(&mut self, seat: &mut Seat) -> Result<()> {
        let status = seat.worker.wait()?;
        ensure!(status.is_none_or(|status| status == 0), "{:?} {} failed by itself", seat.role, seat.number);
        let killed = status.is_none();
        if killed {
            self.killed[usize::from(seat.role == Role::Receiver)] += 1;
            self.phases.count(seat.phase.now());
        } else {
            self.left += 1;
        }
        let journal = self.journal(seat.number);
        let victim = Victim { role: seat.role, number: seat.number, journal, killed };
        self.trial.account_for(&victim)?;
        // Journals of thousands would fill the memory.
        if victim.journal.exists() {
            std::fs::remove_file(&victim.journal)?;
        }
        Ok(std::fs::remove_file(self.phase(seat.number))?)
    }

    /// Another one comes for one that is gone.
    pub fn replace(&mut self, seat: &mut Seat) -> Result<()> {
        self.gone(seat)?;
        *seat = self.start(seat.role)?;
        Ok(())
    }

    /// Kills the senders; the receivers get what is left, and end.
    pub fn drain(&mut self, mut seats: Vec<Seat>) -> Result<()> {
        self.get_going(&mut seats)?;
        for seat in seats.iter_mut().filter(|seat| seat.role == Role::Sender) {
            seat.worker.kill()?;
            self.gone(seat)?;
        }
        self.trial.senders_are_gone();
        for seat in seats.iter_mut().filter(|seat| seat.role == Role::Receiver) {
            let ends = watch::until("a receiver drains the channel and ends", || Ok(seat.worker.ended()?.is_some()));
            ends.map_err(|error| self.with_state(&error))?;
            ensure!(seat.worker.wait()? == Some(0), "receiver {} failed", seat.number);
            self.gone(seat)?;
        }
        Ok(())
    }

    /// Waits until all of them are there at once, and each receiver receives. Who has ended instead is replaced: a receiver
    /// that found no sender alive may be about to.
    fn get_going(&mut self, seats: &mut [Seat]) -> Result<()> {
        let mut before = vec![None; seats.len()];
        let works = watch::until("everybody joins, and receives", || {
            if let Some(seat) = first_ended(seats)? {
                self.replace(seat)?;
                before.fill(None);
                return Ok(false);
            }
            // Whoever was asked to leave would do so before the channel is drained.
            if seats.iter().any(|seat| seat.phase.was_asked_to_leave()) {
                return Ok(false);
            }
            let info = memlane::inspect(&self.site.channel)?;
            let Some(messages) = seats.iter().map(|seat| messages_of(&info, seat)).collect::<Option<Vec<_>>>() else {
                return Ok(false);
            };
            let receivers =
                seats.iter().zip(messages).zip(&mut before).filter(|((seat, _), _)| seat.role != Role::Sender);
            Ok(receivers.fold(true, |all, ((_, messages), before)| all & (messages > *before.get_or_insert(messages))))
        });
        works.map_err(|error| self.with_state(&error))
    }

    /// The error, and how the channel stands.
    fn with_state(&self, error: &anyhow::Error) -> anyhow::Error {
        match memlane::inspect(self.channel()) {
            Ok(info) => anyhow!("{error:#}: {:?}, lanes {:?}, queue {:?}", info.status, info.lanes, info.queue),
            Err(unknown) => anyhow!("{error:#}: {unknown}"),
        }
    }

    /// Everybody is gone: compares all accounts, and removes the channel unless it is to stay. Returns what was found, and
    /// where the files were.
    pub fn close(self, keep: bool) -> Result<(Closing, Scratch)> {
        let info = memlane::inspect(self.channel())?;
        ensure!(watch::everybody_left(&info), "somebody is still there: {info:#?}");
        let closing = self.trial.close(&info)?;
        if !keep {
            memlane::remove(&self.site.channel)?;
            let mut left = self.scratch.files()?;
            left.retain(|name| !name.starts_with("feed"));
            ensure!(left.is_empty(), "files were left: {left:?}");
        }
        Ok((closing, self.scratch))
    }
}

fn first_ended(seats: &mut [Seat]) -> Result<Option<&mut Seat>> {
    for seat in seats {
        if seat.worker.ended()?.is_some() {
            return Ok(Some(seat));
        }
    }
    Ok(None)
}

/// How many messages it sent or received, if it is there.
fn messages_of(info: &Info, seat: &Seat) -> Option<u64> {
    let row = info.participants.iter().find(|one| one.pid == seat.worker.id() && watch::is_there(one));
    row.map(|row| row.counters.messages)
}
