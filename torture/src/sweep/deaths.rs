//! The deaths of one scenario: stepping, and what the survivors find.

use super::judge::Outcome;
use super::rival::{Place, Rival};
use crate::numbered::{LENGTH, number_of};
use crate::steps::access::Accesses;
use crate::steps::account::Delivered;
use crate::steps::image::{Image, Watch};
use crate::steps::others::Task;
use crate::steps::scenario::{Expectation, Operation, Scenario, State};
use crate::steps::stage::{STEPS_MAX, Setting, Stage};
use crate::stop::around;
use crate::stop::verdict::{Accounts, got, sent};
use crate::tracer::{Forked, Stop};
use anyhow::{Context, Result, bail, ensure};
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
    pub fn prepare(setting: Setting<'a>, scenario: Scenario) -> Result<Self> {
        let stage = Stage::prepare(setting, scenario)?;
        let expected = scenario.expectation(stage.queued.clone(), usize::from(scenario.state == State::Held));
        Ok(Self { stage, expected, rival: None })
    }

    /// The same around a rival that stands there.
    pub fn around(setting: Setting<'a>, scenario: Scenario, place: &Place) -> Result<Self> {
        let State::Rival { act, .. } = scenario.state else { bail!("no rival") };
        let mut deaths = Self::prepare(setting, scenario)?;
        let mut queued: Vec<u64> = place.left.iter().map(|one| one.number).collect();
        queued.sort_unstable();
        let rival = Rival::at(place, setting, act)?;
        ensure!(queued.starts_with(&rival.held), "the rival holds {:?} of {queued:?}", rival.held);
        deaths.expected = scenario.expectation(queued, rival.held.len());
        deaths.rival = Some(rival);
        Ok(deaths)
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

    /// After how many instructions of the operation the next one touches the file.
    pub fn accesses(&mut self) -> Result<Vec<u64>> {
        self.stage.before.restore(&self.stage.work())?;
        let mut child = self.stage.start()?;
        let mut watched = Accesses::of(&child, &self.stage.work())?;
        let (mut steps, mut accesses) = (0, Vec::new());
        loop {
            if watched.is_next()? {
                accesses.push(steps);
            }
            if child.step()? == Stop::Mark {
                break;
            }
            steps += 1;
        }
        child.kill();
        self.stage.before.delete(&self.stage.work())?;
        Ok(accesses)
    }

    /// The rival stands so many instructions further from now on, where the file is the same.
    pub fn stand_beyond(&mut self, beyond: u64) {
        if let Some(rival) = &mut self.rival {
            rival.beyond = beyond;
        }
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

    /// The process is dead, and the rival stands still: others go on around it, then it goes on. Returns what they had, all
    /// together, of what was there before and of what the process sent.
    fn go_on_around(&mut self, process: Forked) -> Result<Vec<Delivered>> {
        let (path, name) = (self.stage.work(), self.stage.name());
        let rival = self.rival.as_mut().context("no rival")?;
        let task = Task { scenario: rival.scenario, finds_nothing: false };
        let others = around::join(self.stage.kind, task, &name, &mut rival.others)?;
        around::go_on(process, Some((others, &rival.others)), None, false)?;
        let rival = self.rival.as_ref().context("no rival")?;
        let (stopped, others) = (rival.account.deeds(), rival.others.deeds());
        let own = self.own_among(&got(&stopped)) + self.own_among(&got(&others));
        let before = self.stage.sent + sent(&stopped).chain(sent(&others)).count() as u64 + own;
        let left = self.stage.kind.survive(&path, &|left| before + self.own_among(left))?;
        let accounts = Accounts {
            scenario: rival.scenario,
            queued: &self.stage.queued,
            stopped,
            others,
            sleeper: Vec::new(),
            left,
            killed: Some(&self.expected),
        };
        let had = accounts.check()?.had.into_iter();
        let asked = had.filter(|number| self.expected.queued.contains(number) || self.expected.own.contains(number));
        Ok(asked.map(|number| Delivered { number, again: false }).collect())
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
        let (path, name) = (self.stage.work(), self.stage.name());
        remains.image.restore(&path)?;
        Forked::start_traced(|| self.stage.kind.join(role, &name))
    }

    /// Starts the process, up to the operation, and who sleeps or stands still meanwhile.
    fn start(&mut self) -> Result<Cast> {
        let stage = &mut self.stage;
        stage.before.restore(&stage.work())?;
        let rival = self.rival.as_mut().map(|rival| rival.start(stage.kind, &stage.name())).transpose()?;
        let child = stage.start()?;
        let (kind, name) = (stage.kind, stage.name());
        let wakes = stage.scenario.operation == Operation::Wake;
        let sleeper = wakes.then(|| stage.start_sleeper(|| kind.sleep(&name))).transpose()?;
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
        self.stage.kind.survive(path, &|delivered| before + self.own_among(delivered))
    }

    /// How many of these the operation sent.
    fn own_among(&self, delivered: &[Delivered]) -> u64 {
        delivered.iter().filter(|one| self.expected.own.contains(&one.number)).count() as u64
    }

    /// What a dead rival held comes again, and says so.
    fn check_marks(&self, delivered: &[Delivered]) -> Result<()> {
        for number in self.rival.iter().flat_map(|rival| &rival.held) {
            let marked = delivered.contains(&Delivered { number: *number, again: true });
            ensure!(marked, "message {number}, which the rival held, came without a mark");
        }
        Ok(())
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
