//! A channel of its own for one run, and workers that do not outlive it.

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock, fstat};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;

const SHARED_MEMORY: &str = "/dev/shm";

/// What the folders' names start with.
const PREFIX: &str = "memlane-torture-";

/// A folder on `/dev/shm`, removed with everything in it when dropped.
///
/// A run that is killed leaves it behind. So each run keeps a lock on its folder, which goes with the process and what it
/// forked, and first removes the folders that nobody locks.
pub struct Scratch {
    folder: PathBuf,
    /// Of an outer folder; one within it is safe in it.
    _lock: Option<File>,
}

impl Scratch {
    pub fn new() -> Result<Self> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| sweep(Path::new(SHARED_MEMORY)));
        Self::in_folder(Path::new(SHARED_MEMORY))
    }

    fn in_folder(outer: &Path) -> Result<Self> {
        let folder = outer.join(format!("{PREFIX}{}", std::process::id()));
        loop {
            std::fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
            // Another run may have swept it away before it was locked.
            if let Some(lock) = lock(&folder) {
                return Ok(Self { folder, _lock: Some(lock) });
            }
        }
    }

    /// A folder in it, likewise.
    pub fn within(&self, name: &str) -> Result<Self> {
        let folder = self.path(name);
        std::fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self { folder, _lock: None })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The channel's name: a path.
    pub fn channel(&self) -> String {
        self.file("channel")
    }

    pub fn file(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Names of the files that are there.
    pub fn files(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The lock on a folder; `None` if another run has it, or the folder is gone.
fn lock(path: &Path) -> Option<File> {
    let folder = File::open(path).ok()?;
    flock(&folder, FlockOperation::NonBlockingLockExclusive).ok()?;
    (fstat(&folder).ok()?.st_nlink > 0).then_some(folder)
}

/// Whether a run made the folder of this name: the prefix, and the number of its process.
fn is_a_runs(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|process| process.parse::<u32>().is_ok())
}

/// Removes the folders of runs that were killed.
fn sweep(outer: &Path) {
    for entry in std::fs::read_dir(outer).into_iter().flatten().flatten() {
        if is_a_runs(&entry.file_name().to_string_lossy())
            && let Some(_lock) = lock(&entry.path())
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// A worker process, killed when dropped.
pub struct Worker(Child);

impl Worker {
    /// Starts `torture worker ARGUMENTS…`.
    pub fn start<A: AsRef<str>>(arguments: &[A]) -> Result<Self> {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        Self::start_under(&[], &arguments)
    }

    /// The same under another program, such as `strace`, which gets the worker's command line behind its own arguments.
    pub fn start_under(wrapper: &[&str], arguments: &[&str]) -> Result<Self> {
        let program = std::env::current_exe()?.display().to_string();
        let mut line = wrapper.to_vec();
        line.extend([program.as_str(), "worker"]);
        line.extend(arguments);
        let child = Command::new(line[0])
            .args(&line[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("starting a worker")?;
        Ok(Self(child))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGSTOP. Returns when it stands still, or has ended.
    pub fn stop(&mut self) -> Result<()> {
        self.signal(Signal::STOP)?;
        self.wait_until_stopped()
    }

    /// Returns when it stands still, or has ended.
    pub fn wait_until_stopped(&mut self) -> Result<()> {
        if self.ended()?.is_none() {
            // Its end is only looked at: the status stays to be had.
            let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            waitid(WaitId::Pid(self.pid()?), options)?;
        }
        Ok(())
    }

    /// SIGCONT.
    pub fn go_on(&mut self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn pid(&self) -> Result<Pid> {
        Pid::from_raw(self.id().try_into()?).context("a process id of 0")
    }

    /// Unless it has ended: then its id may be another's.
    fn signal(&mut self, signal: Signal) -> Result<()> {
        match self.ended()? {
            None => Ok(kill_process(self.pid()?, signal)?),
            Some(_) => Ok(()),
        }
    }

    /// SIGKILL. Returns before the process is gone, as the survivors see it.
    pub fn kill(&mut self) -> Result<()> {
        Ok(self.0.kill()?)
    }

    /// Waits for its end. Returns its exit status, `None` if a signal ended it.
    pub fn wait(&mut self) -> Result<Option<i32>> {
        Ok(self.0.wait()?.code())
    }

    /// Its exit status if it ended by itself already.
    pub fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        Ok(self.0.try_wait()?)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_run_sweeps_what_killed_runs_left_and_nothing_else() {
        let outer = PathBuf::from(format!("{SHARED_MEMORY}/memlane-sweeping-{}", std::process::id()));
        fs::create_dir(&outer).unwrap();
        let [killed, other, like_ours] =
            ["memlane-torture-0", "another-program", "memlane-torture-ci.x7"].map(|name| outer.join(name));
        for folder in [&killed, &other, &like_ours] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("channel"), "a channel").unwrap();
        }
        let running = Scratch::in_folder(&outer).unwrap();
        sweep(&outer);
        assert!(!killed.exists() && other.exists() && like_ours.exists() && running.folder().exists());
        let folder = running.folder().to_owned();
        drop(running);
        assert!(!folder.exists());
        fs::remove_dir_all(&outer).unwrap();
    }
}
