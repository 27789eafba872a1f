//! A folder of channels for one test, and processes that do not outlive it.

use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[path = "../../../core/tests/support/folder.rs"]
mod folder;

use folder::Folder;

/// What takes longer has hung.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits for `condition`, and fails if it never comes true.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < DEADLINE, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The folder.
pub struct Sandbox {
    channels: Folder,
    scratch: Folder,
    files: AtomicU32,
}

/// What a process that has ended left behind.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { channels: Folder::new(0o700), scratch: Folder::new(0o700), files: AtomicU32::new(0) }
    }

    /// `MEMLANE_DIR`.
    pub fn channels(&self) -> &Path {
        self.channels.path()
    }

    /// The path of a file of its own.
    pub fn scratch(&self) -> PathBuf {
        self.scratch.path().join(self.files.fetch_add(1, Relaxed).to_string())
    }

    /// The command, with these arguments and without any input.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memlane"));
        command.args(arguments).env("MEMLANE_DIR", self.channels()).stdin(Stdio::null());
        command
    }

    /// Starts the command; its output goes to files.
    pub fn spawn(&self, command: &mut Command) -> Running {
        let (stdout, stderr) = (self.scratch(), self.scratch());
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        let mut process = command.spawn().unwrap();
        let input = process.stdin.take();
        Running { process, input, stdout, stderr }
    }

    /// Starts the command without input.
    pub fn start<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Running {
        self.spawn(&mut self.command(arguments))
    }

    /// Starts the command with an input that stays open until [`Running::end_input`].
    pub fn start_with_input<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Running {
        self.spawn(self.command(arguments).stdin(Stdio::piped()))
    }

    /// Starts the command with this file as its input.
    pub fn start_reading<A: AsRef<OsStr>>(&self, arguments: &[A], input: &Path) -> Running {
        self.spawn(self.command(arguments).stdin(File::open(input).unwrap()))
    }

    /// Runs the command to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ended {
        self.start(arguments).end()
    }

    /// Runs the command to its end with this input.
    pub fn run_with<A: AsRef<OsStr>>(&self, arguments: &[A], input: &[u8]) -> Ended {
        let path = self.scratch();
        fs::write(&path, input).unwrap();
        self.start_reading(arguments, &path).end()
    }

    /// Runs the command to its end, by a shell that redirects its descriptors like this.
    pub fn run_in_shell(&self, arguments: &[&str], redirections: &str) -> Ended {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!(r#"exec "$0" "$@" {redirections}"#), env!("CARGO_BIN_EXE_memlane")]);
        self.spawn(command.args(arguments).env("MEMLANE_DIR", self.channels()).stdin(Stdio::null())).end()
    }

    /// What `memlane info --json` says; `None` while there is no such channel.
    pub fn look(&self, name: &str) -> Option<Value> {
        let ended = self.run(&["info", "--json", name]);
        ended.status.success().then(|| serde_json::from_slice(&ended.stdout).unwrap())
    }

    /// How many messages were sent through the lane.
    pub fn messages(&self, name: &str) -> u64 {
        self.look(name).map_or(0, |facts| facts["lanes"][0]["messages"].as_u64().unwrap())
    }

    /// How many messages the senders in the channel, of whatever kind, have sent since they joined.
    pub fn sent(&self, name: &str) -> u64 {
        let facts = self.look(name).unwrap_or_default();
        let participants = facts["participants"].as_array().cloned().unwrap_or_default();
        let senders = participants.iter().filter(|one| one["role"] == "sender");
        senders.map(|sender| sender["counters"]["messages"].as_u64().unwrap()).sum()
    }

    /// Whether somebody alive has this role.
    pub fn has(&self, name: &str, role: &str) -> bool {
        let Some(facts) = self.look(name) else { return false };
        let participants = facts["participants"].as_array().unwrap();
        participants.iter().any(|participant| participant["role"] == role && participant["alive"] == true)
    }
}

/// A process; killed if the test ends before it does.
pub struct Running {
    process: Child,
    pub input: Option<ChildStdin>,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// Types something.
    pub fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// What it wrote so far.
    pub fn stdout(&self) -> Vec<u8> {
        fs::read(&self.stdout).unwrap()
    }

    /// What it said so far.
    pub fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether it runs the command already, and sleeps: it waits for something.
    pub fn is_asleep(&self) -> bool {
        is_asleep(self.pid())
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        eventually("the process ends", || !self.is_running());
        let status = self.process.wait().unwrap();
        Ended { status, stdout: self.stdout(), stderr: fs::read_to_string(&self.stderr).unwrap() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether the process runs the command already, and sleeps.
pub fn is_asleep(pid: u32) -> bool {
    let runs = fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.ends_with("memlane"));
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    runs && status.lines().any(|line| line.starts_with("State:\tS"))
}

impl Ended {
    /// It succeeded and had nothing to say; what it wrote. On a busy machine, it may have told what it waited for.
    #[track_caller]
    pub fn ok(self) -> Vec<u8> {
        let has_waited = |line: &str| line.starts_with("memlane: waiting for channel ");
        assert!(self.status.success() && self.stderr.lines().all(has_waited), "{} {}", self.status, self.stderr);
        self.stdout
    }

    /// The same as text.
    #[track_caller]
    pub fn text(self) -> String {
        String::from_utf8(self.ok()).unwrap()
    }

    /// The same as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_slice(&self.ok()).unwrap()
    }

    /// It failed with this status and one sentence, which is returned.
    #[track_caller]
    pub fn failed(self, status: i32) -> String {
        assert_eq!(self.status.code(), Some(status), "{}", self.stderr);
        let sentence = self.stderr.strip_prefix("memlane: ").unwrap_or_else(|| panic!("no prefix: {}", self.stderr));
        let sentence = sentence.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {}", self.stderr));
        assert!(!sentence.contains('\n') && !sentence.contains("panicked"), "not one sentence: {}", self.stderr);
        sentence.to_owned()
    }
}
