//! `memlane acquire`: permits of a semaphore, held while a command runs.
//!
//! ```text
//! memlane acquire ── acquires ── starts itself as `held` ── waits, passes signals on ── gives back
//!                                   └ asks the kernel to be killed with its parent ── becomes the command
//! ```
//!
//! What holds: *the command does not run without its permits.* They are this process's, and come back when it ends, however it does; and then
//! the kernel kills the command, if it still runs.

use crate::failure::{self, Failure, Outcome};
use crate::opening::OpeningArguments;
use crate::time;
use crate::waiting::Patience;
use memlane::AcquireTimeoutError;
use memlane::semaphore::Permit;
use rustix::process::{Pid, Signal, getpgrp, getppid, kill_process, set_parent_process_death_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;
use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

/// Hold permits of a semaphore while a command runs
///
/// Waits for the permits, runs the command, gives the permits back when it ends, and ends with its status (128 and the number of the signal,
/// if one ended it). Signals that tell this command to end are passed on to it. If this command is killed, the permits come back all the same,
/// and the kernel kills the command. Create the semaphore before: memlane create NAME --kind semaphore --permits N
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The semaphore's name or path
    name: String,
    /// How many permits to hold: all of them at once
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    permits: u32,
    /// Wait so long for them: seconds, or a number with ms, s, min behind it; 0 does not wait
    #[arg(long, value_name = "DURATION", value_parser = time::parse)]
    timeout: Option<Duration>,
    #[command(flatten)]
    opening: OpeningArguments,
    /// The command, with its arguments
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

/// What the process that becomes the command is told.
#[derive(Debug, clap::Args)]
pub struct HeldArguments {
    /// The process that holds the permits.
    parent: i32,
    /// The command, with its arguments.
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

/// Signals that are passed on to the command.
const PASSED_ON: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];

/// Holds the permits while the command runs.
pub fn run(arguments: &Arguments) -> Outcome {
    let permit = acquire(arguments)?;
    // From here on, none of these ends this process before the command.
    let mut signals = Signals::new(PASSED_ON).map_err(|error| failed("waiting for signals", &error))?;
    let mut child = start(&arguments.command)?;
    let id = Pid::from_child(&child);
    let handle = signals.handle();
    let passing = std::thread::spawn(move || {
        for signal in signals.forever() {
            pass_on(signal, id);
        }
    });
    let ended = wait(&mut child);
    handle.close();
    let _ = passing.join();
    let released = permit.release();
    let status = ended?;
    released.map_err(|error| Failure::failed(format!("channel {}: {error}", arguments.name)))?;
    end_as(status)
}

fn failed(action: &str, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{action} failed: {error}"))
}

fn acquire(arguments: &Arguments) -> Outcome<Permit> {
    let name = &arguments.name;
    let channel = arguments.opening.open(name, false)?;
    let not_one = || Failure::failed(format!("channel {name} is of kind {}, and no semaphore", channel.kind()));
    let mut semaphore = channel.to_semaphore().ok_or_else(not_one)?.semaphore()?;
    let acquired = match arguments.timeout {
        Some(timeout) => semaphore.acquire_many_timeout(arguments.permits, timeout),
        None => semaphore.acquire_many(arguments.permits).map_err(AcquireTimeoutError::from),
    };
    acquired.map_err(|error| match error {
        AcquireTimeoutError::Timeout => {
            let limit = Patience::new(arguments.timeout).start().limit_text();
            Failure::TimedOut(format!("semaphore {name}: there were not enough permits within {limit}"))
        }
        AcquireTimeoutError::Removed => Failure::Missing(format!("channel {name} was removed")),
        other => Failure::failed(format!("channel {name}: {other}")),
    })
}

/// Starts the command, by way of this program.
fn start(command: &[OsString]) -> Outcome<Child> {
    let this = std::env::current_exe().map_err(|error| failed("finding this program", &error))?;
    let own = rustix::process::getpid().as_raw_nonzero().to_string();
    let mut held = Command::new(this);
    held.arg("held").arg(own).arg("--").args(command);
    held.spawn().map_err(|error| failed("starting the command", &error))
}

/// Becomes the command, which is killed when the process ends that holds the permits.
pub fn run_held(arguments: &HeldArguments) -> Outcome {
    let refused =
        |error: rustix::io::Errno| failed("asking to be killed with the holder of the permits", &error.into());
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(refused)?;
    // If that one has ended before, nobody kills this one.
    if getppid().is_none_or(|parent| parent.as_raw_nonzero().get() != arguments.parent) {
        return Err(Failure::failed("the holder of the permits has ended"));
    }
    let (program, rest) = arguments.command.split_first().ok_or_else(|| Failure::Usage("no command".to_owned()))?;
    let error = Command::new(program).args(rest).exec();
    Err(Failure::failed(format!("running {} failed: {error}", program.display())))
}

/// Passes a signal on, unless the terminal has sent it to the command, too.
fn pass_on(signal: i32, child: Pid) {
    let is_the_terminals = || {
        let terminal = std::fs::File::open("/dev/tty").ok();
        terminal.is_some_and(|terminal| rustix::termios::tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
    };
    if matches!(signal, SIGINT | SIGQUIT) && is_the_terminals() {
        return;
    }
    if let Some(signal) = Signal::from_named_raw(signal) {
        let _ = kill_process(child, signal);
    }
}

fn wait(child: &mut Child) -> Outcome<ExitStatus> {
    child.wait().map_err(|error| failed("waiting for the command", &error))
}

/// Ends as the command did.
fn end_as(status: ExitStatus) -> Outcome {
    let number = status.code().unwrap_or_else(|| status.signal().map_or(1, |signal| 128 + signal));
    match number {
        0 => Ok(()),
        other => Err(Failure::OfCommand(other as u8)),
    }
}
