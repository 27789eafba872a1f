//! Starting the demo's two processes together, and watching them.

use super::Arguments;
use super::peer::{Pace, PeerRole, Report, now_ns};
use crate::failure::{Failure, Outcome};
use clap::ValueEnum;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// What the two processes report.
pub struct Reports {
    /// When sending began.
    pub started_ns: u64,
    pub sender: Report,
    pub receiver: Report,
}

/// Between the word to start and the start, so that both have heard it.
const HEAD_START: Duration = Duration::from_millis(20);

/// For everything beyond the measured time, on a machine that is busy.
const GRACE: Duration = Duration::from_secs(60);

/// Between two looks at the processes.
const INTERVAL: Duration = Duration::from_millis(5);

/// Runs a receiver and a sender over the channel to their end.
pub fn run_pair(arguments: &Arguments, channel: &str, pace: Pace) -> Outcome<Reports> {
    let mut receiver = Peer::start(arguments, channel, pace, PeerRole::Receiver)?;
    let mut sender = Peer::start(arguments, channel, pace, PeerRole::Sender)?;
    receiver.wait_until_ready()?;
    sender.wait_until_ready()?;
    let started_ns = now_ns() + HEAD_START.as_nanos() as u64;
    receiver.say(started_ns)?;
    sender.say(started_ns)?;
    // A sender at a fixed rate takes up to twice the time.
    let deadline = Instant::now() + Duration::from_secs_f64(2.0 * arguments.seconds) + GRACE;
    while !(receiver.has_ended()? & sender.has_ended()?) {
        if Instant::now() >= deadline {
            return Err(Failure::failed("the demo's processes did not end in time"));
        }
        std::thread::sleep(INTERVAL);
    }
    Ok(Reports { started_ns, sender: sender.report()?, receiver: receiver.report()? })
}

/// One process; killed if it is dropped before its end.
struct Peer {
    role: PeerRole,
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start(arguments: &Arguments, channel: &str, pace: Pace, role: PeerRole) -> Outcome<Self> {
        let failed =
            |error: std::io::Error| Failure::failed(format!("starting the demo's {} failed: {error}", name(role)));
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.args(["demo-peer", name(role), channel]);
        command.args(["--pace", pace.to_possible_value().as_ref().map_or("", |value| value.get_name())]);
        command.arg(format!("--seconds={}", arguments.seconds));
        command.arg(format!("--rate={}", arguments.rate));
        command.arg("--").args(&arguments.file);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(failed)?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { role, process, input, output: BufReader::new(output) }),
            _ => Err(failed(std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn wait_until_ready(&mut self) -> Outcome {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(1..) => Ok(()),
            _ => Err(self.failure()),
        }
    }

    fn say(&mut self, started_ns: u64) -> Outcome {
        writeln!(self.input, "{started_ns}").map_err(|_| self.failure())
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
        let mut text = String::new();
        let report = self.output.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str(&text).ok());
        report.ok_or_else(|| self.failure())
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

fn name(role: PeerRole) -> &'static str {
    match role {
        PeerRole::Sender => "sender",
        PeerRole::Receiver => "receiver",
    }
}
