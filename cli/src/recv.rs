//! `memlane recv`: messages to standard output.
//!
//! ```text
//! channel ──recv_batch──► buffer ──write──► standard output ──then──► release
//! ```
//!
//! What holds: a message is released only after its last byte was written. Kill the command at any instant, and its
//! successor gets every message that was not written completely, and perhaps some that were: at most one batch of them, or one
//! record of a stream.

use crate::failure::{self, Failure, Outcome};
use crate::framing::Framing;
use crate::opening::OpeningArguments;
use crate::sink::Sink;
use crate::source::{Source, Turn};
use crate::waiting::{self, Patience};
use crate::{output, time};
use memlane::any::{Channel, Receiver};
use memlane::broadcast::Start;
use memlane::{Info, JoinError, Kind, OpenError, ParticipantInfo, Role};
use std::time::Duration;

/// Write messages to standard output, one a line
///
/// Waits for the channel to appear, and ends when it is drained and its senders have gone. A message is released after it
/// was written, so killing this command loses nothing: the next one goes on, and may repeat the last messages.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// How messages follow each other in standard output; lines writes a message with a line end in it as it is
    #[arg(long, default_value = "lines")]
    framing: Framing,
    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Wait so long for the channel, and for each message: seconds, or a number with ms, s, min behind it [default: for
    /// ever]
    #[arg(long, value_name = "DURATION", value_parser = time::parse)]
    timeout: Option<Duration>,
    /// Stay when the senders have gone, and when the channel is removed: others may come
    #[arg(long)]
    follow: bool,
    /// End also where the senders left before this command came, if nothing is left to receive: for the workers of a pool
    #[arg(long, conflicts_with = "follow")]
    drain: bool,
    /// broadcast: the first message: the next one that is sent, the oldest one that is still there, or the one of this number,
    /// from 0 [default: now]
    #[arg(long, value_name = "now|oldest|NUMBER", value_parser = parse_start)]
    from: Option<Start>,
    /// broadcast: begin with the last so many messages, as far as they are still there
    #[arg(long, value_name = "N", conflicts_with = "from")]
    history: Option<u64>,
    /// broadcast: receive by this name: the next one that does goes on behind what this one wrote, also if this one is killed, and the sender
    /// waits for it until it comes or is forgotten. --from and --history are for the first one
    #[arg(long = "as", value_name = "READER", conflicts_with = "read_only")]
    name_of_its_own: Option<String>,
    /// broadcast: take no seat: read the channel's file, and write nothing to it. Permission to read it is enough, nobody notices, and the
    /// sender does not wait for this command, which says how many messages it lost. Those that come are seen within 100 ms, and a sender
    /// that died is waited for until somebody else finds out
    #[arg(long)]
    read_only: bool,
    /// Say on standard error which messages were delivered before, to a receiver that died or gave them back
    #[arg(long, conflicts_with = "read_only")]
    show_redelivered: bool,
    #[command(flatten)]
    opening: OpeningArguments,
}

/// Reads where to begin.
fn parse_start(text: &str) -> Result<Start, &'static str> {
    match text {
        "now" => Ok(Start::Now),
        "oldest" => Ok(Start::Oldest),
        number => number.parse().map(Start::At).map_err(|_| "is neither now nor oldest nor a number"),
    }
}

/// A follower whose senders have gone looks at the channel's name once in so many pauses: others may have removed the
/// channel without telling anybody in it.
const PAUSES_PER_NAME: u32 = 10;

/// Receives everything.
pub fn run(arguments: &Arguments) -> Outcome {
    let patience = Patience::new(arguments.timeout);
    let mut sink = Sink::new(arguments.framing, arguments.show_redelivered)?;
    let mut left = arguments.count;
    let mut start = arguments.history.map(Start::Last).or(arguments.from);
    loop {
        let opened =
            if arguments.read_only { look_on(arguments, patience, start) } else { join(arguments, patience, start) };
        let Some((source, instance)) = opened? else { continue };
        // Of the channel that comes after this one, all is new.
        start = start.map(|_| Start::Oldest);
        let mut receiving = Receiving { arguments, patience, instance, source };
        match receiving.receive(&mut sink, &mut left) {
            Ok(Stop::Done) => return Ok(()),
            Ok(Stop::Removed) if arguments.follow => {}
            Ok(Stop::Removed) => return Err(Failure::Missing(format!("channel {} was removed", arguments.name))),
            Ok(Stop::Unwritten(failure)) => {
                // A successor gets it all. For the sender this is a death, not a farewell: the seat stays open until this process
                // ends, which is the proof that its holder died, and the sender waits for that one.
                std::mem::forget(receiving.source);
                return Err(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// What is received, and the instance of the channel that it comes from. `None`: that is gone, and perhaps another one has come.
type Opened = Option<(Source, String)>;

/// Waits for the channel, and takes a receiver's seat.
fn join(arguments: &Arguments, patience: Patience, start: Option<Start>) -> Outcome<Opened> {
    let open = |drain| {
        let look = || arguments.opening.open(&arguments.name, drain);
        waiting::open(&arguments.name, patience, arguments.follow, look)
    };
    let mut channel = open(arguments.drain)?;
    let chooses = start.is_some() || arguments.name_of_its_own.is_some();
    if chooses && channel.kind() != Kind::Broadcast {
        let reason = "is no broadcast, whose receivers alone choose where they begin, and have names: --from, --history and \
                      --as do not apply";
        return Err(Failure::failed(format!("channel {} {reason}", arguments.name)));
    }
    // Looked at before joining: this receiver may get the last one's row.
    if !arguments.drain && ended_unheard(&channel.info()) {
        channel = open(true)?;
    }
    let receiver = match take_seat(&channel, start, arguments.name_of_its_own.as_deref()) {
        Err(JoinError::Removed { .. }) => return Ok(None),
        Err(JoinError::Closed { .. }) if arguments.follow => return Ok(None),
        other => other?,
    };
    let source = Source::new(receiver, channel.kind(), arguments.framing, arguments.count.is_some());
    Ok(Some((source, channel.info().instance)))
}

/// Takes a receiver's seat, by its own name if it has one, and begins there.
fn take_seat(channel: &Channel, start: Option<Start>, name: Option<&str>) -> Result<Receiver, JoinError> {
    match (channel.to_broadcast(), name, start) {
        (Some(broadcast), Some(name), start) => Ok(broadcast.receiver_named(name, start.unwrap_or_default())?.into()),
        (Some(broadcast), None, Some(start)) => Ok(broadcast.receiver_from(start)?.into()),
        _ => channel.receiver(),
    }
}

/// Waits for the channel, and takes no seat.
fn look_on(arguments: &Arguments, patience: Patience, start: Option<Start>) -> Outcome<Opened> {
    let name = &arguments.name;
    let look = || arguments.opening.look_at_broadcast(name, arguments.drain, start.unwrap_or_default());
    let receiver = waiting::open(name, patience, arguments.follow, look)?;
    match memlane::inspect(name) {
        Ok(info) => Ok(Some((receiver.into(), info.instance))),
        // It had that name a moment ago.
        Err(OpenError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Why receiving from one channel came to its end.
enum Stop {
    /// Everything that was asked for is written.
    Done,
    /// The name does not lead to this channel any more.
    Removed,
    /// Standard output takes no more. What it did not take was given back.
    Unwritten(Failure),
}

/// A receiver at work.
struct Receiving<'a> {
    arguments: &'a Arguments,
    patience: Patience,
    /// Which channel it is, whatever its name leads to by now.
    instance: String,
    source: Source,
}

/// Whether the last sender came and went without a message, after every receiver that there was. Its end is the end of an
/// empty stream, and meant for the receiver that comes next; by default, the engine counts only senders that were there since it joined.
fn ended_unheard(info: &Info) -> bool {
    let last_receiver = last_of(Role::Receiver, info).map(|last| last.started_unix_ns);
    last_of(Role::Sender, info).is_some_and(|last| {
        last.alive == Some(false) && last.counters.messages == 0 && Some(last.started_unix_ns) > last_receiver
    })
}

/// The participant of this role that joined last.
fn last_of(role: Role, info: &Info) -> Option<&ParticipantInfo> {
    info.participants.iter().filter(|one| one.role == role).max_by_key(|one| one.started_unix_ns)
}

impl Receiving<'_> {
    fn receive(&mut self, sink: &mut Sink, left: &mut Option<u64>) -> Result<Stop, Failure> {
        let name = &self.arguments.name;
        let mut wait = self.patience.start();
        let mut pauses = 0u32;
        while *left != Some(0) {
            match self.source.turn(*left, wait.left(), sink) {
                Turn::Written(taken) => {
                    *left = left.map(|left| left - taken);
                    wait = self.patience.start();
                }
                Turn::Lagged(lost) => {
                    let messages = if lost == 1 { "message was" } else { "messages were" };
                    output::complain(&format!(
                        "channel {name}: {lost} {messages} overwritten before this command received them"
                    ));
                }
                Turn::Unwritten(failure) => return Ok(Stop::Unwritten(failure)),
                // The senders have gone, and the call says so at once until another one joins.
                Turn::Ended | Turn::SenderDied if self.arguments.follow => {
                    pauses += 1;
                    if pauses.is_multiple_of(PAUSES_PER_NAME) && !waiting::leads_to(name, &self.instance) {
                        return Ok(Stop::Removed);
                    }
                    if !wait.pause() {
                        return Err(timed_out(name, &wait));
                    }
                }
                Turn::Ended => return Ok(Stop::Done),
                Turn::SenderDied => {
                    let sentence = "its sender died; all that it had sent was written, and the rest is missing";
                    return Err(Failure::failed(format!("channel {name}: {sentence}")));
                }
                Turn::Removed => return Ok(Stop::Removed),
                Turn::TimedOut => return Err(timed_out(name, &wait)),
                Turn::Failed(reason) => return Err(Failure::failed(format!("channel {name}: {reason}"))),
            }
        }
        Ok(Stop::Done)
    }
}

fn timed_out(name: &str, wait: &waiting::Wait) -> Failure {
    Failure::TimedOut(format!("channel {name}: no message came within {}", wait.limit_text()))
}
