//! Starting the demo's processes together, watching them, and killing one where that is to be shown.

use super::arguments::Arguments;
use super::handover;
use super::peer::{LastWords, Pace, PeerRole, Report, now_ns};
use crate::failure::{Failure, Outcome};
use clap::ValueEnum;
use memlane::any::Channel;
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What the processes report.
pub struct Reports {
    /// When sending began.
    pub started_ns: u64,
    pub sender: Report,
    pub receivers: Vec<Report>,
    /// Of the receiver that was killed, if one was.
    pub victim: Option<LastWords>,
}

/// Between the word to start and the start, so that both have heard it.
const HEAD_START: Duration = Duration::from_millis(20);

/// For everything beyond the measured time, on a machine that is busy.
const GRACE: Duration = Duration::from_secs(60);

/// Between two looks at the processes.
const INTERVAL: Duration = Duration::from_millis(5);

/// Runs a sender and these receivers over the channel to their end. A victim is killed as soon as it holds messages.
pub fn run_crew(arguments: &Arguments, channel: &Channel, pace: Pace, receivers: &[PeerRole]) -> Outcome<Reports> {
    let start = |role| Peer::start(arguments, channel, pace, role);
    let mut receivers = receivers.iter().map(|role| start(*role)).collect::<Outcome<Vec<_>>>()?;
    let mut sender = start(PeerRole::Sender)?;
    for peer in receivers.iter_mut().chain([&mut sender]) {
        peer.wait_until_ready()?;
    }
    let started_ns = now_ns() + HEAD_START.as_nanos() as u64;
    for peer in receivers.iter_mut().chain([&mut sender]) {
        peer.say(started_ns)?;
    }
    let mut victim = None;
    if let Some(at) = receivers.iter().position(|peer| peer.role == PeerRole::Victim) {
        victim = Some(receivers.remove(at).last_words()?);
        sender.say(now_ns())?;
    }
    // A sender at a fixed rate takes up to twice the time.
    let deadline = Instant::now() + Duration::from_secs_f64(2.0 * arguments.seconds) + GRACE;
    while !all_have_ended(receivers.iter_mut().chain([&mut sender]))? {
        if Instant::now() >= deadline {
            return Err(Failure::failed("the demo's processes did not end in time"));
        }
        std::thread::sleep(INTERVAL);
    }
    let receivers = receivers.iter_mut().map(Peer::report).collect::<Outcome<_>>()?;
    Ok(Reports { started_ns, sender: sender.report()?, receivers, victim })
}

/// Looks at every one, so that a failure is found at once.
fn all_have_ended<'a>(peers: impl Iterator<Item = &'a mut Peer>) -> Outcome<bool> {
    let mut all = true;
    for peer in peers {
        all &= peer.has_ended()?;
    }
    Ok(all)
}

/// One process; killed if it is dropped before its end.
struct Peer {
    role: PeerRole,
    process: Child,
    /// Its standard input.
    input: UnixStream,
    /// What it says, line by line: read at once, so that it never waits for us.
    lines: mpsc::Receiver<String>,
}

impl Peer {
    fn start(arguments: &Arguments, channel: &Channel, pace: Pace, role: PeerRole) -> Outcome<Self> {
        let failed =
            |error: std::io::Error| Failure::failed(format!("starting the demo's {} failed: {error}", name(role)));
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.args(["demo-peer", name(role)]);
        command.args(["--pace", pace.to_possible_value().as_ref().map_or("", |value| value.get_name())]);
        command.arg(format!("--seconds={}", arguments.seconds));
        command.arg(format!("--rate={}", arguments.rate));
        command.arg("--").args(&arguments.file);
        let (input, its_end) = UnixStream::pair().map_err(failed)?;
        command.stdin(OwnedFd::from(its_end)).stdout(Stdio::piped()).stderr(Stdio::piped());
        handover::send(channel, &input).map_err(failed)?;
        let mut process = command.spawn().map_err(failed)?;
        match process.stdout.take() {
            Some(output) => Ok(Self { role, process, input, lines: read_lines(output) }),
            None => Err(failed(std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn wait_until_ready(&mut self) -> Outcome {
        self.lines.recv().map(drop).map_err(|_| self.failure())
    }

    /// Waits until it holds messages, and kills it.
    fn last_words(mut self) -> Outcome<LastWords> {
        let words = self.said()?;
        let killed = self.process.kill().and_then(|()| self.process.wait());
        killed.map_err(|error| Failure::failed(format!("killing the demo's {} failed: {error}", name(self.role))))?;
        Ok(words)
    }

    /// Says a moment.
    fn say(&mut self, moment_ns: u64) -> Outcome {
        writeln!(self.input, "{moment_ns}").map_err(|_| self.failure())
    }

    /// Whether it ended, in good order.
    fn has_ended(&mut self) -> Outcome<bool> {
        match self.process.try_wait() {
            Ok(None) => Ok(false),
            Ok(Some(status)) if status.success() => Ok(true),
            _ => Err(self.failure()),
        }
    }

    fn report(&mut self) -> Outcome<Report> {
        self.said()
    }

    /// Its next line.
    fn said<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        let line = self.lines.recv().ok();
        line.and_then(|line| serde_json::from_str(&line).ok()).ok_or_else(|| self.failure())
    }

    /// Why it failed, in its own words.
    fn failure(&mut self) -> Failure {
        let _ = self.process.kill();
        let status = self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let mut words = String::new();
        if let Some(errors) = &mut self.process.stderr {
            let _ = errors.read_to_string(&mut words);
        }
        let words = words.trim().trim_start_matches("memlane: ");
        let words = if words.is_empty() { &status } else { words };
        Failure::failed(format!("the demo's {} failed: {words}", name(self.role)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Both fail harmlessly if it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read_lines(output: ChildStdout) -> mpsc::Receiver<String> {
    let (said, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if said.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn name(role: PeerRole) -> &'static str {
    match role {
        PeerRole::Sender => "sender",
        PeerRole::Receiver => "receiver",
        PeerRole::Victim => "victim",
    }
}
