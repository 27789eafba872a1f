//! The options that a channel is created with, shared by `create` and `send`.

use crate::failure::{Failure, Outcome};
use crate::size;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use memlane::spsc::Options;
use memlane::{FenceMode, Granted, Kind, MemoryReport};

/// How to create a channel. What is not given takes its default, or the channel's own value if it exists.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of a new channel")]
pub struct CreationArguments {
    /// What the channel is: spsc has one sender and one receiver
    #[arg(long, value_parser = kind_parser(), default_value = "spsc")]
    kind: Kind,
    /// Size of the ring, as 65536 or 64K or 8M; rounded up to a power of two [default: 1M]
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    capacity: Option<u64>,
    /// Largest message [default: the largest that the capacity allows, a little less than 7/16 of it]
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    max_message: Option<u64>,
    /// Alignment of every message in memory: 8, 16, 32 or 64 [default: 8]
    #[arg(long, value_name = "BYTES", value_parser = alignment)]
    payload_alignment: Option<u32>,
    /// The channel never disconnects: both sides wait for each other, however often the other leaves
    #[arg(long)]
    persistent: bool,
    /// Permission bits of the file, in octal [default: 600]
    #[arg(long, value_name = "OCTAL", value_parser = size::parse_mode)]
    mode: Option<u32>,
    /// Who pays for the fence between a message and the look for sleepers [default: asymmetric where possible]
    #[arg(long)]
    fence: Option<Fence>,
    /// A name for the type of the messages, at most 64 bytes
    #[arg(long, value_name = "NAME")]
    type_name: Option<String>,
    /// Touch every page now, so that none faults later
    #[arg(long)]
    prefault: bool,
    /// Keep the pages from being swapped out, as long as this process lives
    #[arg(long)]
    lock_memory: bool,
    /// Ask for huge pages
    #[arg(long)]
    huge_pages: bool,
}

/// [`FenceMode`], for the argument parser.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fence {
    /// Whoever goes to sleep pays, by `membarrier`
    Asymmetric,
    /// Both sides pay, by a full fence a message
    Symmetric,
}

fn kind_parser() -> ValueParser {
    let names = PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.name()));
    let kind = |name: String| Kind::from_name(&name).ok_or("unknown kind");
    names.try_map(kind).into()
}

fn alignment(text: &str) -> Result<u32, String> {
    u32::try_from(size::parse(text)?).map_err(|_| "a payload alignment is 8, 16, 32 or 64".to_owned())
}

impl CreationArguments {
    /// The same for the library.
    pub fn options(&self) -> Outcome<Options> {
        let mut options = match self.kind {
            Kind::Spsc => Options::new(),
            other => return Err(Failure::failed(format!("this command does not handle channels of kind {other} yet"))),
        };
        if let Some(bytes) = self.capacity {
            options = options.capacity(bytes);
        }
        if let Some(bytes) = self.max_message {
            options = options.max_message(bytes);
        }
        if let Some(bytes) = self.payload_alignment {
            options = options.payload_alignment(bytes);
        }
        if self.persistent {
            options = options.persistent(true);
        }
        if let Some(mode) = self.mode {
            options = options.mode(mode);
        }
        if let Some(fence) = self.fence {
            options = options.fence(match fence {
                Fence::Asymmetric => FenceMode::Asymmetric,
                Fence::Symmetric => FenceMode::Symmetric,
            });
        }
        if let Some(name) = &self.type_name {
            options = options.type_name(name);
        }
        Ok(options.prefault(self.prefault).lock_memory(self.lock_memory).huge_pages(self.huge_pages))
    }
}

/// The wishes about memory by the options' names, and what came of each.
pub fn wishes(report: &MemoryReport) -> [(&'static str, &Granted); 3] {
    [("prefault", &report.prefaulted), ("lock-memory", &report.locked), ("huge-pages", &report.huge_pages)]
}
