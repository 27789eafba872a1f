//! The child's side of a case: it makes one call between two marks, looks at what came of it, and writes that down.
//!
//! The report is lines of a word, a tab and what there is to say about it; the parent reads it when the child has ended.
//! Nothing of the engine runs in the parent, so that what a process does at its first call is part of what can fail.

use super::ground::flip_damage;
use super::snapshot::Snapshot;
use crate::tracer::{mark, set_alarm};
use crate::waking::Waking;
use anyhow::{Context, Result, anyhow, ensure};
use std::error::Error;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What takes longer hangs, in seconds.
pub const PATIENCE: u32 = 30;

/// Where one call is made, and what it is compared with.
pub struct Stage {
    /// The channel's folder.
    folder: PathBuf,
    /// The channel's file.
    pub path: PathBuf,
    report: PathBuf,
    pub waking: Waking,
    /// What comes of the call when nothing fails; unknown in the first run.
    usual: Option<String>,
    /// Descriptors that the call takes over.
    pub given: Vec<i32>,
    /// Messages that were ever sent to the channel.
    pub sent: u64,
    /// The numbers of the messages that are in it when the child has ended. `None`: there is no channel.
    pub left: Option<Vec<u64>>,
    /// How many are to be alive in the channel if the call fails.
    pub alive: usize,
    is_readable: bool,
}

/// What the parent knows before the child starts.
pub struct Scene<'a> {
    pub folder: &'a Path,
    pub report: &'a Path,
    pub waking: Waking,
    pub usual: Option<String>,
    /// Messages that were sent to the channel, and those that are in it; `None`: there is no channel.
    pub sent: u64,
    pub left: Option<Vec<u64>>,
}

/// Makes the call of `act`, and reports.
pub fn play(scene: &Scene<'_>, act: fn(&mut Stage) -> Result<()>) -> Result<()> {
    let report = scene.report.to_owned();
    std::panic::set_hook(Box::new(move |panic| {
        let _ = say(&report, "miss", &format!("it panicked: {panic}"));
    }));
    let mut stage = Stage {
        folder: scene.folder.to_owned(),
        path: scene.folder.join("channel"),
        report: scene.report.to_owned(),
        waking: scene.waking,
        usual: scene.usual.clone(),
        given: Vec::new(),
        sent: scene.sent,
        left: scene.left.clone(),
        alive: 0,
        is_readable: true,
    };
    let start = Snapshot::take(&stage.folder)?;
    if let Err(error) = act(&mut stage) {
        stage.say("miss", &format!("{error:#}"))?;
        return Ok(());
    }
    let end = Snapshot::take(&stage.folder)?;
    stage.say_all("descriptors", &end.other_descriptors(&start), "at the end")?;
    stage.say_all("mappings", &end.other_mappings(&start), "at the end")?;
    stage.say("sent", &stage.sent.to_string())?;
    stage.say("path", &stage.path.display().to_string())?;
    if let Some(left) = &stage.left {
        stage.say("left", &left.iter().map(u64::to_string).collect::<Vec<_>>().join(","))?;
    }
    stage.say("end", "")
}

impl Stage {
    /// The channel's name: a path.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// From now on, names stand for files in a folder of this case. Returns such a name.
    #[allow(unsafe_code, reason = "the environment belongs to all threads, of which there is one")]
    pub fn use_a_name(&mut self) -> Result<&'static str> {
        let folder = self.folder.join("named");
        std::fs::create_dir(&folder)?;
        // SAFETY: this process has one thread.
        unsafe { std::env::set_var("MEMLANE_DIR", &folder) };
        self.path = folder.join("prices.lane");
        Ok("prices")
    }

    /// The channel's header is damaged, so that who is alive is not to be seen.
    pub fn cannot_be_looked_at(&mut self) {
        self.is_readable = false;
    }

    /// Repairs a damaged header, or damages it again.
    pub fn flip_damage(&self) -> Result<()> {
        flip_damage(&self.path)
    }

    /// These messages are in the channel now, behind those that were.
    pub fn was_sent(&mut self, numbers: &[u64]) {
        self.sent += numbers.len() as u64;
        self.left.get_or_insert_default().extend(numbers);
    }

    /// The first message was received, and this is it.
    pub fn was_received(&mut self, number: Option<u64>) -> Result<()> {
        let left = self.left.as_mut().filter(|left| !left.is_empty()).context("a message of none")?;
        let first = left.remove(0);
        ensure!(number == Some(first), "message {number:?} came instead of {first}");
        Ok(())
    }

    /// Makes the call between two marks; if something fails it, compares and makes it again. What came of it, unless that
    /// is an error as usual.
    pub fn observe<T, E: Error + 'static>(&mut self, mut call: impl FnMut() -> Result<T, E>) -> Result<Option<T>> {
        let first = self.observe_once(&mut call)?;
        if first.is_some() || self.usual.is_none() {
            return Ok(first);
        }
        let again = call();
        self.say("again", &outcome(again.as_ref().err()))?;
        Ok(again.ok())
    }

    /// The same for a call that cannot be made again.
    pub fn observe_once<T, E: Error + 'static>(&mut self, call: impl FnOnce() -> Result<T, E>) -> Result<Option<T>> {
        let before = Snapshot::take(&self.folder)?.without(&self.given);
        set_alarm(PATIENCE);
        mark();
        let result = catch_unwind(AssertUnwindSafe(call));
        mark();
        set_alarm(PATIENCE);
        let result = result.map_err(|_| anyhow!("it panicked"))?;
        let error = result.as_ref().err();
        self.say("outcome", &outcome(error))?;
        let Some(error) = error else { return Ok(result.ok()) };
        self.say("text", &error.to_string())?;
        if let Some(errno) = errno(error) {
            self.say("errno", &errno.to_string())?;
        }
        let after = Snapshot::take(&self.folder)?;
        self.say_all("descriptors", &after.other_descriptors(&before), "after the failure")?;
        self.say_all("mappings", &after.other_mappings(&before), "after the failure")?;
        self.say_all("files", &after.other_files(&before), "after the failure")?;
        self.say_all("bytes", &after.changed_files(&before), "after the failure")?;
        if self.is_readable && self.path.exists() {
            let info = memlane::inspect(&self.name()).context("looking at the channel after the failure")?;
            let alive = info.participants.iter().filter(|one| one.alive != Some(false)).count();
            ensure!(alive == self.alive, "{alive} are alive after the failure instead of {}", self.alive);
        }
        Ok(result.ok())
    }

    /// The same for what cannot fail.
    pub fn observe_ending(&mut self, call: impl FnOnce()) -> Result<()> {
        let ended = || {
            call();
            Ok::<_, std::convert::Infallible>(())
        };
        self.observe_once(ended).map(drop)
    }

    fn say(&self, word: &str, what: &str) -> Result<()> {
        Ok(say(&self.report, word, what)?)
    }

    fn say_all(&self, word: &str, what: &[String], when: &str) -> Result<()> {
        if what.is_empty() {
            return Ok(());
        }
        self.say(word, &format!("{when}: {}", what.join(" ")))
    }
}

fn say(report: &Path, word: &str, what: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(report)?;
    writeln!(file, "{word}\t{}", what.replace('\n', " "))
}

/// `ok`, or which variant of its enum an error is.
fn outcome<E: Error>(error: Option<&E>) -> String {
    let Some(error) = error else { return "ok".to_owned() };
    let text = format!("{error:?}");
    // What another error passes on is that one.
    let text = text.strip_prefix("Create(").unwrap_or(&text);
    text.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// What the system said, if an error passes that on.
fn errno(error: &(dyn Error + 'static)) -> Option<i32> {
    let mut one = Some(error);
    while let Some(error) = one {
        if let Some(errno) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(errno);
        }
        one = error.source();
    }
    None
}
