//! The options that a channel is created with, shared by `create`, `send` and `set`.

use crate::failure::{Failure, flag};
use crate::opening;
use crate::size::{self, Size};
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use memlane::any::Options;
use memlane::broadcast::Policy;
use memlane::mpmc::OnDeath;
use memlane::{Backend, CreateError, FenceMode, Granted, Kind, MemoryReport, OpenError};

/// How to create a channel. What is not given takes its default, or the channel's own value if it exists.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of a new channel")]
pub struct CreationArguments {
    /// What the channel is: spsc has one sender and one receiver, mpmc many of both, each message for one of these, mpsc many
    /// senders with a ring each and one receiver, watch one sender and many receivers of its latest value, broadcast one
    /// sender or several with a ring each and many receivers of each message, semaphore permits that are acquired, event
    /// bits that are set and waited for [default: spsc; of set: watch]
    #[arg(long, value_parser = kind_parser(Kind::ALL))]
    kind: Option<Kind>,
    /// spsc, mpsc, broadcast: size of the ring, or of each, as 65536 or 64K or 1.5M, up to 2G; rounded up to a power of two [default of
    /// spsc and broadcast: 1M; of mpsc: 64K]
    #[arg(long, value_name = "BYTES", value_parser = capacity)]
    capacity: Option<Size>,
    /// mpmc: how many messages fit, up to 65536 [default: as many as
    /// take 16M, a power of two from 4 to 1024; with the default largest message 256]
    #[arg(long, value_name = "N")]
    slots: Option<usize>,
    /// mpmc: how many priorities there are, up to 8 [default: 1]
    #[arg(long, value_name = "N")]
    priorities: Option<u8>,
    /// mpmc, mpsc, broadcast: how many senders there can be at a time, with the receivers up to 1024 [default: 64, or
    /// what the receivers leave; of broadcast 1]
    #[arg(long, value_name = "N")]
    senders: Option<usize>,
    /// mpmc, watch, broadcast: how many receivers there can be at a time, with the senders up to 1024; semaphore, event: how many
    /// take part at a time [default: 64, or
    /// what the senders leave]
    #[arg(long, value_name = "N")]
    receivers: Option<usize>,
    /// semaphore: how many permits there are at first, up to 16777215 [default: 1]
    #[arg(long, value_name = "N")]
    permits: Option<usize>,
    /// semaphore: how many permits can be held at once, up to 16384 [default: as many as there are at first, and 64 at least]
    #[arg(long, value_name = "N")]
    max_held: Option<usize>,
    /// mpmc: what becomes of messages whose receiver died before it acknowledged them [default: redeliver]
    #[arg(long, value_name = "POLICY")]
    on_death: Option<Death>,
    /// mpmc: give a message up that was delivered so often in vain [default: never]
    #[arg(long, value_name = "N")]
    delivery_limit: Option<u16>,
    /// broadcast: what the sender does where a receiver has not come as far as it wants to write [default: block]
    #[arg(long, value_name = "POLICY")]
    policy: Option<Lag>,
    /// Largest message or value [default of spsc, mpsc and broadcast: the largest that the capacity allows, a little less than 7/16 of it; of mpmc:
    /// 64000; of watch: 4096]
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    max_message: Option<Size>,
    /// Alignment of every message in memory: 8, 16, 32 or 64 [default: 8]
    #[arg(long, value_name = "BYTES", value_parser = alignment)]
    payload_alignment: Option<Size>,
    /// spsc, mpsc, broadcast: every message starts at a multiple of so many bytes of the ring, 8 to 128, so that one of up to 56 bytes stands in
    /// one line of the cache (64), and one of up to 120 in a pair (128) [default: the payload alignment]
    #[arg(long, value_name = "BYTES", value_parser = record_alignment)]
    record_alignment: Option<Size>,
    /// The channel never disconnects: both sides wait for each other, however often the other leaves
    #[arg(long)]
    persistent: bool,
    /// Permission bits of the file, in octal [default: 600]
    #[arg(long, value_name = "OCTAL", value_parser = size::parse_mode)]
    mode: Option<u32>,
    /// Who pays for the fence between a message and the look for sleepers [default: asymmetric where possible]
    #[arg(long)]
    fence: Option<Fence>,
    /// How sleepers are woken; semaphore means that whoever can write to the channel is trusted [default: futex]
    #[arg(long)]
    backend: Option<Waking>,
    /// The name of the type of the messages: what programs agree on, or a layout as typed programs write it and `memlane info` shows
    /// it, such as Order{id:u64@0,px:f64@8}#16/8
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

/// [`OnDeath`], for the argument parser.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Death {
    /// They are delivered again, marked
    Redeliver,
    /// They are gone
    Discard,
}

/// [`Policy`], for the argument parser.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lag {
    /// It waits: nothing is lost
    Block,
    /// It fails: nothing that was sent is lost
    Fail,
    /// It overwrites the oldest messages, and never waits; a receiver says how many it lost
    Overwrite,
    /// It goes on without a receiver that lags by more than the lane, and never waits; that one says how many it lost
    Evict,
}

impl From<Lag> for Policy {
    fn from(lag: Lag) -> Self {
        match lag {
            Lag::Block => Self::Block,
            Lag::Fail => Self::Fail,
            Lag::Overwrite => Self::Overwrite,
            Lag::Evict => Self::Evict,
        }
    }
}

/// [`FenceMode`], for the argument parser.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fence {
    /// Whoever goes to sleep pays, by `membarrier`
    Asymmetric,
    /// Both sides pay, by a full fence a message
    Symmetric,
}

/// [`Backend`], for the argument parser.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Waking {
    /// By Linux futexes
    Futex,
    /// By POSIX semaphores, one a participant
    Semaphore,
}

/// Reads the name of one of these kinds.
pub fn kind_parser(kinds: &[Kind]) -> ValueParser {
    let names = PossibleValuesParser::new(kinds.iter().map(|kind| kind.name()));
    let kind = |name: String| Kind::from_name(&name).ok_or("unknown kind");
    names.try_map(kind).into()
}

fn capacity(text: &str) -> Result<Size, String> {
    let size = size::parse(text)?;
    if size.bytes > CAPACITY_MAX { Err("a ring has at most 2G".to_owned()) } else { Ok(size) }
}

fn alignment(text: &str) -> Result<Size, String> {
    let size = size::parse(text)?;
    if [8, 16, 32, 64].contains(&size.bytes) {
        Ok(size)
    } else {
        Err("a payload alignment is 8, 16, 32 or 64".to_owned())
    }
}

fn record_alignment(text: &str) -> Result<Size, String> {
    let size = size::parse(text)?;
    if [8, 16, 32, 64, 128].contains(&size.bytes) {
        Ok(size)
    } else {
        Err("a record alignment is 8, 16, 32, 64 or 128".to_owned())
    }
}

/// The largest ring, in bytes.
const CAPACITY_MAX: usize = 2 << 30;

impl CreationArguments {
    /// The kind that was asked for; else that of the channel `existing`, if there is one; else the default.
    pub fn kind(&self, existing: Option<&str>) -> Kind {
        let found = || memlane::inspect(existing?).ok().map(|info| info.kind);
        self.kind.or_else(found).unwrap_or_default()
    }

    /// The kind that was asked for; else this one.
    pub fn kind_or(&self, default: Kind) -> Kind {
        self.kind.unwrap_or(default)
    }

    /// What was asked for, of a channel of this kind.
    pub fn options(&self, kind: Kind) -> Options {
        let mut options = set(Options::new(kind), self.capacity.as_ref().map(|size| size.bytes), Options::capacity);
        options = set(options, self.slots, Options::slots);
        options = set(options, self.priorities, Options::priorities);
        options = set(options, self.senders, Options::max_senders);
        options = set(options, self.receivers, Options::max_receivers);
        options = set(options, self.on_death.map(OnDeath::from), Options::on_death);
        options = set(options, self.delivery_limit, Options::delivery_limit);
        options = set(options, self.permits, Options::permits);
        options = set(options, self.max_held, Options::max_held);
        options = set(options, self.policy.map(Policy::from), Options::policy);
        options = set(options, self.max_message.as_ref().map(|size| size.bytes), Options::max_message);
        options = set(options, self.payload_alignment.as_ref().map(|size| size.bytes), Options::payload_alignment);
        options = set(options, self.record_alignment.as_ref().map(|size| size.bytes), Options::record_alignment);
        options = set(options, self.persistent.then_some(true), Options::persistent);
        options = set(options, self.mode, Options::mode);
        options = set(options, self.fence.map(FenceMode::from), Options::fence);
        options = set(options, self.backend.map(Backend::from), Options::backend);
        if let Some(Waking::Semaphore) = self.backend {
            options = options.trust_peers(opening::trust());
        }
        options = set(options, self.type_name.as_deref(), Options::type_name);
        options.prefault(self.prefault).lock_memory(self.lock_memory).huge_pages(self.huge_pages)
    }
}

/// Sets an option that was given.
fn set<T>(options: Options, given: Option<T>, set: impl FnOnce(Options, T) -> Options) -> Options {
    match given {
        Some(value) => set(options, value),
        None => options,
    }
}

impl From<Death> for OnDeath {
    fn from(policy: Death) -> Self {
        match policy {
            Death::Redeliver => Self::Redeliver,
            Death::Discard => Self::Discard,
        }
    }
}

impl From<Fence> for FenceMode {
    fn from(fence: Fence) -> Self {
        match fence {
            Fence::Asymmetric => Self::Asymmetric,
            Fence::Symmetric => Self::Symmetric,
        }
    }
}

impl From<Waking> for Backend {
    fn from(waking: Waking) -> Self {
        match waking {
            Waking::Futex => Self::Futex,
            Waking::Semaphore => Self::Semaphore,
        }
    }
}

impl CreationArguments {
    /// What went wrong in creating a channel, in terms of what was typed.
    pub fn explain_create(&self, error: CreateError) -> Failure {
        match error {
            CreateError::InvalidOption { channel, option, given, wanted } => {
                let given = self.typed(option).unwrap_or(given);
                Failure::Usage(format!("channel {channel}: {} {given} {wanted}", flag(option)))
            }
            CreateError::NoSuchOption { option, kind, .. } => {
                Failure::Usage(format!("{} is not an option of {kind}", flag(option)))
            }
            other => other.into(),
        }
    }

    /// The same of a channel that may exist.
    pub fn explain_open(&self, error: OpenError) -> Failure {
        match error {
            OpenError::Create(error) => self.explain_create(error),
            OpenError::OptionsMismatch { channel, field, file, ours } => {
                let ours = self.typed(field).unwrap_or(ours);
                Failure::failed(format!("channel {channel} has {} {file}, and {ours} was asked for", flag(field)))
            }
            other => other.into(),
        }
    }

    /// What was typed for the library's option of this name, where that may look different.
    fn typed(&self, option: &str) -> Option<String> {
        let size = match option {
            "capacity" => &self.capacity,
            "max_message" => &self.max_message,
            "payload_alignment" => &self.payload_alignment,
            "record_alignment" => &self.record_alignment,
            "mode" => return self.mode.map(|mode| format!("{mode:o}")),
            _ => return None,
        };
        size.as_ref().map(Size::to_string)
    }
}

/// The wishes about memory by the options' names, and what came of each.
pub fn wishes(report: &MemoryReport) -> [(&'static str, &Granted); 3] {
    [("prefault", &report.prefaulted), ("lock-memory", &report.locked), ("huge-pages", &report.huge_pages)]
}
