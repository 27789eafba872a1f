//! `memlane ls`: the named channels of this user, one a line.

use crate::facts::ChannelFacts;
use crate::failure::{self, Failure, Outcome};
use crate::output::{self, Align};
use indicatif::{BinaryBytes, HumanCount};
use memlane::{ChannelStatus, Info, OpenError, Role};
use serde::Serialize;

/// List the channels in $MEMLANE_DIR (default: /dev/shm/memlane-<uid>)
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// Print the facts of all channels as a JSON array
    #[arg(long)]
    json: bool,
}

/// A line of the list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Listed {
    Channel(Box<ChannelFacts>),
    /// A file that looks like a channel by its name.
    Unreadable {
        name: String,
        error: String,
    },
}

/// Lists the channels.
pub fn run(arguments: &Arguments) -> Outcome {
    let names = memlane::list().map_err(|error| Failure::failed(format!("listing the channels failed: {error}")))?;
    let looks = names.into_iter().filter_map(|name| match memlane::inspect(&name) {
        // Removed between the two looks.
        Err(OpenError::NotFound { .. }) => None,
        look => Some((name, look)),
    });
    let looks: Vec<(String, Result<Info, OpenError>)> = looks.collect();
    if arguments.json {
        let listed = looks.iter().map(|(name, look)| match look {
            Ok(info) => Listed::Channel(Box::new(info.into())),
            Err(error) => Listed::Unreadable { name: name.clone(), error: error.to_string() },
        });
        return output::print_json(&listed.collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = looks.iter().map(|(name, look)| row(name, look)).collect();
    let faults: Vec<String> = looks.iter().filter_map(|(name, look)| fault(name, look)).collect();
    if rows.is_empty() {
        return output::print("");
    }
    let columns = [
        ("name", Align::Left),
        ("kind", Align::Left),
        ("status", Align::Left),
        ("file", Align::Right),
        ("in use", Align::Right),
        ("messages", Align::Right),
        ("senders", Align::Right),
        ("receivers", Align::Right),
    ];
    let mut text = output::table("", &columns, &rows);
    if !faults.is_empty() {
        let lines: Vec<String> = faults.iter().map(|fault| output::printable(fault) + "\n").collect();
        text = format!("{text}\n{}", lines.concat());
    }
    output::print(&text)
}

/// Why a channel is of no use, in a sentence that names it.
fn fault(name: &str, look: &Result<Info, OpenError>) -> Option<String> {
    match look {
        Err(error) => Some(error.to_string()),
        Ok(info) => match info.status {
            ChannelStatus::Corrupted(reason) => {
                Some(OpenError::Corrupted { channel: name.to_owned(), reason }.to_string())
            }
            _ => None,
        },
    }
}

fn row(name: &str, look: &Result<Info, OpenError>) -> Vec<String> {
    let info = match look {
        Ok(info) => info,
        Err(_) => {
            let mut row = vec![name.to_owned(), "?".to_owned(), "unreadable".to_owned()];
            row.resize(8, String::new());
            return row;
        }
    };
    let alive = |role| {
        let of_role = info.participants.iter().filter(|participant| participant.role == role);
        of_role.filter(|participant| participant.alive == Some(true)).count().to_string()
    };
    vec![
        name.to_owned(),
        info.kind.name().to_owned(),
        info.status.name().to_owned(),
        BinaryBytes(info.total_bytes).to_string(),
        output::in_use(info),
        HumanCount(output::messages(info)).to_string(),
        alive(Role::Sender),
        alive(Role::Receiver),
    ]
}
