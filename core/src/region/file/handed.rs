//! Handing an anonymous region over to another process: over a Unix socket, or by inheritance.
//!
//! ```text
//! socket       the frame, with both descriptors in one message
//! inheritance  both descriptors stay open in the child · an environment variable has their numbers
//! ```
//!
//! What is handed over for reading alone are descriptors that are open for reading alone.
//!
//! A receiver looks at what comes first without taking it. So whatever is not for it stays in the socket, and only a message that begins
//! with a frame can bring descriptors into this process. Those that are refused are closed.

use super::open::{ANONYMOUS, Expectations};
use crate::error::{NotHandedOver, OpenError, PassError};
use crate::layout::{FRAME_BYTES, HANDED_VERSION, Handed, HandedFrame, Kind, NotAFrame};
use crate::region::Region;
use crate::region::location::{Place, not_opened};
use crate::region::memory::MemoryOptions;
use crate::region::sys::{self, KeptFile};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::io;
use std::process::Command;

impl Region {
    /// Sends it over a Unix socket.
    pub(crate) fn send_to(&self, socket: BorrowedFd<'_>, handed: Handed) -> Result<(), PassError> {
        let channel = || self.label().to_owned();
        let failed = |action| move |source| PassError::Io { channel: channel(), action, source };
        let files = self.files_for(handed)?;
        if !sys::is_unix_socket(socket).map_err(failed("looking at the socket"))? {
            return Err(PassError::NotAUnixSocket { channel: channel() });
        }
        let frame = self.frame(handed).to_bytes();
        sys::send_descriptors(socket, &frame, &files.each_ref().map(AsFd::as_fd)).map_err(failed("sending it"))
    }

    /// Has the programs that this command starts inherit it, by an environment variable.
    pub(crate) fn pass_to(&self, command: &mut Command, variable: &str, handed: Handed) -> Result<(), PassError> {
        if variable.is_empty() || variable.contains(['=', '\0']) {
            return Err(PassError::Variable { channel: self.label().to_owned(), given: variable.to_owned() });
        }
        let files = self.files_for(handed)?;
        let [region, locks] = files.each_ref().map(AsRawFd::as_raw_fd);
        command.env(variable, self.frame(handed).to_text(region, locks));
        sys::bequeath(command, files.into());
        Ok(())
    }

    fn frame(&self, handed: Handed) -> HandedFrame {
        HandedFrame::new(self.geometry().row.kind, handed, self.facts().instance)
    }

    /// Descriptors of the region and of its lock file, to hand over.
    fn files_for(&self, handed: Handed) -> Result<[OwnedFd; 2], PassError> {
        let channel = || self.label().to_owned();
        let Place::Anonymous { file, locks } = self.place() else {
            return Err(PassError::NotAnonymous { channel: channel() });
        };
        let failed = |action| move |source| PassError::Io { channel: self.label().to_owned(), action, source };
        let row = self.geometry().row;
        match handed {
            Handed::TakePart if sys::is_one_way(file).map_err(failed("looking at the seals"))? => {
                return Err(PassError::OneWay { channel: channel() });
            }
            Handed::ReadOnly if !row.can_be_looked_at() => {
                return Err(PassError::NoReadOnly { channel: channel(), kind: row.name });
            }
            Handed::TakePart | Handed::ReadOnly => {}
        }
        let again = |file: &KeptFile| {
            let file = file.still_ours()?;
            if handed == Handed::ReadOnly { sys::reopen(file, false) } else { sys::duplicate(file) }
        };
        let pair = again(file).and_then(|file| Ok([file, again(locks)?]));
        pair.map_err(failed("opening its files once more"))
    }

    /// Opens the one that comes over this Unix socket, to take part in it.
    pub(crate) fn receive_from(
        socket: BorrowedFd<'_>,
        expected: &Expectations,
        memory: MemoryOptions,
    ) -> Result<Self, OpenError> {
        let (frame, [file, locks]) = take_files(socket, Handed::TakePart, expected)?;
        announced(frame, Self::open_anonymous(file, locks, expected, memory)?)
    }

    /// Opens the one that comes over this Unix socket, for reading alone.
    pub(crate) fn receive_read_only_from(socket: BorrowedFd<'_>, expected: &Expectations) -> Result<Self, OpenError> {
        let (frame, [file, locks]) = take_files(socket, Handed::ReadOnly, expected)?;
        announced(frame, Self::open_anonymous_read_only(file, locks, expected)?)
    }

    /// Opens the one that this process inherited by this environment variable, to take part in it.
    pub(crate) fn open_inherited(
        variable: &str,
        expected: &Expectations,
        memory: MemoryOptions,
    ) -> Result<Self, OpenError> {
        Self::open_bequeathed(variable, Handed::TakePart, expected, |file, locks| {
            Self::open_anonymous(file, locks, expected, memory)
        })
    }

    /// Opens the one that this process inherited by this environment variable, for reading alone.
    pub(crate) fn open_inherited_read_only(variable: &str, expected: &Expectations) -> Result<Self, OpenError> {
        Self::open_bequeathed(variable, Handed::ReadOnly, expected, |file, locks| {
            Self::open_anonymous_read_only(file, locks, expected)
        })
    }

    fn open_bequeathed(
        variable: &str,
        wanted: Handed,
        expected: &Expectations,
        open: impl FnOnce(OwnedFd, OwnedFd) -> Result<Self, OpenError>,
    ) -> Result<Self, OpenError> {
        let Some(text) = std::env::var_os(variable) else {
            return Err(refused(NotHandedOver::NoVariable { variable: variable.to_owned() }));
        };
        let said = HandedFrame::from_text(text.to_str().unwrap_or_default());
        let (frame, file, locks) = said.map_err(|why| refused(why.into()))?;
        check_frame(&frame, wanted, expected)?;
        let inherited = |number| {
            let file = sys::inherited(number)
                .map_err(|source| not_opened(ANONYMOUS, None, "duplicating the inherited descriptor", source))?;
            file.ok_or_else(|| refused(NotHandedOver::OtherDescriptors))
        };
        let region = open(inherited(file)?, inherited(locks)?).map_err(|error| match error {
            // The numbers stand for other files by now.
            OpenError::NotAChannel { .. } | OpenError::LockFile { .. } => refused(NotHandedOver::OtherDescriptors),
            other => other,
        })?;
        let region = announced(frame, region)?;
        if let Place::Anonymous { file: our_file, locks: our_locks } = region.place() {
            sys::close_inherited(&[(file, our_file.as_fd()), (locks, our_locks.as_fd())]);
        }
        Ok(region)
    }
}

/// The region, if it is the one that the frame announced.
fn announced(frame: HandedFrame, region: Region) -> Result<Region, OpenError> {
    if region.facts().instance == frame.instance { Ok(region) } else { Err(refused(NotHandedOver::OtherDescriptors)) }
}

fn refused(found: NotHandedOver) -> OpenError {
    OpenError::NotHandedOver { channel: ANONYMOUS.to_owned(), found }
}

impl From<NotAFrame> for NotHandedOver {
    fn from(why: NotAFrame) -> Self {
        match why {
            NotAFrame::Foreign => Self::Foreign,
            NotAFrame::CutShort => Self::CutShort,
            NotAFrame::Version(found) => Self::Version { found, supported: HANDED_VERSION },
        }
    }
}

/// Whether a frame announces what is wanted.
fn check_frame(frame: &HandedFrame, wanted: Handed, expected: &Expectations) -> Result<(), OpenError> {
    if let Some(kind) = expected.kind.filter(|kind| kind.code() != frame.kind_code) {
        let file = Kind::from_code(frame.kind_code)
            .map_or_else(|| format!("number {}", frame.kind_code), |kind| kind.to_string());
        return Err(OpenError::WrongKind { channel: ANONYMOUS.to_owned(), file, ours: kind.to_string() });
    }
    match (wanted, frame.handed) {
        (Handed::TakePart, Handed::ReadOnly) => Err(refused(NotHandedOver::ReadOnly)),
        // To read alone is less than was allowed.
        (Handed::ReadOnly, _) | (Handed::TakePart, Handed::TakePart) => Ok(()),
    }
}

/// Takes the two descriptors of a channel from a socket, if a frame that announces it comes next.
fn take_files(
    socket: BorrowedFd<'_>,
    wanted: Handed,
    expected: &Expectations,
) -> Result<(HandedFrame, [OwnedFd; 2]), OpenError> {
    let failed = |action: &'static str| move |source: io::Error| not_received(action, source);
    if !sys::is_unix_socket(socket).map_err(failed("looking at the socket"))? {
        return Err(refused(NotHandedOver::NotAUnixSocket));
    }
    let mut bytes = [0; FRAME_BYTES];
    let length = sys::peek(socket, &mut bytes).map_err(failed("receiving it"))?;
    if length == 0 {
        return Err(refused(NotHandedOver::Nothing));
    }
    let frame = HandedFrame::from_bytes(&bytes[..length.min(FRAME_BYTES)]).map_err(|why| refused(why.into()))?;
    check_frame(&frame, wanted, expected)?;
    let arrived = sys::take_descriptors(socket, &mut bytes).map_err(failed("receiving it"))?;
    // Another thread may have taken that one, and left another.
    if HandedFrame::from_bytes(&bytes[..arrived.length.min(FRAME_BYTES)]) != Ok(frame) {
        return Err(refused(NotHandedOver::Foreign));
    }
    let found = arrived.descriptors.len();
    match <[OwnedFd; 2]>::try_from(arrived.descriptors) {
        Ok(files) if !arrived.is_cut_short => Ok((frame, files)),
        Ok(_) | Err(_) => Err(refused(NotHandedOver::Descriptors { found })),
    }
}

/// What the system refuses at the socket: that nothing has come yet is no lack of a file.
fn not_received(action: &'static str, source: io::Error) -> OpenError {
    OpenError::Io { channel: ANONYMOUS.to_owned(), action, source: sys::explained(action, source) }
}
