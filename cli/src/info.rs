//! `memlane info`: everything that can be seen of one channel, without taking part in it.

use crate::facts::{self, ChannelFacts};
use crate::failure::{self, Outcome};
use crate::output::{self, Align, printable};
use crate::{size, time};
use indicatif::{BinaryBytes, HumanCount};
use memlane::{
    BroadcastInfo, ChannelStatus, Info, LaneInfo, ParticipantInfo, ParticipantState, QueueInfo, ReaderInfo, TypeForm,
    ValueInfo,
};
use std::fmt::Write;

/// Show a channel: its shape, what is in it, and who takes part
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// Print the facts as JSON
    #[arg(long)]
    json: bool,
}

/// Shows the channel.
pub fn run(arguments: &Arguments) -> Outcome {
    let info = memlane::inspect(&arguments.name)?;
    if arguments.json {
        return output::print_json(&ChannelFacts::from(&info));
    }
    output::print(&describe(&info))
}

/// How messages are aligned, and how their records are where these do not follow each other as closely as they can.
fn alignment(info: &Info) -> String {
    let messages = size::show_bytes(info.payload_alignment);
    if info.record_alignment > info.payload_alignment {
        format!("{messages}; each starts at a multiple of {}", size::show_bytes(info.record_alignment))
    } else {
        messages
    }
}

/// What messages are, and how many bytes that takes where their type says so.
fn message_type(info: &Info) -> String {
    match info.type_form {
        TypeForm::Bytes => info.type_form.name().to_owned(),
        TypeForm::One => format!("{}: {} each", info.type_name, size::show_bytes(info.type_size.into())),
        TypeForm::Slice => format!("{}: {} an element", info.type_name, size::show_bytes(info.type_size.into())),
        _ => info.type_name.clone(),
    }
}

/// How soon a death of a participant is found.
fn deaths(info: &Info) -> String {
    match info.watched_by.iter().map(u32::to_string).collect::<Vec<_>>() {
        none if none.is_empty() => "found within 200 ms by those that wait: nobody watches".to_owned(),
        watchers => format!("told at once, by process {}", watchers.join(" and ")),
    }
}

fn describe(info: &Info) -> String {
    let status = match info.status {
        ChannelStatus::Corrupted(reason) => format!("corrupted: {reason}"),
        ChannelStatus::Stale => "stale: from before the last reboot".to_owned(),
        other => other.name().to_owned(),
    };
    let path = info.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let facts = [
        ("kind", info.kind.name().to_owned()),
        ("status", status),
        ("path", path),
        ("file", size::show(info.total_bytes)),
        ("capacity", output::capacity(info)),
        ("largest message", size::show_bytes(info.max_message)),
        ("alignment", alignment(info)),
        ("message type", message_type(info)),
        ("persistent", if info.persistent { "yes: it never disconnects" } else { "no" }.to_owned()),
        ("waking", format!("{} with {} fences", info.backend.name(), info.fence.name())),
        ("deaths", deaths(info)),
        ("created", format!("{} by process {}", time::ago(info.created_unix_ns), info.creator_pid)),
        ("instance", info.instance.clone()),
    ];
    let mut text = format!("{}\n", printable(&info.name));
    for (name, fact) in facts {
        let _ = writeln!(text, "  {name:<15}  {}", printable(&fact));
    }
    for (number, lane) in info.lanes.iter().enumerate() {
        let _ = writeln!(text, "\nlane {number}\n{}", describe_lane(lane, info.capacity));
    }
    if let Some(broadcast) = &info.broadcast {
        let _ = writeln!(text, "\nbroadcast\n{}", describe_broadcast(broadcast, &info.participants));
    }
    if let Some(queue) = &info.queue {
        let _ = writeln!(text, "\nqueue\n{}", describe_queue(queue));
    }
    if let Some(calls) = &info.calls {
        let counts = [
            ("frames", calls.frames),
            ("free", calls.free),
            ("asked", calls.asked),
            ("being answered", calls.taken),
            ("answered", calls.answered),
            ("failed", calls.failed),
            ("to be retried", calls.returned),
            ("given up", calls.cancelled.saturating_add(calls.abandoned)),
        ];
        let lines = counts.map(|(name, count)| format!("  {name:<15}  {}", HumanCount(count)));
        let _ = writeln!(text, "\ncalls\n{}", lines.join("\n"));
    }
    if let Some(value) = &info.value {
        let _ = writeln!(text, "\nvalue\n{}", describe_value(value));
    }
    if let Some(semaphore) = &info.semaphore {
        let counts =
            [("available", semaphore.available), ("held", semaphore.held), ("held at most", semaphore.max_held)];
        let lines = counts.map(|(name, count)| format!("  {name:<15}  {}", HumanCount(count)));
        let _ = writeln!(text, "\npermits\n{}", lines.join("\n"));
    }
    if let Some(event) = &info.event {
        let _ = writeln!(
            text,
            "\nevent\n  bits             {:#x}\n  sets             {}",
            event.bits,
            HumanCount(event.count.into())
        );
    }
    if info.participants.is_empty() {
        text.push_str("\nnobody has joined yet\n");
    } else {
        let _ = write!(text, "\nparticipants\n{}", who(&info.participants));
        let _ = write!(text, "\nwhat they counted\n{}", counted(&info.participants));
    }
    text
}

fn describe_lane(lane: &LaneInfo, capacity: u64) -> String {
    let used = lane.used_bytes();
    let percent = used as f64 * 100.0 / capacity.max(1) as f64;
    format!(
        "  messages         {} since it was created\n  in use           {} of {} ({percent:.1} %)",
        HumanCount(lane.messages),
        BinaryBytes(used),
        BinaryBytes(capacity),
    )
}

fn describe_queue(queue: &QueueInfo) -> String {
    let counts = |counts: &[u64]| counts.iter().map(|&n| HumanCount(n).to_string()).collect::<Vec<_>>().join(" · ");
    let limit = match queue.delivery_limit {
        0 => "never given up".to_owned(),
        limit => format!("given up after {limit} deliveries"),
    };
    format!(
        "  queued           {}\n  passed on        {}\n  slots            {} free, {} being written or queued, {} not acknowledged, {} \
         given back\n  redelivery       on death {}; {limit}\n  dead letters     {}, and {} discarded",
        counts(&queue.queued),
        counts(&queue.passed),
        HumanCount(queue.free),
        HumanCount(queue.produced),
        HumanCount(queue.consumed),
        HumanCount(queue.redeliver),
        facts::on_death_name(queue.discard_on_death),
        HumanCount(queue.dead_letters),
        HumanCount(queue.discarded),
    )
}

/// Which receiver the sender waits for, if it waits, and how far that one and the others are behind.
fn describe_broadcast(broadcast: &BroadcastInfo, participants: &[ParticipantInfo]) -> String {
    let policy = broadcast.policy.name();
    let of = |reader: &ReaderInfo| participants.iter().find(|participant| participant.row == reader.row);
    let behind = match broadcast.slowest().and_then(|reader| of(reader).zip(Some(reader))) {
        Some((receiver, reader)) => {
            let behind = BinaryBytes(reader.lag);
            let who = match receiver.state {
                ParticipantState::Away => "away".to_owned(),
                _ => format!("process {}", receiver.pid),
            };
            format!("row {}, {} ({who}), {behind} behind", receiver.row, receiver.name)
        }
        None => "nobody receives".to_owned(),
    };
    let readers = readers(&broadcast.readers, participants);
    format!("  policy           {policy}\n  slowest          {behind}{readers}")
}

/// The receivers that have names, whether they are there or not, and how far they have come.
fn readers(readers: &[ReaderInfo], participants: &[ParticipantInfo]) -> String {
    let columns = [
        ("row", Align::Right),
        ("reader", Align::Left),
        ("state", Align::Left),
        ("since", Align::Left),
        ("messages behind", Align::Right),
    ];
    let row = |reader: &ReaderInfo| {
        let name = reader.name.clone()?;
        let participant = participants.iter().find(|participant| participant.row == reader.row)?;
        let since = if reader.is_away { participant.left_unix_ns } else { participant.started_unix_ns };
        let behind = reader.behind.map_or_else(|| "?".to_owned(), |behind| HumanCount(behind).to_string());
        Some(vec![reader.row.to_string(), name, state(participant), time::ago(since), behind])
    };
    let rows: Vec<_> = readers.iter().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n\nnamed receivers\n{}", output::table("  ", &columns, &rows).trim_end())
}

fn describe_value(value: &ValueInfo) -> String {
    if value.version == 0 {
        return "  none was set yet".to_owned();
    }
    format!("  version          {}\n  length           {}", HumanCount(value.version), size::show_bytes(value.length))
}

fn who(participants: &[ParticipantInfo]) -> String {
    let columns = [
        ("row", Align::Right),
        ("role", Align::Left),
        ("state", Align::Left),
        ("alive", Align::Left),
        ("pid", Align::Right),
        ("name", Align::Left),
        ("joined", Align::Left),
    ];
    let row = |participant: &ParticipantInfo| {
        vec![
            participant.row.to_string(),
            participant.role.name().to_owned(),
            state(participant),
            match participant.alive {
                Some(true) => "yes",
                Some(false) => "no",
                None => "?",
            }
            .to_owned(),
            participant.pid.to_string(),
            participant.name.clone(),
            time::ago(participant.started_unix_ns),
        ]
    };
    output::table("  ", &columns, &participants.iter().map(row).collect::<Vec<_>>())
}

fn counted(participants: &[ParticipantInfo]) -> String {
    let columns =
        ["row", "messages", "bytes", "full", "empty", "parks", "wakes", "reaped"].map(|name| (name, Align::Right));
    let row = |participant: &ParticipantInfo| {
        let counters = &participant.counters;
        let counted = |number: u64| HumanCount(number).to_string();
        vec![
            participant.row.to_string(),
            counted(counters.messages),
            BinaryBytes(counters.bytes).to_string(),
            counted(counters.full),
            counted(counters.empty),
            counted(counters.parks),
            counted(counters.wakes),
            counted(counters.reaped),
        ]
    };
    output::table("  ", &columns, &participants.iter().map(row).collect::<Vec<_>>())
}

/// What the row says, and what the kernel adds to it.
fn state(participant: &ParticipantInfo) -> String {
    match (participant.state, participant.alive) {
        (ParticipantState::Live, _) if participant.dying => "dying",
        (ParticipantState::Live, Some(false)) => "died",
        (ParticipantState::Live, _) if participant.offered => "offered",
        (state, _) => facts::state_name(state),
    }
    .to_owned()
}
