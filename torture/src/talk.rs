//! A process of this program that is talked with by lines: commands on its input, answers on its output.

use anyhow::{Context, Result, anyhow};
use std::fmt;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// The tool's end of the conversation. The process is killed when this is dropped.
pub struct Talker {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

/// Why there is no line.
#[derive(Debug)]
pub enum Silence {
    /// It has said nothing so far.
    Still,
    /// It has ended.
    Ended(ExitStatus),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Still => f.write_str("said nothing in time"),
            Self::Ended(status) => match (status.code(), status.signal()) {
                (Some(101), _) => f.write_str("panicked"),
                (_, Some(signal)) => write!(f, "was killed by signal {signal}"),
                _ => write!(f, "failed ({status})"),
            },
        }
    }
}

impl Talker {
    /// Starts `torture ARGUMENTS…`.
    pub fn start<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a worker")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("a worker without output")?);
        let (said, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        Ok(Self { child, input, lines })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says a line. That it has ended is found out when it is listened to.
    pub fn say(&mut self, text: &str) {
        let _ = self.input.as_mut().map(|input| writeln!(input, "{text}"));
    }

    /// Waits so long for its next line.
    pub fn hear(&mut self, patience: Duration) -> Result<String, Silence> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(Silence::Still),
            Err(RecvTimeoutError::Disconnected) => {
                self.child.wait().map_or(Err(Silence::Still), |status| Err(Silence::Ended(status)))
            }
        }
    }

    /// Waits so long for a line that begins with this word. Returns what stands behind it.
    pub fn answer(&mut self, word: &str, patience: Duration) -> Result<String> {
        let line = self.hear(patience).map_err(|silence| anyhow!("a worker {silence}, where {word} was due"))?;
        let rest = line.strip_prefix(word).with_context(|| format!("{line:?} came where {word} was due"))?;
        Ok(rest.trim_start().to_owned())
    }

    /// Says no more, and returns everything that it still says before it ends.
    pub fn dismiss(&mut self) -> Result<(Vec<String>, ExitStatus)> {
        self.input = None;
        let rest = self.lines.iter().collect();
        Ok((rest, self.child.wait()?))
    }

    /// SIGKILL. Returns before the process is gone.
    pub fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill()?)
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The worker's end: says a line.
pub fn say(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// The worker's end: the next command, `None` when there are no more.
pub fn hear() -> Result<Option<String>> {
    let mut line = String::new();
    Ok((stdin().lock().read_line(&mut line)? > 0).then(|| line.trim_end().to_owned()))
}
