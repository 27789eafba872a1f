//! Other processes: this test binary again, playing one part.
//!
//! Each file that needs other processes has a test `child_part` that calls [`play`] with its parts; unless it was started
//! to play one, it does nothing.
//! A part talks to the test that started it in lines: [`tell`] and [`hear`] on its side, [`Child::line`] and
//! [`Child::say`] on the other.
//!
//! A test that changes what belongs to the whole process (umask, limits, environment, namespaces, descriptors) runs its
//! body in a process of its own with [`alone`].

use super::PATIENCE;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

const PART: &str = "MEMLANE_TEST_PART";
const ARGUMENTS: &str = "MEMLANE_TEST_ARGUMENTS";
const ALONE: &str = "MEMLANE_TEST_ALONE";

/// What a line to the parent starts with: the test harness writes to the same pipe.
const MARK: &str = "@@ ";

/// A part: what a child does with its arguments.
pub type Part = fn(&[String]);

/// Plays the part that this process was started for. Does nothing in any other process.
pub fn play(parts: &[(&str, Part)]) {
    let Ok(part) = std::env::var(PART) else { return };
    let arguments: Vec<_> = std::env::var(ARGUMENTS).unwrap().split('\x1f').map(str::to_owned).collect();
    let (_, act) = parts.iter().find(|(name, _)| *name == part).expect("a known part");
    act(&arguments);
}

/// Sends a line to the parent.
pub fn tell(line: impl std::fmt::Display) {
    println!("{MARK}{line}");
}

/// Waits for a line from the parent. Ends this process if the parent is gone.
pub fn hear() -> String {
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line).unwrap_or(0) == 0 {
        std::process::exit(0);
    }
    line.trim_end().to_owned()
}

/// Does nothing more until the parent kills or leaves this process.
pub fn stay() {
    while !hear().is_empty() {}
}

/// What a body that ran alone tells at its end.
const RAN: &str = "ran to its end";

/// Runs `body` in a process of its own. `test` is the calling test's name, with its module's in front if it has one.
pub fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var(ALONE).as_deref() == Ok(test) {
        body();
        return tell(RAN);
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ALONE, test).env_remove("MEMLANE_DIR");
    let mut child = Child::spawn(command);
    let (told, ran): (Vec<_>, Vec<_>) = child.finish().into_iter().partition(|line| line != RAN);
    assert_eq!(ran.len(), 1, "no test has the name {test}");
    for line in told {
        eprintln!("{test}: {line}");
    }
}

/// Says why a test that runs [`alone`] ends early.
pub fn skip(reason: impl std::fmt::Display) {
    tell(format_args!("skipped: {reason}"));
}

/// A running child. Killed when dropped.
pub struct Child {
    process: std::process::Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Child {
    /// Starts a part.
    pub fn start(part: &str, arguments: &[&str]) -> Self {
        Self::start_with(part, arguments, |_| {})
    }

    /// Starts a part after the caller has changed the command.
    pub fn start_with(part: &str, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        Self::start_program(&std::env::current_exe().unwrap(), part, arguments, change)
    }

    /// The same for a copy of this program.
    pub fn start_program(program: &Path, part: &str, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(program);
        command.args(["--exact", "child_part", "--nocapture", "--test-threads=1"]);
        command.env(PART, part).env(ARGUMENTS, arguments.join("\x1f")).env_remove(ALONE).env_remove("MEMLANE_DIR");
        change(&mut command);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a child process");
        let output = BufReader::new(process.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some((_, line)) = line.split_once(MARK) {
                    let _ = send.send(line.to_owned());
                }
            }
        });
        let input = process.stdin.take();
        Self { process, input, lines }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it tells.
    #[track_caller]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line from the child")
    }

    /// Waits until it tells exactly this.
    #[track_caller]
    pub fn expect(&self, line: &str) {
        assert_eq!(self.line(), line);
    }

    /// Sends it a line.
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("a child that was not told to end");
        writeln!(input, "{line}").expect("a child that listens");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: kill takes two integers; the child has not been waited for, so the id is still its own.
        assert_eq!(unsafe { libc::kill(self.process.id() as i32, signal) }, 0);
    }

    /// Kills it and waits until it is gone.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it, and waits until the kernel says that it stands.
    pub fn stop(&self) {
        self.signal(libc::SIGSTOP);
        let mut status = 0;
        // SAFETY: waits for our own child, which is not reaped by WUNTRACED reporting a stop.
        let reported = unsafe { libc::waitpid(self.process.id() as i32, &mut status, libc::WUNTRACED) };
        assert!(reported == self.process.id() as i32 && libc::WIFSTOPPED(status), "the child did not stop");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Ends its input, waits for its end and for everything that it tells until then.
    pub fn end(&mut self) -> (ExitStatus, Vec<String>) {
        self.input = None;
        let deadline = Instant::now() + PATIENCE;
        let mut told = Vec::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => told.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the child does not end"),
            }
        }
        (self.process.wait().unwrap(), told)
    }

    /// The same for a child that has to succeed.
    #[track_caller]
    pub fn finish(&mut self) -> Vec<String> {
        let (status, told) = self.end();
        assert!(status.success(), "the child failed: {status}; it told {told:?}");
        told
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Forks this process (which should have no other thread that matters), runs `body` in the child, and returns the
/// child's id. A panic in the child ends it with status 101.
pub fn fork(body: impl FnOnce()) -> i32 {
    // SAFETY: the parts that fork run in a process of their own whose other threads only wait.
    match unsafe { libc::fork() } {
        0 => {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
            // SAFETY: ends the child at once, without running what the parent registered for its exit.
            unsafe { libc::_exit(if outcome.is_ok() { 0 } else { 101 }) }
        }
        child => {
            assert!(child > 0, "fork failed");
            child
        }
    }
}

/// Waits for a forked child and asserts that it succeeded.
#[track_caller]
pub fn join(child: i32) {
    let mut status = 0;
    // SAFETY: waits for a child of this process.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the forked child failed: {status:#x}");
}
