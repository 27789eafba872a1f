//! Programs that may only read a broadcast, beside those that take part: processes of their own (this program again, with a hidden
//! subcommand), which run as another user where this one is root's. One was killed while it looked on, one was stopped, and one goes on
//! and tries to write.

use crate::clock;
use anyhow::{Context, Result, ensure};
use memlane::TryRecvError;
use memlane::broadcast::Options;
use rustix::process::{Pid, Signal, WaitOptions, geteuid, kill_process, set_parent_process_death_signal, waitpid};
use rustix::thread::{CpuSet, Gid, Uid, sched_setaffinity, set_thread_gid, set_thread_groups, set_thread_uid};
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Whom they run as: nobody.
const NOBODY: u32 = 65_534;

/// The one that goes on takes so many messages, tries to write, and sleeps for so long: it is to leave the cores to those that are measured.
const LOOKS: usize = 64;
const NAP: Duration = Duration::from_millis(5);

/// It tries to write once in so many nanoseconds.
const BETWEEN_TRIES_NS: u64 = 20_000_000;

/// Those processes, until this is dropped.
#[derive(Debug)]
pub struct Onlookers(Vec<Child>);

impl Onlookers {
    /// Three of them, of the channel at `path`.
    pub fn of(path: &Path) -> Result<Self> {
        let folder = path.parent().context("a channel in no folder")?;
        // They may go through it, and no more.
        fs::set_permissions(folder, Permissions::from_mode(0o711)).context("letting others through")?;
        let mut all = Self(Vec::new());
        for _ in 0..3 {
            all.0.push(start(path)?);
        }
        let [killed, stopped, _] = &mut all.0[..] else { unreachable!("three were started") };
        killed.kill().and_then(|()| killed.wait()).context("killing one")?;
        let pid = Pid::from_child(stopped);
        kill_process(pid, Signal::STOP).context("stopping one")?;
        let stands = waitpid(Some(pid), WaitOptions::UNTRACED).context("waiting until it stands")?;
        ensure!(stands.is_some_and(|(_, status)| status.stopped()), "an onlooker did not stop: its error stands above");
        Ok(all)
    }
}

impl Drop for Onlookers {
    fn drop(&mut self) {
        for one in &mut self.0 {
            let _ = one.kill();
            let _ = one.wait();
        }
    }
}

/// Starts one, and waits until it looks on.
fn start(path: &Path) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut one = command.arg("onlooker").arg(path).stdout(Stdio::piped()).spawn().context("starting an onlooker")?;
    let mut said = String::new();
    let output = one.stdout.take().context("no pipe from the onlooker")?;
    BufReader::new(output).read_line(&mut said)?;
    ensure!(said == "looks on\n", "an onlooker has gone: its error stands above");
    Ok(one)
}

/// The hidden subcommand: looks on until it is killed.
pub fn look_on(path: &Path) -> Result<()> {
    // Wherever there is room, and not where the process that started it is pinned.
    let mut cores = CpuSet::new();
    (0..CpuSet::MAX_CPU).for_each(|core| cores.set(core));
    sched_setaffinity(None, &cores).context("leaving the core")?;
    if geteuid().is_root() {
        let nobodys = || {
            set_thread_groups(&[])?;
            set_thread_gid(Gid::from_raw(NOBODY))?;
            set_thread_uid(Uid::from_raw(NOBODY))
        };
        nobodys().context("becoming another user")?;
    }
    set_parent_process_death_signal(Some(Signal::KILL)).context("asking to die with the lead")?;
    let mut receiver = Options::new().any_owner(true).open_read_only(&path.display().to_string())?;
    println!("looks on");
    let mut tried_ns = 0;
    loop {
        let mut came = false;
        for _ in 0..LOOKS {
            match receiver.try_recv() {
                Ok(_) | Err(TryRecvError::Lagged { .. }) => came = true,
                Err(TryRecvError::Empty) => break,
                Err(error) => return Err(error.into()),
            }
        }
        // Between the rounds of its contest it leaves the machine alone.
        if came && clock::now_ns() - tried_ns > BETWEEN_TRIES_NS {
            tries_to_write(path)?;
            tried_ns = clock::now_ns();
        }
        std::thread::sleep(NAP);
    }
}

/// By a descriptor that is open for reading, which fails, and by another one, which it does not get unless the file is its own.
fn tries_to_write(path: &Path) -> Result<()> {
    let file = File::open(path)?;
    ensure!(file.write_all_at(&[0xff; 64], 4096).is_err() && file.set_len(0).is_err(), "it wrote");
    let _ = File::options().write(true).open(path);
    Ok(())
}
