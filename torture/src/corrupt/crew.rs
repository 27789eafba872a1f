//! The two worker processes, and what becomes of them.

use super::board;
use super::probe::LATE_STATUS;
use crate::kinds::Kind;
use anyhow::{Context, Result};
use memlane::Role;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
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
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
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
    fn start(kind: &Kind, role: Role, folder: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["corrupt-worker", kind.name, role.name()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a worker")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("a worker without output")?);
        let (said, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        Ok(Self { role, child, input, lines })
    }

    fn say(&mut self, text: &str) {
        // Who has ended is found out when it is listened to.
        let _ = self.input.as_mut().map(|input| writeln!(input, "{text}"));
    }

    fn hear(&mut self, folder: &Path) -> Result<String, Fault> {
        loop {
            let note = match self.lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => return Ok(line),
                Err(timeout) => (timeout, board::read(folder, self.role)),
            };
            let (case, call, since) = match &note.1 {
                Some(note) => (Some(note.case), note.call.as_str(), note.since),
                None => (None, "no call", Duration::ZERO),
            };
            let role = self.role.name();
            match note.0 {
                RecvTimeoutError::Timeout if since < HANG => {}
                RecvTimeoutError::Timeout => {
                    return Err(Fault { case, what: format!("{role} has hung in {call} for {since:?}") });
                }
                RecvTimeoutError::Disconnected => {
                    let end = self.child.wait().map_or_else(|error| error.to_string(), in_words);
                    return Err(Fault { case, what: format!("{role} {end} in {call}") });
                }
            }
        }
    }
}

fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(101), _) => "panicked".to_owned(),
        (Some(LATE_STATUS), _) => "was late".to_owned(),
        (_, Some(signal)) => format!("was killed by signal {signal}"),
        _ => format!("failed ({status})"),
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Crew {
    pub fn start(kind: &Kind, folder: &Path) -> Result<Self> {
        let start = |role| Member::start(kind, role, folder);
        Ok(Self { folder: folder.to_owned(), members: [start(Role::Sender)?, start(Role::Receiver)?] })
    }

    /// Both join so many channels, and hold something in each.
    pub fn prepare(&mut self, cases: usize) -> Result<(), Fault> {
        for member in &mut self.members {
            member.say(&cases.to_string());
            member.hear(&self.folder)?;
        }
        Ok(())
    }

    /// Both make their calls.
    pub fn go_on(&mut self) {
        self.members.iter_mut().for_each(|member| member.say("go"));
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
            member.input = None;
            while let Ok(line) = member.lines.recv() {
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
            let status = member.child.wait().map_err(|error| Fault { case: None, what: error.to_string() })?;
            if !status.success() {
                return Err(Fault { case: None, what: format!("a worker {} at its end", in_words(status)) });
            }
        }
        Ok(())
    }
}
