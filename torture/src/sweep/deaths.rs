//! The deaths of one scenario: stepping, and what the survivors find.

use super::judge::Outcome;
use super::rivals::Rival;
use crate::scratch::Scratch;
use crate::steps::acts::{self, with_kind};
use crate::steps::image::{Image, Watch};
use crate::steps::scenario::{Expectation, LENGTH, Operation, Scenario, State, number_of};
use crate::steps::stage::{STEPS_MAX, Stage};
use crate::steps::survivor::{Delivered, survive};
use crate::tracer::{Forked, Stop, mark};
use crate::waking::{Waking, trust};
use anyhow::{Context, Result, ensure};
use memlane::Role;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// What is left of a process that died after some instruction, as far as it differs from what a death before leaves.
pub struct Remains {
    /// Instructions that it executed.
    pub steps: u64,
    /// Where it stood.
    place: String,
    image: Image,
    /// What the survivors got.
    pub delivered: Vec<Delivered>,
}

impl fmt::Display for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "killed after instruction {}, at {}", self.steps, self.place)
    }
}

/// One scenario: deaths start from here.
pub struct Deaths<'a> {
    pub stage: Stage<'a>,
    pub expected: Expectation,
    /// Who stands still meanwhile.
    pub rival: Option<Rival>,
}

/// Who is there when the operation starts.
struct Cast {
    child: Forked,
    sleeper: Option<Forked>,
    rival: Option<Forked>,
}

/// What was found by stepping once from mark to mark.
pub struct Stepped {
    /// Instructions from mark to mark.
    pub steps: u64,
    pub remains: Vec<Remains>,
    pub outcomes: BTreeSet<Outcome>,
}

impl<'a> Deaths<'a> {
    pub fn prepare(scenario: Scenario, waking: Waking, scratch: &'a Scratch) -> Result<Self> {
        let stage = Stage::prepare(scenario, waking, scratch)?;
        let expected = scenario.expectation(stage.queued.clone(), usize::from(scenario.state == State::Held));
        Ok(Self { stage, expected, rival: None })
    }

    /// Steps one process through the operation. After each instruction that changed the file, survivors take over a copy.
    pub fn step_through(&mut self) -> Result<Stepped> {
        let Cast { mut child, mut sleeper, rival } = self.start()?;
        let mut watch = Watch::start(&self.stage.work())?;
        let mut stepped = Stepped { steps: 0, remains: Vec::new(), outcomes: BTreeSet::new() };
        let mut last = Outcome { sent: 0, finished: 0 };
        loop {
            if watch.changed() {
                let bytes = take_still(&mut watch, sleeper.as_mut())?;
                let (steps, place) = (stepped.steps, child.place());
                let image = self.stage.before.with_bytes(bytes);
                let at = || format!("killed after instruction {steps}, at {place}");
                let (outcome, delivered) = self.survive(&image).with_context(at)?;
                ensure!(outcome >= last, "{}: {outcome:?} after {last:?}", at());
                ensure!(outcome.finished >= last.finished, "{}: {outcome:?} after {last:?}", at());
                if stepped.remains.is_empty() {
                    self.expected.judge_ends(false, outcome).with_context(at)?;
                }
                self.check_inbox(outcome).with_context(at)?;
                stepped.outcomes.insert(outcome);
                stepped.remains.push(Remains { steps, place, image, delivered });
                last = outcome;
            }
            if child.step()? == Stop::Mark {
                break;
            }
            stepped.steps += 1;
            ensure!(stepped.steps < STEPS_MAX, "more than {STEPS_MAX} instructions, now at {}", child.place());
        }
        self.expected.judge_ends(true, last).with_context(|| format!("killed at the end, {}", stepped.steps))?;
        child.kill();
        drop((sleeper, rival));
        self.stage.before.delete(&self.stage.work())?;
        Ok(stepped)
    }

    /// Kills a process of its own after each so many instructions, with SIGKILL, and lets survivors take over.
    pub fn kill_at(&mut self, points: &[u64], stepped: &Stepped) -> Result<()> {
        for &point in points {
            let at = || format!("really killed after instruction {point}");
            let Cast { mut child, sleeper, rival } = self.start()?;
            let mut ended = false;
            for _ in 0..point {
                ended = child.step().with_context(at)? == Stop::Mark;
                if ended {
                    break;
                }
            }
            child.kill();
            drop(sleeper);
            let delivered = match rival {
                Some(rival) => self.go_on_around(rival),
                None => self.take_over(&self.stage.work()),
            };
            let outcome = self.expected.judge(&delivered.with_context(at)?, true).with_context(at)?;
            if ended || point == 0 {
                self.expected.judge_ends(ended, outcome).with_context(at)?;
            }
            self.check_inbox(outcome).with_context(at)?;
            ensure!(stepped.outcomes.contains(&outcome), "{}: {outcome:?}, which no copy had", at());
        }
        Ok(())
    }

    /// The double crash: steps a process that joins where these remains are to be reaped. After each instruction that
    /// changed the file, it dies, too, and others take over. Returns how many instructions there are, and those changes.
    pub fn reap(&self, remains: &Remains, role: Role) -> Result<(u64, Vec<u64>)> {
        let mut child = self.start_reaper(remains, role)?;
        let mut watch = Watch::start(&self.stage.work())?;
        let (mut steps, mut changes) = (0, Vec::new());
        loop {
            if watch.changed() {
                let image = self.stage.before.with_bytes(watch.take().to_vec());
                let at = || format!("{remains}; its {role:?} reaper after {steps}, at {}", child.place());
                let (_, delivered) = self.survive(&image).with_context(at)?;
                let same = numbers(&delivered) == numbers(&remains.delivered);
                ensure!(same, "{}: {delivered:?} instead of {:?}", at(), remains.delivered);
                changes.push(steps);
            }
            if child.step()? == Stop::Mark {
                break;
            }
            steps += 1;
            ensure!(steps < STEPS_MAX, "a reaper without end, now at {}", child.place());
        }
        child.kill();
        self.stage.before.delete(&self.stage.work())?;
        Ok((steps + 1, changes))
    }

    /// The same with a real SIGKILL after so many instructions of the reaper.
    pub fn kill_reaper_at(&self, remains: &Remains, role: Role, point: u64) -> Result<()> {
        let at = || format!("{remains}; its {role:?} reaper really killed after {point}");
        let mut child = self.start_reaper(remains, role)?;
        for _ in 0..point {
            if child.step().with_context(at)? == Stop::Mark {
                break;
            }
        }
        child.kill();
        let delivered = self.take_over(&self.stage.work()).with_context(at)?;
        self.expected.judge(&delivered, true).with_context(at)?;
        let same = numbers(&delivered) == numbers(&remains.delivered);
        ensure!(same, "{}: {delivered:?} instead of {:?}", at(), remains.delivered);
        Ok(())
    }

    /// Starts a process that joins where these remains are, up to that.
    fn start_reaper(&self, remains: &Remains, role: Role) -> Result<Forked> {
        let (path, kind) = (self.stage.work(), self.stage.scenario.kind);
        let name = path.display().to_string();
        remains.image.restore(&path)?;
        Forked::start_traced(|| {
            with_kind!(kind, kind => {
                let channel = kind::Options::new().trust_peers(trust()).open(&name)?;
                mark();
                let _end = match role {
                    Role::Sender => (Some(channel.sender()?), None),
                    _ => (None, Some(channel.receiver()?)),
                };
                mark();
                Ok(())
            })
        })
    }

    /// Starts the process, up to the operation, and who sleeps or stands still meanwhile.
    fn start(&mut self) -> Result<Cast> {
        let stage = &mut self.stage;
        stage.before.restore(&stage.work())?;
        let rival = self.rival.as_mut().map(|rival| rival.start(&stage.name())).transpose()?;
        let child = stage.start()?;
        let (kind, name) = (stage.scenario.kind, stage.name());
        let wakes = stage.scenario.operation == Operation::Wake;
        let sleeper = wakes.then(|| stage.start_sleeper(|| acts::sleep(kind, &name))).transpose()?;
        Ok(Cast { child, sleeper, rival })
    }

    fn survive(&self, image: &Image) -> Result<(Outcome, Vec<Delivered>)> {
        let copy = self.stage.scratch.path("copy");
        image.restore(&copy)?;
        let delivered = self.take_over(&copy)?;
        let outcome = self.expected.judge(&delivered, true)?;
        self.check_marks(&delivered)?;
        Ok((outcome, delivered))
    }

    /// What the survivors find at `path`.
    fn take_over(&self, path: &Path) -> Result<Vec<Delivered>> {
        let before = self.stage.sent + self.rival.as_ref().map_or(0, |rival| rival.sent);
        survive(self.stage.scenario.kind, path, |delivered| before + self.own_among(delivered))
    }

    /// What does not come again has arrived.
    fn check_inbox(&self, outcome: Outcome) -> Result<()> {
        if self.stage.scenario.operation == Operation::ReceiveInto && outcome.finished > 0 {
            let arrived = number_of(&self.stage.account.received()[..LENGTH]);
            ensure!(arrived == self.expected.finished.first().copied(), "a message is gone that has not arrived");
        }
        Ok(())
    }
}

/// The numbers of these, in any order.
fn numbers(delivered: &[Delivered]) -> BTreeSet<u64> {
    delivered.iter().map(|one| one.number).collect()
}

/// The file's bytes of a moment when nobody writes: whoever was woken is stopped first.
fn take_still(watch: &mut Watch, sleeper: Option<&mut Forked>) -> Result<Vec<u8>> {
    let Some(sleeper) = sleeper else { return Ok(watch.take().to_vec()) };
    loop {
        if !sleeper.is_asleep()? {
            sleeper.stop()?;
            return Ok(watch.take().to_vec());
        }
        let bytes = watch.take().to_vec();
        // Still asleep, and nothing changed meanwhile: it slept all the time.
        if sleeper.is_asleep()? && !watch.changed() {
            return Ok(bytes);
        }
    }
}
