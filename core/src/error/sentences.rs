//! Sentences that depend on more than one field of an error.

use super::Printable;
use std::fmt::Display;

/// What gave a channel's folder: the channel's path, or the environment.
pub(super) fn named_by(channel: &str) -> &'static str {
    if channel.contains('/') { "the path" } else { "MEMLANE_DIR" }
}

/// No channel has this name. The path says in which folder it was looked for.
pub(super) fn absent(channel: &str, path: &str) -> String {
    let (channel, is_path) = (Printable(channel), channel == path);
    if is_path {
        return format!("channel {channel} does not exist; create it first");
    }
    format!("channel {channel} does not exist (there is no {}); create it first", Printable(path))
}

/// Something stands where a channel should be created. `refusal`: why it cannot be opened instead.
pub(super) fn exists(channel: &str, refusal: Option<&impl Display>) -> String {
    let channel = Printable(channel);
    match refusal {
        None => format!("channel {channel} exists already: open it, or remove it first"),
        Some(refusal) => format!("channel {channel} cannot be created, since its name is taken: {refusal}"),
    }
}

/// All seats of a role are taken, so many of them by receivers that are away.
pub(super) fn taken(channel: &str, role: &str, seats: usize, away: usize, pid: u32) -> String {
    let channel = Printable(channel);
    if away > 0 {
        let others = if away < seats { format!(" (process {pid} has one of the others)") } else { String::new() };
        return format!(
            "channel {channel} has all of its {seats} {role}s, {away} of which are away{others}; forget one that does not come \
             back, or create the channel with more seats for {role}s"
        );
    }
    if seats == 1 {
        return format!("channel {channel} has its {role} already (process {pid}); stop that one first");
    }
    format!(
        "channel {channel} has all of its {seats} {role}s (process {pid} is one); stop one, or create the channel with more \
         seats for {role}s"
    )
}

/// Another program holds a lock on the lock file. The process is as the kernel names it.
pub(super) fn locked(channel: &str, path: &str, process: Option<u32>) -> String {
    let holder = match process {
        Some(0) => "a process of another PID namespace".to_owned(),
        Some(process) => format!("process {process}"),
        None => "another program".to_owned(),
    };
    let (channel, path) = (Printable(channel), Printable(path));
    format!(
        "channel {channel}: {holder} holds a lock on {path} and takes no part in the channel; wait until it has ended"
    )
}

/// No message of this number was sent yet.
pub(super) fn no_such_message(channel: &str, number: u64, sent: u64) -> String {
    format!(
        "channel {}: no message has number {number}, only {sent} were sent: begin with now or with the oldest one",
        Printable(channel)
    )
}

/// Which of so many senders' messages a number means, it does not say.
pub(super) fn several_senders(channel: &str, senders: u32) -> String {
    format!(
        "channel {}: there are seats for {senders} senders, whose messages are numbered each for itself: begin with now, the oldest \
         ones or the last few of each",
        Printable(channel)
    )
}
