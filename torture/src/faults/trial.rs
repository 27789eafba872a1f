//! The parent's side: one case is a fresh copy of a channel, a child that makes one call, of which one system call fails,
//! and survivors who use what is left.

use super::calls::Call;
use super::stage::{self, PATIENCE, Scene};
use super::system_calls::{self, Described};
use crate::scratch::Scratch;
use crate::steps::Steppable;
use crate::steps::image::adopt_lock_file;
use crate::tracer::{End, Event, Forked, set_alarm};
use crate::waking::Waking;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// More system calls than any call makes, even one that tries for a while to get what others hold.
const CALLS_MAX: usize = 20_000;

/// Which system call fails, with what, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub number: i64,
    /// Of the calls with this number, the first that fails.
    pub occurrence: usize,
    pub errno: i32,
    pub times: usize,
}

/// What came of one run.
#[derive(Debug)]
pub struct Ran {
    /// The system calls between the marks.
    pub calls: Vec<Described>,
    /// How often one was made to fail.
    pub failed: usize,
    pub end: Ended,
    report: Vec<(String, String)>,
}

/// How the call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Returned,
    /// The process ended otherwise than by itself.
    Died(End),
    /// It took too long.
    Hung,
    /// It made system calls without end.
    Spun,
}

impl Ran {
    /// What the child said under this word.
    pub fn said(&self, word: &str) -> impl Iterator<Item = &str> {
        self.report.iter().filter(move |(one, _)| one == word).map(|(_, what)| what.as_str())
    }

    /// The last of it.
    pub fn last(&self, word: &str) -> Option<&str> {
        self.said(word).last()
    }
}

/// One call of one kind over one backend, prepared.
pub struct Trial<'a> {
    kind: &'static dyn Steppable,
    pub call: &'static Call,
    pub waking: Waking,
    scratch: &'a Scratch,
    sent: u64,
    left: Option<Vec<u64>>,
}

impl<'a> Trial<'a> {
    pub fn prepare(
        kind: &'static dyn Steppable,
        call: &'static Call,
        waking: Waking,
        scratch: &'a Scratch,
    ) -> Result<Self> {
        let folder = scratch.path("prepared");
        let facts = scratch.path("facts");
        empty(&folder)?;
        let mut trial = Self { kind, call, waking, scratch, sent: 0, left: None };
        let Some(ground) = call.ground else { return Ok(trial) };
        let name = folder.join("channel").display().to_string();
        let end = Forked::start(|| {
            let (sent, left) = ground.prepare(kind, waking, &name)?;
            let left: Vec<_> = left.iter().map(u64::to_string).collect();
            Ok(fs::write(&facts, format!("{sent}\n{}", left.join(",")))?)
        })?
        .wait_for_end()?;
        ensure!(end == End::Exit(0), "preparing the channel ended by {end:?}");
        let facts = fs::read_to_string(&facts)?;
        let (sent, left) = facts.split_once('\n').context("no facts")?;
        trial.sent = sent.parse()?;
        trial.left = Some(numbers(left)?);
        Ok(trial)
    }

    fn work(&self) -> PathBuf {
        self.scratch.path("work")
    }

    /// Makes the call once. `usual`: what comes of it when nothing fails.
    pub fn run(&self, fault: Option<Fault>, usual: Option<&str>) -> Result<Ran> {
        let (work, report) = (self.work(), self.scratch.path("report"));
        empty(&work)?;
        for entry in fs::read_dir(self.scratch.path("prepared"))? {
            let entry = entry?;
            fs::copy(entry.path(), work.join(entry.file_name()))?;
        }
        adopt_lock_files(&work)?;
        let _ = fs::remove_file(&report);
        let scene = Scene {
            folder: &work,
            report: &report,
            waking: self.waking,
            usual: usual.map(str::to_owned),
            sent: self.sent,
            left: self.left.clone(),
        };
        let started = Forked::start_traced(|| stage::play(&scene, self.call.act));
        let mut child = started.with_context(|| fs::read_to_string(&report).unwrap_or_default())?;
        let mut ran = Ran { calls: Vec::new(), failed: 0, end: Ended::Returned, report: Vec::new() };
        ran.end = self.follow(&mut child, fault, &mut ran)?;
        drop(child);
        ran.report = read_report(&report)?;
        if ran.end == Ended::Returned && ran.last("miss").is_none() {
            self.survive(&mut ran, &report)?;
        }
        Ok(ran)
    }

    /// Lets it go from mark to mark, and then to its end.
    fn follow(&self, child: &mut Forked, fault: Option<Fault>, ran: &mut Ran) -> Result<Ended> {
        let mut seen = 0;
        loop {
            let call = match child.next_call()? {
                Event::Call(call) => call,
                Event::Mark => break,
                Event::Alarm => return Ok(Ended::Hung),
                Event::Ended(end) => return Ok(Ended::Died(end)),
            };
            let described = system_calls::describe(&call, child)?;
            if ran.calls.len() == self.call.calls_max.unwrap_or(CALLS_MAX) {
                return Ok(Ended::Spun);
            }
            let refused = self.call.refused.iter().find(|(label, _)| *label == described.label);
            let fault = fault.filter(|fault| fault.number == call.number);
            seen += usize::from(fault.is_some() && !described.errnos.is_empty());
            let is_due = |fault: &Fault| seen >= fault.occurrence && seen - fault.occurrence < fault.times;
            let fails = fault.filter(|fault| is_due(fault) && described.errnos.contains(&fault.errno));
            ran.failed += usize::from(fails.is_some());
            let ended = match (fails, refused) {
                (Some(fault), _) => child.fail(fault.errno, described.is_done)?,
                (None, Some((_, errno))) => child.fail(*errno, false)?,
                (None, None) => child.execute()?,
            };
            if !described.errnos.is_empty() {
                ran.calls.push(described);
            }
            if let Some(end) = ended {
                return Ok(Ended::Died(end));
            }
        }
        Ok(match child.let_go()? {
            End::Exit(0) => Ended::Returned,
            End::Signal(libc::SIGALRM) => Ended::Hung,
            end => Ended::Died(end),
        })
    }

    /// What is left serves a fresh sender and a fresh receiver, and is what the child said.
    fn survive(&self, ran: &mut Ran, report: &Path) -> Result<()> {
        let left = ran.last("left").map(numbers).transpose()?;
        let path = PathBuf::from(ran.last("path").context("a report without an end")?);
        let sent: u64 = ran.last("sent").context("a report without an end")?.parse()?;
        let Some(left) = left else {
            let files = files_below(&self.work())?;
            if !files.is_empty() {
                ran.report.push(("files".to_owned(), format!("left behind: {}", files.join(" "))));
            }
            return Ok(());
        };
        let mut survivor = Forked::start(|| {
            set_alarm(PATIENCE);
            let outcome = self.kind.survive(&path, &|_| sent).and_then(|delivered| {
                let delivered: Vec<_> = delivered.iter().map(|one| one.number).collect();
                ensure!(delivered == left, "{delivered:?} are in the channel instead of {left:?}");
                Ok(())
            });
            Ok(fs::write(report, outcome.err().map_or(String::new(), |error| format!("{error:#}")))?)
        })?;
        let end = survivor.wait_for_end()?;
        let said = fs::read_to_string(report)?;
        if end != End::Exit(0) || !said.is_empty() {
            ran.report.push(("miss".to_owned(), format!("those who came after it ({end:?}): {said}")));
        }
        Ok(())
    }
}

/// Makes the lock files in a folder those of the regions beside them, which are named alike.
fn adopt_lock_files(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let lock = entry?.path();
        if lock.extension().is_some_and(|extension| extension == "lock") {
            // Without the instance, too.
            adopt_lock_file(&lock.with_extension("").with_extension(""), &lock)?;
        }
    }
    Ok(())
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir(folder)?)
}

fn files_below(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    Ok(files)
}

fn numbers(list: &str) -> Result<Vec<u64>> {
    list.split(',').filter(|one| !one.is_empty()).map(|one| Ok(one.parse()?)).collect()
}

fn read_report(path: &Path) -> Result<Vec<(String, String)>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut lines = Vec::new();
    for line in text.lines() {
        let Some((word, what)) = line.split_once('\t') else { bail!("a report with the line `{line}`") };
        lines.push((word.to_owned(), what.to_owned()));
    }
    Ok(lines)
}
