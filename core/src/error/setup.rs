//! Errors of naming, creating and opening a channel.

use super::into_io::into_io_error;
use super::sentences::{absent, exists, named_by, no_such_message, several_senders};
use super::{Corruption, Denied, NotAChannel, NotHandedOver, Printable, Shortage};
use std::io;

/// Why a channel was not created. Nothing was left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name is not 1 to 100 of `A-Z a-z 0-9 . _ -` without a leading dot, and not a path (with a `/`) either, whose last
    /// part leaves room for the lock file's name.
    #[error(
        "`{channel}` is not a channel name: use 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, or a path with a / whose \
         last part has at most 217 bytes",
        channel = Printable(.channel)
    )]
    InvalidName {
        /// What was given.
        channel: String,
    },
    /// An option is out of its range, or two options contradict each other.
    #[error(
        "channel {channel}: option {option} is {given}, which {wanted}",
        channel = Printable(.channel), given = Printable(.given), wanted = Printable(.wanted)
    )]
    InvalidOption {
        /// The channel.
        channel: String,
        /// The option's name.
        option: &'static str,
        /// What was given.
        given: String,
        /// What would have been right.
        wanted: String,
    },
    /// An option that channels of this kind do not have.
    #[error(
        "channel {channel}: a channel of kind {kind} does not have the option {option}; leave it out, or choose another kind",
        channel = Printable(.channel)
    )]
    NoSuchOption {
        /// The channel.
        channel: String,
        /// The option's name.
        option: &'static str,
        /// The channel's kind.
        kind: &'static str,
    },
    /// A channel or another file of this name exists.
    #[error("{}", exists(.channel, .refusal.as_deref()))]
    AlreadyExists {
        /// The channel.
        channel: String,
        /// Why it cannot be opened instead, unless it can.
        refusal: Option<Box<OpenError>>,
    },
    /// The folder does not exist. Only the default one is made.
    #[error(
        "channel {channel}: the folder {folder} does not exist; make it first, or correct {}",
        named_by(.channel), channel = Printable(.channel), folder = Printable(.folder)
    )]
    NoFolder {
        /// The channel.
        channel: String,
        /// The missing folder.
        folder: String,
    },
    /// The folder cannot hold a channel, whatever its permissions.
    #[error("channel {channel}: {folder} {reason}", channel = Printable(.channel), folder = Printable(.folder))]
    UnsuitableFolder {
        /// The channel.
        channel: String,
        /// The folder.
        folder: String,
        /// What is wrong with it, and what to use.
        reason: &'static str,
    },
    /// The private folder belongs to somebody else, or others can write to it.
    #[error(
        "channel {channel}: the folder {folder} is not private to this user; set MEMLANE_DIR to one that is",
        channel = Printable(.channel), folder = Printable(.folder)
    )]
    UnsafeFolder {
        /// The channel.
        channel: String,
        /// The folder.
        folder: String,
    },
    /// There is no room for the channel.
    #[error(
        "channel {channel}: no room for {bytes} bytes: {shortage}; {}",
        .shortage.advice(.smaller), channel = Printable(.channel)
    )]
    NoSpace {
        /// The channel.
        channel: String,
        /// What was asked for, in bytes.
        bytes: u64,
        /// What there is too little of.
        shortage: Shortage,
        /// What makes a channel of this kind smaller.
        smaller: &'static str,
    },
    /// This user may not create files there.
    #[error("channel {channel}: no permission to create it: {denied}", channel = Printable(.channel))]
    Permission {
        /// The channel.
        channel: String,
        /// What refuses it.
        denied: Denied,
    },
    /// A network or overlay filesystem, on which two mappings of one file need not be the same memory.
    #[error(
        "channel {channel}: {filesystem} does not share memory reliably; use a local folder such as /dev/shm",
        channel = Printable(.channel)
    )]
    UnsupportedFilesystem {
        /// The channel.
        channel: String,
        /// The filesystem's name.
        filesystem: &'static str,
    },
    /// Any other refusal by the operating system.
    #[error("channel {channel}: {action} failed: {source}", channel = Printable(.channel))]
    Io {
        /// The channel.
        channel: String,
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Why a channel was not opened. The file is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No channel has this name.
    #[error("{}", absent(.channel, .path))]
    NotFound {
        /// The channel.
        channel: String,
        /// Where it would be.
        path: String,
    },
    /// The folder that `MEMLANE_DIR` names does not exist.
    #[error(
        "channel {channel}: the folder {folder} does not exist; make it first, or correct {}",
        named_by(.channel), channel = Printable(.channel), folder = Printable(.folder)
    )]
    NoFolder {
        /// The channel.
        channel: String,
        /// The missing folder.
        folder: String,
    },
    /// There is something of this name, but it is not a channel.
    #[error("{channel} is not a channel but {found}; use another name", channel = Printable(.channel))]
    NotAChannel {
        /// The channel.
        channel: String,
        /// What it is.
        found: NotAChannel,
    },
    /// The file was written by an incompatible version of memlane.
    #[error(
        "channel {channel} has file layout {found}; this version of memlane reads {supported}: use the version that made \
         it, or remove it and create it again",
        channel = Printable(.channel), found = Printable(.found), supported = Printable(.supported)
    )]
    WrongVersion {
        /// The channel.
        channel: String,
        /// The file's layout version, major.minor.
        found: String,
        /// The layout version that this build reads.
        supported: String,
    },
    /// The channel is of another kind.
    #[error(
        "channel {channel} is of kind {file}, and was opened as {ours}; open it as what it is, or use another name",
        channel = Printable(.channel), file = Printable(.file), ours = Printable(.ours)
    )]
    WrongKind {
        /// The channel.
        channel: String,
        /// The kind in the file.
        file: String,
        /// The kind that was asked for.
        ours: String,
    },
    /// The channel carries messages of another type.
    #[error(
        "channel {channel} carries messages of type {file}, and was opened for {ours}; use that type, or another name",
        channel = Printable(.channel), file = Printable(.file), ours = Printable(.ours)
    )]
    TypeMismatch {
        /// The channel.
        channel: String,
        /// The type's name in the file.
        file: String,
        /// The type's name that was asked for.
        ours: String,
    },
    /// The file is from before the last reboot: its messages are of unknown age and nobody is alive in it.
    #[error(
        "channel {channel} is from before the last reboot; open_or_create starts it afresh, or remove it",
        channel = Printable(.channel)
    )]
    Stale {
        /// The channel.
        channel: String,
        /// The boot id in the file.
        boot: String,
    },
    /// The file is shorter than its header says.
    #[error(
        "channel {channel} is truncated: it has {length} bytes and needs {needed}; remove it and create it again",
        channel = Printable(.channel)
    )]
    Truncated {
        /// The channel.
        channel: String,
        /// The file's length in bytes.
        length: u64,
        /// What it needs, in bytes.
        needed: u64,
    },
    /// A header field is out of its range, or the header's checksum is wrong.
    #[error(
        "channel {channel} has a damaged header: {field} is {found}, expected {wanted}; remove it and create it again",
        channel = Printable(.channel), found = Printable(.found), wanted = Printable(.wanted)
    )]
    BadHeader {
        /// The channel.
        channel: String,
        /// The field.
        field: &'static str,
        /// What was found.
        found: String,
        /// What was wanted.
        wanted: String,
    },
    /// The channel was poisoned, because somebody found in it what no correct participant writes.
    #[error("channel {channel} is corrupted: {reason}; remove it and create it again", channel = Printable(.channel))]
    Corrupted {
        /// The channel.
        channel: String,
        /// What was found.
        reason: Corruption,
    },
    /// The channel was closed for good.
    #[error("channel {channel} was closed; remove it and create it again", channel = Printable(.channel))]
    Closed {
        /// The channel.
        channel: String,
    },
    /// An option that was set explicitly differs from the channel's. Options that are not set are taken from the file.
    #[error(
        "channel {channel} has {field} {file}, and was opened with {ours}; leave {field} out to take the channel's",
        channel = Printable(.channel), file = Printable(.file), ours = Printable(.ours)
    )]
    OptionsMismatch {
        /// The channel.
        channel: String,
        /// The option.
        field: &'static str,
        /// Its value in the file.
        file: String,
        /// The value that was asked for.
        ours: String,
    },
    /// The channel needs asymmetric fences (`membarrier`), which this system refuses.
    #[error(
        "channel {channel} needs membarrier, which this system refuses; create it with symmetric fences",
        channel = Printable(.channel)
    )]
    FenceUnavailable {
        /// The channel.
        channel: String,
    },
    /// The channel wakes sleepers by semaphores of the C library, and the caller did not vouch for its other users.
    ///
    /// The C library believes what it finds in a semaphore. A user that can write to the channel could crash this process or
    /// worse.
    #[error(
        "channel {channel} wakes by semaphores, through which a faulty peer could harm this process; set trust_peers to \
         vouch for all who can write to it, or create it with futexes",
        channel = Printable(.channel)
    )]
    TrustNeeded {
        /// The channel.
        channel: String,
    },
    /// The channel's semaphores are those of another C library, whatever their size.
    #[error(
        "channel {channel} wakes by semaphores of {file}, which this program's C library ({ours}) does not understand; create \
         it with futexes, or use programs of one C library",
        channel = Printable(.channel), file = Printable(.file), ours = Printable(.ours)
    )]
    ForeignSemaphores {
        /// The channel.
        channel: String,
        /// The C library that made them, and their size.
        file: String,
        /// This program's.
        ours: String,
    },
    /// This user may not open the channel.
    #[error("channel {channel}: no permission to open it: {denied}", channel = Printable(.channel))]
    Permission {
        /// The channel.
        channel: String,
        /// What refuses it.
        denied: Denied,
    },
    /// The file belongs to another user, and that was not asked for.
    #[error(
        "channel {channel} belongs to user {owner}; set any_owner to use a channel of another user",
        channel = Printable(.channel)
    )]
    ForeignOwner {
        /// The channel.
        channel: String,
        /// The owner's user id.
        owner: u32,
    },
    /// The lock file that proves which participants are alive is missing, or another file stands there, such as a copy of it.
    #[error(
        "channel {channel}: its lock file {path} is missing or was replaced; remove the channel and create it again",
        channel = Printable(.channel), path = Printable(.path)
    )]
    LockFile {
        /// The channel.
        channel: String,
        /// The lock file's path.
        path: String,
    },
    /// A network or overlay filesystem, on which two mappings of one file need not be the same memory.
    #[error(
        "channel {channel}: {filesystem} does not share memory reliably; use a local folder such as /dev/shm",
        channel = Printable(.channel)
    )]
    UnsupportedFilesystem {
        /// The channel.
        channel: String,
        /// The filesystem's name.
        filesystem: &'static str,
    },
    /// The sender of a [`broadcast`](crate::broadcast) overwrote what a receiver without a seat was about to begin with, many times in a row.
    #[error("channel {channel}: its sender is too fast for a receiver to begin; try again", channel = Printable(.channel))]
    Busy {
        /// The channel.
        channel: String,
    },
    /// The message that a receiver without a seat was to begin with was never sent in this channel: its number is from another one, or
    /// from before this one was created anew.
    #[error("{}", no_such_message(.channel, *.number, *.sent))]
    NoSuchMessage {
        /// The channel.
        channel: String,
        /// What was asked for.
        number: u64,
        /// How many messages were sent.
        sent: u64,
    },
    /// A message was to be begun with by its number, which says where it stands among those of one sender, and the channel has seats for
    /// several.
    #[error("{}", several_senders(.channel, *.senders))]
    SeveralSenders {
        /// The channel.
        channel: String,
        /// Seats for senders.
        senders: u32,
    },
    /// An anonymous channel was to come over a socket or by inheritance, and did not.
    #[error("channel {channel} was not handed over: {found}", channel = Printable(.channel))]
    NotHandedOver {
        /// The channel.
        channel: String,
        /// What came instead.
        found: NotHandedOver,
    },
    /// The channel did not exist, and creating it failed (`open_or_create`).
    #[error(transparent)]
    Create(#[from] CreateError),
    /// Any other refusal by the operating system.
    #[error("channel {channel}: {action} failed: {source}", channel = Printable(.channel))]
    Io {
        /// The channel.
        channel: String,
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

into_io_error!(CreateError {
    InvalidName { .. } | InvalidOption { .. } | NoSuchOption { .. } => InvalidInput,
    AlreadyExists { .. } => AlreadyExists,
    NoFolder { .. } => NotFound,
    UnsafeFolder { .. } | Permission { .. } => PermissionDenied,
    NoSpace { .. } => StorageFull,
    UnsupportedFilesystem { .. } | UnsuitableFolder { .. } => Unsupported,
});

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        use OpenError as E;
        let kind = match error {
            E::Create(create) => return create.into(),
            E::Io { ref source, .. } => source.kind(),
            E::NotFound { .. } | E::NoFolder { .. } => io::ErrorKind::NotFound,
            E::Permission { .. } | E::ForeignOwner { .. } | E::TrustNeeded { .. } => io::ErrorKind::PermissionDenied,
            E::UnsupportedFilesystem { .. } | E::FenceUnavailable { .. } | E::ForeignSemaphores { .. } => {
                io::ErrorKind::Unsupported
            }
            E::WrongKind { .. }
            | E::TypeMismatch { .. }
            | E::OptionsMismatch { .. }
            | E::NoSuchMessage { .. }
            | E::SeveralSenders { .. } => io::ErrorKind::InvalidInput,
            E::Busy { .. } => io::ErrorKind::ResourceBusy,
            E::Closed { .. } => io::ErrorKind::BrokenPipe,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
