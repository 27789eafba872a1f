//! What every call returns: one number for each error of the Rust interface, and those that only a C program can make.

use std::ffi::{CStr, c_char};

/// What became of a call. 0 and above: it did what it says. Below 0: it did not, and nothing changed unless the call's text
/// says otherwise; memlane_last_error_detail has a sentence about it. The numbers are part of the interface: they never
/// change, and new ones are added.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(non_camel_case_types, reason = "what C programs write")]
pub enum Status {
    /// Done.
    MEMLANE_OK = 0,
    /// Done by MEMLANE_OPEN_OR_CREATE: the channel did not exist and was created.
    MEMLANE_CREATED = 1,
    /// Done by MEMLANE_OPEN_OR_CREATE: the channel was from before the last reboot and was replaced by an empty one.
    MEMLANE_REPLACED_STALE = 2,

    /// A null pointer where something is needed, or a number that means nothing there.
    MEMLANE_INVALID_ARGUMENT = -1,
    /// The handle, message or grant was never made, was closed or finished already, or is of another type.
    MEMLANE_INVALID_HANDLE = -2,
    /// Another thread is inside a call with this handle at this moment.
    MEMLANE_BUSY = -3,
    /// The sender has an open grant, or the receiver a message that was taken: finish that first.
    MEMLANE_HELD = -4,
    /// The process has as many open handles as it can have.
    MEMLANE_TOO_MANY_HANDLES = -5,
    /// A bug in memlane; the detail says where. Other handles are not affected.
    MEMLANE_PANIC = -6,
    /// The library met an error that it has no number for: it is newer inside than outside.
    MEMLANE_UNKNOWN_ERROR = -7,

    /// The channel is full (timeout 0).
    MEMLANE_FULL = -10,
    /// The channel is empty (timeout 0).
    MEMLANE_EMPTY = -11,
    /// The time is over: the channel stayed full, or empty.
    MEMLANE_TIMEOUT = -12,
    /// Sender: every receiver has left. Receiver: the channel is drained and its senders have gone. Or it was shut down.
    MEMLANE_DISCONNECTED = -13,
    /// The message is longer than the channel allows.
    MEMLANE_TOO_LARGE = -14,
    /// The message does not fit into the buffer. It stays where it is, and its length was stored.
    MEMLANE_BUFFER_TOO_SMALL = -15,
    /// The channel holds something that no correct participant writes. Remove it and create it again.
    MEMLANE_CORRUPTED = -16,
    /// The channel's file was removed.
    MEMLANE_REMOVED = -17,
    /// The handle belongs to the parent process: open the channel again after a fork.
    MEMLANE_FORKED = -18,
    /// Bytes beyond the end of the grant, which is still open; or a message that is not left in the batch.
    MEMLANE_OUT_OF_BOUNDS = -19,
    /// The channel has no such priority.
    MEMLANE_NO_SUCH_PRIORITY = -20,
    /// There is no memory for a batch's places. The messages stay where they are.
    MEMLANE_OUT_OF_MEMORY = -21,
    /// The kind releases messages in order, and so none alone: memlane_batch_ack_first, or all of the batch.
    MEMLANE_IN_ORDER = -22,
    /// The sender of a watch overwrote each value while it was being copied: try again.
    MEMLANE_OVERTAKEN = -23,
    /// So many messages were overwritten before this receiver read them; the detail says how many. The next call goes on behind them.
    MEMLANE_LAGGED = -24,
    /// The writer of a pipe died, and all that it had written was read: what it was still going to write is missing.
    MEMLANE_WRITER_DIED = -25,
    /// memlane_interrupt ended the call. No message was taken, or the message was not sent. The next call waits again.
    MEMLANE_INTERRUPTED = -26,
    /// No server is there to answer a call.
    MEMLANE_NO_SERVER = -27,
    /// The server that had the call died, or refused it: it may have done what it was asked for, or a part of that.
    MEMLANE_SERVER_DIED = -28,
    /// The client of the call has given it up.
    MEMLANE_CANCELLED = -29,

    /// Not a channel name: 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, or a path with a slash.
    MEMLANE_INVALID_NAME = -30,
    /// An option is out of its range, contradicts another one, or does not exist for this kind.
    MEMLANE_INVALID_OPTION = -31,
    /// A channel or another file of this name exists.
    MEMLANE_ALREADY_EXISTS = -32,
    /// The folder does not exist. Only the default one is made.
    MEMLANE_NO_FOLDER = -33,
    /// The folder of the channels is not private to this user.
    MEMLANE_UNSAFE_FOLDER = -34,
    /// There is no room for the channel: on the filesystem, or by a quota or limit; the detail says which.
    MEMLANE_NO_SPACE = -35,
    /// This user may not do that.
    MEMLANE_PERMISSION = -36,
    /// The folder is on a filesystem that does not share memory reliably, or cannot hold a channel.
    MEMLANE_UNSUPPORTED_FILESYSTEM = -37,
    /// The operating system refused something; the detail says what and why.
    MEMLANE_IO = -38,

    /// No channel has this name.
    MEMLANE_NOT_FOUND = -50,
    /// There is something of this name, but it is not a channel.
    MEMLANE_NOT_A_CHANNEL = -51,
    /// The channel's file was written by an incompatible version of memlane.
    MEMLANE_WRONG_VERSION = -52,
    /// The channel is of another kind.
    MEMLANE_WRONG_KIND = -53,
    /// The channel carries messages of another type.
    MEMLANE_TYPE_MISMATCH = -54,
    /// The channel is from before the last reboot.
    MEMLANE_STALE = -55,
    /// The channel's file is shorter than its header says.
    MEMLANE_TRUNCATED = -56,
    /// The channel's header is damaged.
    MEMLANE_BAD_HEADER = -57,
    /// The channel was shut down.
    MEMLANE_CLOSED = -58,
    /// An option that was set differs from the channel's.
    MEMLANE_OPTIONS_MISMATCH = -59,
    /// The channel needs membarrier, which this system refuses.
    MEMLANE_FENCE_UNAVAILABLE = -60,
    /// The channel belongs to another user, and MEMLANE_ANY_OWNER was not set.
    MEMLANE_FOREIGN_OWNER = -61,
    /// The channel's lock file is missing or is not its own.
    MEMLANE_LOCK_FILE = -62,
    /// The channel has semaphores, and MEMLANE_TRUST_PEERS was not set.
    MEMLANE_TRUST_NEEDED = -63,
    /// The channel's semaphores are those of another C library.
    MEMLANE_FOREIGN_SEMAPHORES = -64,
    /// An anonymous channel was to come over a socket or by inheritance, and did not; the detail says what came instead.
    MEMLANE_NOT_HANDED_OVER = -65,

    /// All seats are held by live participants.
    MEMLANE_ROLE_TAKEN = -70,
    /// Somebody alive uses the channel.
    MEMLANE_IN_USE = -71,
    /// Another program holds a lock on the channel's lock file, and takes no part in it.
    MEMLANE_LOCKED = -72,
    /// A receiver of this name is there.
    MEMLANE_NAME_TAKEN = -73,
    /// The channel keeps nothing for a receiver of this name.
    MEMLANE_UNKNOWN_NAME = -74,
}

use Status as S;

/// Every status with its sentence.
const SENTENCES: &[(Status, &CStr)] = &[
    (S::MEMLANE_OK, c"done"),
    (S::MEMLANE_CREATED, c"done: the channel was created"),
    (S::MEMLANE_REPLACED_STALE, c"done: a channel from before the last reboot was replaced"),
    (S::MEMLANE_INVALID_ARGUMENT, c"an argument is null or out of range"),
    (S::MEMLANE_INVALID_HANDLE, c"the handle is closed, finished, of another type, or was never made"),
    (S::MEMLANE_BUSY, c"another thread is inside a call with this handle"),
    (S::MEMLANE_HELD, c"a grant or message of this handle is open: finish it first"),
    (S::MEMLANE_TOO_MANY_HANDLES, c"too many handles are open: close some"),
    (S::MEMLANE_PANIC, c"a bug in memlane"),
    (S::MEMLANE_UNKNOWN_ERROR, c"an error that has no number"),
    (S::MEMLANE_FULL, c"the channel is full"),
    (S::MEMLANE_EMPTY, c"the channel is empty"),
    (S::MEMLANE_TIMEOUT, c"the time is over"),
    (S::MEMLANE_DISCONNECTED, c"the other side has gone, or the channel was shut down"),
    (S::MEMLANE_TOO_LARGE, c"the message is longer than the channel allows"),
    (S::MEMLANE_BUFFER_TOO_SMALL, c"the message does not fit into the buffer; it stays in the channel"),
    (S::MEMLANE_CORRUPTED, c"the channel is corrupted: remove it and create it again"),
    (S::MEMLANE_REMOVED, c"the channel was removed: open or create it again"),
    (S::MEMLANE_FORKED, c"the handle belongs to the parent process: open the channel again after a fork"),
    (S::MEMLANE_OUT_OF_BOUNDS, c"beyond the end of the grant, or not left in the batch"),
    (S::MEMLANE_NO_SUCH_PRIORITY, c"the channel has no such priority"),
    (S::MEMLANE_OUT_OF_MEMORY, c"no memory for a batch's places; the messages stay"),
    (S::MEMLANE_IN_ORDER, c"this kind releases messages in order: acknowledge the first ones, or all"),
    (S::MEMLANE_OVERTAKEN, c"the sender overwrote each value while it was being copied: try again"),
    (S::MEMLANE_LAGGED, c"messages were overwritten before they were received; the next call goes on behind them"),
    (S::MEMLANE_WRITER_DIED, c"the pipe's writer died; all that it had written was read"),
    (S::MEMLANE_INTERRUPTED, c"the call was interrupted, as the program asked for"),
    (S::MEMLANE_NO_SERVER, c"no server is there to answer the call"),
    (S::MEMLANE_SERVER_DIED, c"the server that had the call died or refused it"),
    (S::MEMLANE_CANCELLED, c"the call was given up"),
    (S::MEMLANE_INVALID_NAME, c"not a channel name"),
    (S::MEMLANE_INVALID_OPTION, c"an option is out of range or does not exist for this kind"),
    (S::MEMLANE_ALREADY_EXISTS, c"the channel exists already: open it, or remove it first"),
    (S::MEMLANE_NO_FOLDER, c"the folder does not exist"),
    (S::MEMLANE_UNSAFE_FOLDER, c"the folder is not private to this user"),
    (S::MEMLANE_NO_SPACE, c"no room for the channel"),
    (S::MEMLANE_PERMISSION, c"no permission"),
    (S::MEMLANE_UNSUPPORTED_FILESYSTEM, c"the folder or its filesystem cannot hold a channel"),
    (S::MEMLANE_IO, c"the operating system refused"),
    (S::MEMLANE_NOT_FOUND, c"the channel does not exist"),
    (S::MEMLANE_NOT_A_CHANNEL, c"not a channel but something else"),
    (S::MEMLANE_WRONG_VERSION, c"the channel was made by an incompatible version of memlane"),
    (S::MEMLANE_WRONG_KIND, c"the channel is of another kind"),
    (S::MEMLANE_TYPE_MISMATCH, c"the channel carries messages of another type"),
    (S::MEMLANE_STALE, c"the channel is from before the last reboot: remove it, or open_or_create it"),
    (S::MEMLANE_TRUNCATED, c"the channel is truncated: remove it and create it again"),
    (S::MEMLANE_BAD_HEADER, c"the channel has a damaged header: remove it and create it again"),
    (S::MEMLANE_CLOSED, c"the channel was shut down: remove it and create it again"),
    (S::MEMLANE_OPTIONS_MISMATCH, c"an option differs from the channel's"),
    (S::MEMLANE_FENCE_UNAVAILABLE, c"the channel needs membarrier: create it with symmetric fences"),
    (S::MEMLANE_FOREIGN_OWNER, c"the channel belongs to another user"),
    (S::MEMLANE_LOCK_FILE, c"the channel's lock file is missing or was replaced"),
    (S::MEMLANE_TRUST_NEEDED, c"the channel has semaphores: its peers have to be trusted"),
    (S::MEMLANE_FOREIGN_SEMAPHORES, c"the channel's semaphores are those of another C library"),
    (S::MEMLANE_NOT_HANDED_OVER, c"the channel was not handed over"),
    (S::MEMLANE_ROLE_TAKEN, c"all seats are taken"),
    (S::MEMLANE_IN_USE, c"the channel is in use"),
    (S::MEMLANE_LOCKED, c"another program holds a lock on the channel's lock file"),
    (S::MEMLANE_NAME_TAKEN, c"a receiver of this name is there"),
    (S::MEMLANE_UNKNOWN_NAME, c"the channel keeps nothing for a receiver of this name"),
];

/// What a status means, in a few words: a string with static lifetime, never null, for any number.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_strerror(status: i32) -> *const c_char {
    let known = SENTENCES.iter().find(|(known, _)| *known as i32 == status);
    known.map_or(c"no such status", |(_, sentence)| sentence).as_ptr()
}
