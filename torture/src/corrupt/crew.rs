//! The two worker processes, and what becomes of them.

use super::board;
use super::probe::LATE_STATUS;
use crate::talk::{Silence, Talker};
use anyhow::Result;
use memlane::Role;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A single call that takes longer hangs.
const HANG: Duration = Duration::from_secs(10);

/// What no peer may bring about.
#[derive(Debug)]
pub struct Fault {
    /// In which channel of the batch.
    pub case: Option<usize>,
    pub what: String,
}

/// One worker.
struct Member {
    role: Role,
    talker: Talker,
}

pub struct Crew {
    folder: PathBuf,
    members: [Member; 2],
}

/// How calls ended, and how long beyond its deadline each took at most, in nanoseconds.
#[derive(Default)]
pub struct Tally {
    pub counts: BTreeMap<String, BTreeMap<String, u64>>,
    pub longest: BTreeMap<String, u64>,
}

impl Member {
    fn start(kind: &str, role: Role, folder: &Path) -> Result<Self> {
        let folder = folder.display().to_string();
        Ok(Self { role, talker: Talker::start(["corrupt-worker", kind, role.name(), &folder])? })
    }

    fn hear(&mut self, folder: &Path) -> Result<String, Fault> {
        loop {
            let silence = match self.talker.hear(Duration::from_millis(200)) {
                Ok(line) => return Ok(line),
                Err(silence) => silence,
            };
            let note = board::read(folder, self.role);
            let (case, call, since) = match &note {
                Some(note) => (Some(note.case), note.call.as_str(), note.since),
                None => (None, "no call", Duration::ZERO),
            };
            let role = self.role.name();
            match silence {
                Silence::Still if since < HANG => {}
                Silence::Still => {
                    return Err(Fault { case, what: format!("{role} has hung in {call} for {since:?}") });
                }
                Silence::Ended(status) if status.code() == Some(LATE_STATUS) => {
                    return Err(Fault { case, what: format!("{role} was late in {call}") });
                }
                ended => return Err(Fault { case, what: format!("{role} {ended} in {call}") }),
            }
        }
    }
}

impl Crew {
    pub fn start(kind: &str, folder: &Path) -> Result<Self> {
        let start = |role| Member::start(kind, role, folder);
        Ok(Self { folder: folder.to_owned(), members: [start(Role::Sender)?, start(Role::Receiver)?] })
    }

    /// Both join so many channels, and hold something in each.
    pub fn prepare(&mut self, cases: usize) -> Result<(), Fault> {
        for member in &mut self.members {
            member.talker.say(&cases.to_string());
            member.hear(&self.folder)?;
        }
        Ok(())
    }

    /// Both make their calls.
    pub fn go_on(&mut self) {
        self.members.iter_mut().for_each(|member| member.talker.say("go"));
    }

    /// Both have made them. What they saw, by case: the sender and the receiver.
    pub fn finish(&mut self) -> Result<[Vec<u8>; 2], Fault> {
        let mut flags = [Vec::new(), Vec::new()];
        for (member, flags) in self.members.iter_mut().zip(&mut flags) {
            let line = member.hear(&self.folder)?;
            *flags = line.split(' ').skip(1).map(|flags| flags.parse().unwrap_or(u8::MAX)).collect();
        }
        Ok(flags)
    }

    /// Both end, and say how their calls ended.
    pub fn dismiss(mut self, tally: &mut Tally) -> Result<(), Fault> {
        for member in &mut self.members {
            let (rest, status) =
                member.talker.dismiss().map_err(|error| Fault { case: None, what: error.to_string() })?;
            for line in rest {
                let words: Vec<&str> = line.split(' ').collect();
                match words[..] {
                    ["count", call, ended, count] => {
                        let calls = tally.counts.entry(call.to_owned()).or_default();
                        *calls.entry(ended.to_owned()).or_default() += count.parse().unwrap_or(0);
                    }
                    ["longest", call, nanoseconds] => {
                        let longest = tally.longest.entry(call.to_owned()).or_default();
                        *longest = (*longest).max(nanoseconds.parse().unwrap_or(0));
                    }
                    _ => {}
                }
            }
            if !status.success() {
                return Err(Fault { case: None, what: format!("a worker {} at its end", Silence::Ended(status)) });
            }
        }
        Ok(())
    }
}
