//! `memlane serve`: calls are answered by a command.
//!
//! What holds: a call of which no answer came is dropped, so its client is told at once. Whatever the command does, the next call is taken.

use crate::creation::CreationArguments;
use crate::failure::{self, Failure, Outcome};
use crate::opening::OpeningArguments;
use crate::output;
use memlane::rpc::{Call, Server};
use memlane::{Kind, RecvError, RespondError};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Answer calls by a command: it gets the request by standard input, and what it prints is the answer
///
/// Creates the channel if there is none. A command that fails gives no answer, and the caller is told so. Several of these serve at a time, each
/// one call after the other.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// Start the command once, and give it each request as a line; each line that it prints is an answer
    #[arg(long)]
    lines: bool,
    /// Take the answer as it is, with the line end behind it
    #[arg(long, conflicts_with = "lines")]
    raw: bool,
    /// End after so many calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Longest answer [default: 1024]
    #[arg(long, value_name = "BYTES", value_parser = crate::size::parse, help_heading = "Options of a new channel")]
    max_response: Option<crate::size::Size>,
    /// A call whose server died goes to another one, which may do it a second time
    #[arg(long, help_heading = "Options of a new channel")]
    retry: bool,
    #[command(flatten)]
    opening: OpeningArguments,
    #[command(flatten)]
    creation: CreationArguments,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Answers calls.
pub fn run(arguments: &Arguments) -> Outcome {
    let name = &arguments.name;
    let kind = arguments.creation.kind_or(Kind::Rpc);
    if kind != Kind::Rpc {
        return Err(Failure::Usage(format!("only an rpc channel can be served: {kind} has no calls")));
    }
    let options = arguments.opening.apply(arguments.creation.options(kind));
    let not_to_be_served = || Failure::failed(format!("channel {name} has no calls"));
    let mut options = options.to_rpc().ok_or_else(not_to_be_served)?;
    if let Some(max_response) = &arguments.max_response {
        options = options.max_response(max_response.bytes);
    }
    if arguments.retry {
        options = options.retry(true);
    }
    let channel = options.open_or_create(name).map_err(|error| arguments.creation.explain_open(error))?;
    let server = channel.server()?;
    let mut worker = if arguments.lines { Some(Worker::start(&arguments.command)?) } else { None };
    for _ in 0..arguments.count.unwrap_or(u64::MAX) {
        let Some(call) = next(name, &server)? else { return Ok(()) };
        let request = call.to_vec()?;
        match &mut worker {
            Some(worker) => respond(call, &worker.answer(&request)?),
            None => match once(&arguments.command, &request, arguments.raw) {
                Ok(answer) => respond(call, &answer),
                // The client is told that there is no answer.
                Err(failure) => drop(output::report(&failure)),
            },
        }
    }
    Ok(())
}

/// The next call. `None`: the channel was closed.
fn next<'a>(name: &str, server: &'a Server) -> Outcome<Option<Call<'a>>> {
    match server.next() {
        Ok(call) => Ok(Some(call)),
        Err(RecvError::Disconnected) => Ok(None),
        Err(RecvError::Removed) => Err(Failure::Missing(format!("channel {name} was removed"))),
        Err(other) => Err(Failure::failed(format!("channel {name}: {other}"))),
    }
}

/// Answers, if the client still waits.
fn respond(call: Call<'_>, answer: &[u8]) {
    match call.respond(answer) {
        Ok(()) | Err(RespondError::Cancelled) => {}
        Err(error) => output::complain(&error.to_string()),
    }
}

fn start(command: &[OsString]) -> Outcome<Child> {
    let [program, arguments @ ..] = command else { return Err(Failure::Usage("there is no command".to_owned())) };
    let started = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    started.map_err(|error| Failure::failed(format!("{} cannot be started: {error}", program.display())))
}

/// What the command makes of a request, in a process of its own.
fn once(command: &[OsString], request: &[u8], raw: bool) -> Outcome<Vec<u8>> {
    let mut child = start(command)?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let mut answer = Vec::new();
    let read = std::thread::scope(|scope| {
        // Beside the reading: a command may answer before it has read everything, or read nothing at all.
        scope.spawn(move || input.map(|mut input| input.write_all(request)));
        output.map_or(Ok(0), |mut output| output.read_to_end(&mut answer))
    });
    read.map_err(|error| Failure::failed(format!("reading the answer failed: {error}")))?;
    let status = child.wait().map_err(|error| Failure::failed(format!("waiting for the command failed: {error}")))?;
    if !status.success() {
        return Err(Failure::failed(format!("the command failed: {status}")));
    }
    if !raw && answer.ends_with(b"\n") {
        answer.pop();
    }
    Ok(answer)
}

/// A command that answers line by line.
struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(command: &[OsString]) -> Outcome<Self> {
        let mut child = start(command)?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(|| Failure::failed("the command has no output"))?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// The line that the command prints for this one.
    fn answer(&mut self, request: &[u8]) -> Outcome<Vec<u8>> {
        let ended = |reason: &str| Failure::failed(format!("the command gives no more answers: {reason}"));
        // What is more than a line would get more than an answer.
        let line: Vec<u8> =
            request.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }).chain([b'\n']).collect();
        let input = self.input.as_mut().ok_or_else(|| ended("it has no input"))?;
        input.write_all(&line).and_then(|()| input.flush()).map_err(|error| ended(&error.to_string()))?;
        let mut answer = Vec::new();
        self.output.read_until(b'\n', &mut answer).map_err(|error| ended(&error.to_string()))?;
        if answer.pop() != Some(b'\n') {
            return Err(ended("it has ended"));
        }
        Ok(answer)
    }
}

impl Drop for Worker {
    /// Its input ends, and it with that.
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
