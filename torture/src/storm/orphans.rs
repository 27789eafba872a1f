//! What others see of a participant that has made a child: when it leaves, when it is killed, and when the child has gone, too.
//!
//! A child that runs in its parent's memory can go on writing to the channel, and nothing that the kernel says tells it from
//! its parent: so such a parent counts as alive as long as the child does.

#![allow(unsafe_code, reason = "killing processes by their number is unsafe, and everything else here is not")]

use super::ways::{self, Span, Way};
use crate::scratch::Scratch;
use crate::talk::{self, Talker};
use crate::watch;
use anyhow::{Context, Result, bail, ensure};
use memlane::{JoinError, RemoveError, spsc};
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// A seat that is not free by then is kept.
const KEPT: Duration = Duration::from_secs(1);

/// Tries each way, and prints what comes of it.
pub fn run() -> Result<()> {
    let outcome = try_all();
    // A miss leaves a child behind.
    end_all()?;
    outcome
}

fn try_all() -> Result<()> {
    println!("{:14} {:>24} {:>28} {:>12}", "child by", "left, the child lives", "killed, the child lives", "both gone");
    for way in Way::ALL {
        let left = when_it_leaves(way)?;
        let (killed, gone) = when_it_is_killed(way)?;
        println!("{:14} {:>24} {:>28} {:>12}", way.name(), in_words(left), in_words(killed), in_words(gone));
        ensure!(left.is_some(), "{}: a seat was kept that was left", way.name());
        ensure!(gone.is_some(), "{}: a seat was kept though parent and child have gone", way.name());
        let is_right = killed.is_some() != way.shares_memory();
        ensure!(is_right, "{}: {} when the parent was killed", way.name(), in_words(killed));
    }
    Ok(())
}

fn in_words(free: Option<Duration>) -> String {
    free.map_or_else(|| "kept".to_owned(), |after| format!("free, {:.1} ms", after.as_secs_f64() * 1e3))
}

/// Starts a participant that has a child.
fn start(way: Way, channel: &str, leaves: bool) -> Result<Talker> {
    let mut arguments = vec!["storm-worker", "orphan", channel, way.name()];
    arguments.extend(leaves.then_some("--leaves"));
    let mut parent = Talker::start(arguments)?;
    parent.answer("ready", PATIENCE)?;
    Ok(parent)
}

/// How soon the seat can be taken, and the channel removed, after its holder left.
fn when_it_leaves(way: Way) -> Result<Option<Duration>> {
    let scratch = Scratch::new()?;
    let channel = spsc::Options::new().create(&scratch.channel())?;
    let mut parent = start(way, &scratch.channel(), true)?;
    let free = until_free(&channel)?;
    drop(channel);
    let is_in_use = matches!(memlane::remove(&scratch.channel()), Err(RemoveError::InUse { .. }));
    parent.kill()?;
    parent.wait()?;
    end_all()?;
    Ok(free.filter(|_| !is_in_use))
}

/// How soon the seat can be taken after its holder was killed, and, if that never comes, after its child was.
fn when_it_is_killed(way: Way) -> Result<(Option<Duration>, Option<Duration>)> {
    let scratch = Scratch::new()?;
    let channel = spsc::Options::new().create(&scratch.channel())?;
    let mut parent = start(way, &scratch.channel(), false)?;
    parent.kill()?;
    parent.wait()?;
    let killed = until_free(&channel)?;
    ensure!(end_all()? > 0, "{}: the child ended with its parent", way.name());
    Ok((killed, until_free(&channel)?))
}

fn until_free(channel: &spsc::Channel) -> Result<Option<Duration>> {
    let started = Instant::now();
    while started.elapsed() < KEPT {
        match channel.sender() {
            Ok(_) => return Ok(Some(started.elapsed())),
            Err(JoinError::RoleTaken { .. }) => std::thread::yield_now(),
            Err(error) => bail!(error),
        }
    }
    Ok(None)
}

/// Kills all children of this process. Returns how many of them had not ended.
pub fn end_all() -> Result<u32> {
    let mut count = 0;
    for child in children("self")? {
        // SAFETY: a child of this process, which nobody waits for but the next lines.
        unsafe {
            let lived = libc::waitpid(child, std::ptr::null_mut(), libc::WNOHANG) == 0;
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, std::ptr::null_mut(), if lived { 0 } else { libc::WNOHANG });
            count += u32::from(lived);
        }
    }
    Ok(count)
}

/// Children of all threads of a process.
fn children(process: &str) -> Result<Vec<i32>> {
    let mut all = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = match std::fs::read_to_string(task?.path().join("children")) {
            // A thread that has ended meanwhile.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)) => continue,
            other => other.context("reading who the children are")?,
        };
        all.extend(text.split_whitespace().filter_map(|child| child.parse::<i32>().ok()));
    }
    Ok(all)
}

/// The participant: joins, makes a child, leaves if it is to, and waits.
pub fn work(folder: &Path, channel: &str, way: Way, leaves: bool) -> Result<()> {
    ways::make_gate(folder)?;
    let channel = spsc::open(channel)?;
    let tx = channel.sender()?;
    let making = std::thread::spawn(move || ways::make(way, Span::Endless, true));
    // A thread that makes a child in its own memory waits for it, or for its program.
    watch::until("there is a child", || {
        Ok(making.is_finished() || way.shares_memory() && !children("self")?.is_empty())
    })?;
    if leaves {
        drop((tx, channel));
        talk::say("ready")?;
        return wait();
    }
    talk::say("ready")?;
    wait()
}

fn wait() -> Result<()> {
    while talk::hear()?.is_some() {}
    Ok(())
}
