//! What errors tell a person: what happened, to which channel, and what to do about it.

mod support;

use memlane::spsc::{self, Options};
use memlane::{Corruption, CreateError, Denied, ForgetError, JoinError, NotAChannel, OpenError, RemoveError, Shortage};
use std::error::Error;
use std::io::{self, ErrorKind};
use support::Scratch;

const NAME: &str = "prices";

fn channel() -> String {
    NAME.to_owned()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn io_error() -> io::Error {
    io::Error::from(ErrorKind::Interrupted)
}

/// An error, the kind of `io::Error` that it becomes, what it has to mention besides the channel, and what it advises.
/// The advice is empty where the facts say all that there is to say.
type Case = (Box<dyn Error>, ErrorKind, &'static [&'static str], &'static str);

fn case<E>(error: E, kind: ErrorKind, facts: &'static [&'static str], advice: &'static str, again: E) -> Case
where
    E: Error + 'static,
    io::Error: From<E>,
{
    assert_eq!(io::Error::from(again).kind(), kind, "{error}");
    (Box::new(error), kind, facts, advice)
}

macro_rules! cases {
    ($($error:expr, $kind:ident, [$($fact:literal),*], $advice:literal;)*) => {
        vec![$(case($error, ErrorKind::$kind, &[$($fact),*], $advice, $error)),*]
    };
}

fn cases() -> Vec<Case> {
    let reason = Corruption::RecordLength;
    let found = NotAChannel::Fifo;
    cases![
        CreateError::InvalidName { channel: channel() }, InvalidInput, ["A-Z a-z 0-9 . _ -", "100"], "use 1 to 100";
        CreateError::InvalidOption { channel: channel(), option: "mode", given: text("0o7"), wanted: text("has to be 6") },
            InvalidInput, ["mode", "0o7"], "has to be 6";
        CreateError::AlreadyExists { channel: channel(), refusal: None }, AlreadyExists, ["exists already"], "open it, or remove it";
        CreateError::NoFolder { channel: channel(), folder: text("/nowhere") }, NotFound, ["/nowhere"], "make it first";
        CreateError::UnsafeFolder { channel: channel(), folder: text("/shared") },
            PermissionDenied, ["/shared", "private"], "set MEMLANE_DIR";
        CreateError::NoSpace { channel: channel(), bytes: 777, shortage: Shortage::Memory, smaller: "a smaller capacity" },
            StorageFull, ["777 bytes"], "choose a smaller capacity";
        CreateError::UnsuitableFolder { channel: channel(), folder: text("/huge"), reason: "is huge; use a small one" },
            Unsupported, ["/huge is huge"], "use a small one";
        CreateError::Permission { channel: channel(), denied: Denied::ReadOnly { folder: text("/cd") } },
            PermissionDenied, ["no permission", "/cd", "read-only"], "use a folder on another one";
        CreateError::UnsupportedFilesystem { channel: channel(), filesystem: "NFS" },
            Unsupported, ["NFS"], "use a local folder";
        CreateError::Io { channel: channel(), action: "doing things", source: io_error() },
            Interrupted, ["doing things failed"], "";
        OpenError::NotFound { channel: channel(), path: text("/dev/shm/x.lane") },
            NotFound, ["does not exist", "/dev/shm/x.lane"], "create it first";
        OpenError::NotAChannel { channel: channel(), found }, InvalidData, ["a named pipe"], "use another name";
        OpenError::WrongVersion { channel: channel(), found: text("9.0"), supported: text("1.0") },
            InvalidData, ["9.0", "reads 1.0"], "use the version that made it, or remove it";
        OpenError::WrongKind { channel: channel(), file: text("mpmc"), ours: text("spsc") },
            InvalidInput, ["kind mpmc", "opened as spsc"], "";
        OpenError::TypeMismatch { channel: channel(), file: text("Quote"), ours: text("Trade") },
            InvalidInput, ["Quote", "Trade"], "";
        OpenError::Stale { channel: channel(), boot: text("11") },
            InvalidData, ["before the last reboot"], "open_or_create starts it afresh, or remove it";
        OpenError::Truncated { channel: channel(), length: 5, needed: 9 },
            InvalidData, ["5 bytes", "needs 9"], "remove it and create it again";
        OpenError::BadHeader { channel: channel(), field: "lanes", found: text("7"), wanted: text("1") },
            InvalidData, ["lanes is 7", "expected 1"], "remove it and create it again";
        OpenError::Busy { channel: channel() }, ResourceBusy, ["too fast"], "try again";
        OpenError::NoSuchMessage { channel: channel(), number: 9, sent: 7 },
            InvalidInput, ["number 9", "only 7 were sent"], "begin with now or with the oldest one";
        OpenError::Corrupted { channel: channel(), reason },
            InvalidData, ["longer than the channel allows"], "remove it and create it again";
        OpenError::Closed { channel: channel() }, BrokenPipe, ["was closed"], "remove it and create it again";
        OpenError::OptionsMismatch { channel: channel(), field: "capacity", file: text("8"), ours: text("9") },
            InvalidInput, ["has capacity 8", "opened with 9"], "leave capacity out";
        OpenError::FenceUnavailable { channel: channel() },
            Unsupported, ["membarrier"], "create it with symmetric fences";
        OpenError::TrustNeeded { channel: channel() },
            PermissionDenied, ["semaphores", "faulty peer"], "set trust_peers";
        OpenError::ForeignSemaphores { channel: channel(), file: text("musl, of 32 bytes"), ours: text("glibc, of 32 bytes") },
            Unsupported, ["musl", "glibc"], "create it with futexes";
        OpenError::Permission { channel: channel(), denied: Denied::File { mode: 0o640, owner: 7, user: 8 } },
            PermissionDenied, ["no permission", "0640", "user 7"], "by the option mode";
        OpenError::NoFolder { channel: channel(), folder: text("/nowhere") }, NotFound, ["/nowhere"], "make it first";
        OpenError::ForeignOwner { channel: channel(), owner: 1234 },
            PermissionDenied, ["user 1234"], "set any_owner";
        OpenError::LockFile { channel: channel(), path: text("/x.lock") },
            InvalidData, ["/x.lock", "missing"], "remove the channel and create it again";
        OpenError::UnsupportedFilesystem { channel: channel(), filesystem: "NFS" },
            Unsupported, ["NFS"], "use a local folder";
        OpenError::Create(CreateError::NoSpace { channel: channel(), bytes: 777, shortage: Shortage::Memory, smaller: "fewer slots" }),
            StorageFull, ["777"], "choose fewer slots";
        OpenError::Io { channel: channel(), action: "doing things", source: io_error() },
            Interrupted, ["doing things failed"], "";
        JoinError::RoleTaken { channel: channel(), role: "sender", seats: 1, away: 0, pid: 42 },
            ResourceBusy, ["has its sender already", "process 42"], "stop that one first";
        JoinError::RoleTaken { channel: channel(), role: "sender", seats: 64, away: 0, pid: 42 },
            ResourceBusy, ["all of its 64 senders", "process 42"], "more seats for senders";
        JoinError::RoleTaken { channel: channel(), role: "receiver", seats: 64, away: 3, pid: 42 },
            ResourceBusy, ["all of its 64 receivers", "3 of which are away", "process 42"], "forget one that does not come back";
        JoinError::RoleTaken { channel: channel(), role: "receiver", seats: 3, away: 3, pid: 0 },
            ResourceBusy, ["3 of which are away; forget"], "more seats for receivers";
        JoinError::InvalidReaderName { channel: channel(), name: text(""), reason: "is empty" },
            InvalidInput, ["name `` is empty"], "use 1 to 64 bytes";
        JoinError::NameTaken { channel: channel(), name: text("archive"), pid: 42 },
            ResourceBusy, ["has its receiver archive already", "process 42"], "stop that one first, or use another name";
        ForgetError::UnknownName { channel: channel(), name: text("archive") },
            NotFound, ["keeps nothing for a receiver archive"], "its info lists the names";
        ForgetError::InUse { channel: channel(), name: text("archive"), pid: 42 },
            ResourceBusy, ["archive is alive", "process 42"], "stop it first";
        ForgetError::Channel(JoinError::Closed { channel: channel() }),
            BrokenPipe, ["was closed"], "remove it and create it again";
        JoinError::Locked { channel: channel(), path: text("/x.lock"), process: Some(42) },
            ResourceBusy, ["process 42 holds a lock on /x.lock"], "wait until it has ended";
        JoinError::Closed { channel: channel() }, BrokenPipe, ["was closed"], "remove it and create it again";
        JoinError::Removed { channel: channel() }, NotFound, ["was removed"], "open or create it again";
        JoinError::Corrupted { channel: channel(), reason },
            InvalidData, ["longer than"], "remove it and create it again";
        JoinError::Truncated { channel: channel(), length: 5, needed: 9 },
            InvalidData, ["5 bytes", "needs 9"], "remove it and create it again";
        JoinError::LockFile { channel: channel(), path: text("/x.lock") },
            InvalidData, ["/x.lock", "missing"], "remove the channel and create it again";
        JoinError::Forked { channel: channel() }, PermissionDenied, ["parent process"], "open it again after a fork";
        JoinError::Io { channel: channel(), action: "doing things", source: io_error() },
            Interrupted, ["doing things failed"], "";
        RemoveError::InvalidName { channel: channel() }, InvalidInput, ["A-Z a-z 0-9 . _ -"], "use 1 to 100";
        RemoveError::NotFound { channel: channel() }, NotFound, ["does not exist"], "";
        RemoveError::NotAChannel { channel: channel(), found }, InvalidData, ["a named pipe"], "left alone";
        RemoveError::NotAChannel { channel: channel(), found: NotAChannel::Foreign },
            InvalidData, ["a file of another program"], "only removal by force removes it";
        RemoveError::UnsupportedFilesystem { channel: channel(), filesystem: "FUSE" },
            Unsupported, ["FUSE", "cannot be seen whether somebody uses it"], "or by force";
        RemoveError::InUse { channel: channel(), participants: 3 },
            ResourceBusy, ["3 live"], "stop them, or remove it by force";
        RemoveError::Locked { channel: channel(), path: text("/x.lock"), process: Some(0) },
            ResourceBusy, ["a process of another PID namespace holds a lock on /x.lock"], "wait until it has ended";
        RemoveError::Permission { channel: channel(), denied: Denied::Sticky { folder: text("/tmp"), owner: 7 } },
            PermissionDenied, ["no permission", "user 7"], "only the owner of a file";
        RemoveError::NoFolder { channel: channel(), folder: text("/nowhere") }, NotFound, ["/nowhere"], "make it first";
        RemoveError::Io { channel: channel(), action: "doing things", source: io_error() },
            Interrupted, ["doing things failed"], "";
    ]
}

#[test]
fn a_message_tells_what_happened_to_which_channel_and_what_to_do() {
    for (error, _, facts, advice) in cases() {
        let text = error.to_string();
        assert!(text.contains(NAME), "which channel: {text}");
        for fact in facts {
            assert!(text.contains(fact), "what happened ({fact}): {text}");
        }
        assert!(text.contains(advice), "what to do ({advice}): {text}");
        assert!(!text.ends_with('.') && !text.contains('\n') && !text.contains("  "), "one phrase: {text:?}");
    }
}

#[test]
fn an_error_that_the_system_caused_keeps_its_cause() {
    for (error, kind, ..) in cases() {
        let is_io = error.to_string().contains("doing things");
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        assert_eq!(cause.map(io::Error::kind), is_io.then_some(kind), "{error}");
    }
}

#[test]
fn an_io_error_that_was_made_of_ours_still_tells_all() {
    let ours = OpenError::OptionsMismatch { channel: channel(), field: "capacity", file: text("8"), ours: text("9") };
    let (said, converted) = (ours.to_string(), io::Error::from(ours));
    assert_eq!(converted.to_string(), said);
    let inner = converted.into_inner().unwrap().downcast::<OpenError>().unwrap();
    assert!(matches!(*inner, OpenError::OptionsMismatch { field: "capacity", .. }));
}

#[test]
fn errors_name_the_channel_as_its_user_did() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let says_so = |error: &dyn Error| assert!(error.to_string().contains(&name), "{error}");
    says_so(&spsc::open(&name).unwrap_err());
    says_so(&memlane::remove(&name).unwrap_err());
    says_so(&Options::new().capacity(usize::MAX).create(&name).unwrap_err());
    let channel = Options::new().create(&name).unwrap();
    says_so(&Options::new().create(&name).unwrap_err());
    let _sender = channel.sender().unwrap();
    says_so(&channel.sender().unwrap_err());
    says_so(&channel.remove().unwrap_err());
}
