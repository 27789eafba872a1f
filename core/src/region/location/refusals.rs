//! Sorts what the operating system says into what the caller can do about it.
//!
//! The kernel has one number for a full disk, a disk without inodes and a quota, and one for a closed folder, another user's
//! file and a file system that is mounted read-only. So this looks again, at the place and not at the call: what it finds is
//! for people, and may have changed meanwhile.

use super::names::{Location, private_folder_owner};
use crate::error::{CreateError, Denied, OpenError, RemoveError, Shortage};
use crate::layout::Kind;
use crate::region::sys::{self, FileFacts, Filesystem, MemoryLimit, errno_of, explained};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::io;
use std::path::Path;

/// What is being created, as far as errors tell of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::region) struct Creation<'a> {
    pub(in crate::region) label: &'a str,
    /// `None`: it has no name.
    pub(in crate::region) location: Option<&'a Location>,
    pub(in crate::region) kind: Kind,
    pub(in crate::region) bytes: u64,
}

impl Creation<'_> {
    /// Why it was not created.
    pub(in crate::region) fn refused(&self, action: &'static str, source: io::Error) -> CreateError {
        let channel = self.label.to_owned();
        match errno_of(&source) {
            Some(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::NOMEM)) => {
                self.no_space(shortage(errno, self.location.map(Location::folder)))
            }
            Some(Errno::EXIST) => CreateError::AlreadyExists { channel, refusal: None },
            // Not EPERM: that is a sandbox, a seal or an immutable folder, of which permission bits tell nothing.
            Some(errno @ (Errno::ACCESS | Errno::ROFS)) => {
                let denied =
                    self.location.map_or(Denied::Descriptor, |location| denied(errno, &location.path, Wish::Write));
                CreateError::Permission { channel, denied }
            }
            _ => CreateError::Io { channel, action, source: explained(action, source) },
        }
    }

    /// Has the filesystem back all bytes of a new, empty file, so that none can lack later.
    ///
    /// Where the filesystem is memory, it goes in steps. If the system or a memory control group runs out, the kernel kills, and
    /// others may take memory meanwhile. So it checks before the first step that all of them can succeed.
    pub(in crate::region) fn back(&self, file: &OwnedFd) -> Result<(), CreateError> {
        const STEP: u64 = 64 << 20;
        let failed = |action: &'static str| move |source: io::Error| self.refused(action, source);
        let filesystem = Filesystem::of(file).map_err(failed("looking at the filesystem"))?;
        filesystem.write_in_place(file).map_err(failed("turning copy-on-write off"))?;
        let is_memory = filesystem.is_memory();
        if is_memory && filesystem.free() < self.bytes {
            return Err(failed("allocating the file")(Errno::NOSPC.into()));
        }
        let mut at = 0;
        while at < self.bytes {
            if is_memory {
                self.check_memory(self.bytes - at)?;
            }
            let step = if is_memory { STEP.min(self.bytes - at) } else { self.bytes };
            sys::allocate(file, at, step).map_err(failed("allocating the file"))?;
            at += step;
        }
        Ok(())
    }

    /// Whether the system and the memory control groups of this process have room for so much.
    pub(in crate::region) fn check_memory(&self, bytes: u64) -> Result<(), CreateError> {
        if sys::memory_available().is_some_and(|available| available < bytes) {
            return Err(self.no_space(Shortage::Memory));
        }
        match sys::memory_limit() {
            Some(MemoryLimit { group, limit, free }) if free < bytes => {
                Err(self.no_space(Shortage::MemoryGroup { group: group.display().to_string(), limit, free }))
            }
            _ => Ok(()),
        }
    }

    /// There is not enough of something.
    pub(in crate::region) fn no_space(&self, shortage: Shortage) -> CreateError {
        let smaller = self.kind.row().smaller;
        CreateError::NoSpace { channel: self.label.to_owned(), bytes: self.bytes, shortage, smaller }
    }
}

/// Why the channel at this place was not opened. `location`: `None` if it has no name.
pub(in crate::region) fn not_opened(
    label: &str,
    location: Option<&Location>,
    action: &'static str,
    source: io::Error,
) -> OpenError {
    let channel = label.to_owned();
    match errno_of(&source) {
        Some(Errno::NOENT | Errno::NOTDIR) => match location.and_then(Location::missing_folder) {
            Some(folder) => OpenError::NoFolder { channel, folder },
            None => match location {
                Some(location) => not_found(location),
                None => OpenError::NotFound { channel, path: label.to_owned() },
            },
        },
        // Not EPERM: that is a sandbox, or an immutable file, of which permission bits tell nothing.
        Some(errno @ (Errno::ACCESS | Errno::ROFS)) => {
            let denied = location.map_or(Denied::Descriptor, |location| denied(errno, &location.path, Wish::Open));
            OpenError::Permission { channel, denied }
        }
        _ => OpenError::Io { channel, action, source: explained(action, source) },
    }
}

/// There is nothing at this place.
pub(in crate::region) fn not_found(location: &Location) -> OpenError {
    OpenError::NotFound { channel: location.label.clone(), path: location.path.display().to_string() }
}

/// Why the channel at this place was not removed.
pub(in crate::region) fn not_removed(location: &Location, action: &'static str, source: io::Error) -> RemoveError {
    let channel = location.label.clone();
    match errno_of(&source) {
        Some(Errno::NOENT | Errno::NOTDIR) => match location.missing_folder() {
            Some(folder) => RemoveError::NoFolder { channel, folder },
            None => RemoveError::NotFound { channel },
        },
        Some(errno @ (Errno::ACCESS | Errno::ROFS)) => {
            RemoveError::Permission { channel, denied: denied(errno, &location.path, Wish::Write) }
        }
        // In a folder where everybody makes files, this is what a user gets who does not own the file. Elsewhere it is a
        // sandbox.
        Some(Errno::PERM) if action == UNLINKING => {
            RemoveError::Permission { channel, denied: denied(Errno::PERM, &location.path, Wish::Write) }
        }
        _ => RemoveError::Io { channel, action, source: explained(action, source) },
    }
}

/// The action that errors name when only the folder can refuse it.
pub(in crate::region) const UNLINKING: &str = "unlinking the file";

/// What there is too little of.
fn shortage(errno: Errno, folder: Option<&Path>) -> Shortage {
    let named = || folder.unwrap_or(Path::new("(memory)")).display().to_string();
    match errno {
        Errno::DQUOT => Shortage::Quota { folder: named() },
        Errno::FBIG => Shortage::FileSize { limit: sys::file_size_limit().unwrap_or(0) },
        Errno::NOSPC if folder.is_some() => match folder.and_then(|folder| sys::free_space(folder).ok()) {
            Some(free) if free.inodes == Some(0) => Shortage::Inodes { folder: named() },
            free => Shortage::Filesystem { folder: named(), free: free.map_or(0, |free| free.bytes) },
        },
        _ => Shortage::Memory,
    }
}

/// What was wanted of a channel's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Its file, for reading and writing.
    Open,
    /// To make or remove it.
    Write,
}

/// What refused it.
fn denied(errno: Errno, path: &Path, wish: Wish) -> Denied {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let named = |folder: &Path| folder.display().to_string();
    if errno == Errno::ROFS {
        return Denied::ReadOnly { folder: named(folder) };
    }
    let user = sys::user_id();
    for folder in folder.ancestors().collect::<Vec<_>>().into_iter().rev() {
        let Ok(FileFacts { mode, owner, .. }) = sys::look_at(folder, false) else { return Denied::Other };
        if !sys::may_enter(folder) {
            return match private_folder_owner(folder) {
                Some(of) if of == owner => Denied::PrivateFolder { folder: named(folder), owner },
                _ => Denied::Folder { folder: named(folder), mode, owner, user },
            };
        }
    }
    let file = sys::look_at(path, true);
    match (wish, sys::look_at(folder, false), file) {
        (Wish::Write, Ok(FileFacts { mode, owner, .. }), _) if !sys::may_write(folder) => {
            Denied::Writing { folder: named(folder), mode, owner, user }
        }
        (Wish::Write, _, Ok(file)) if file.owner != user && errno == Errno::PERM => {
            Denied::Sticky { folder: named(folder), owner: file.owner }
        }
        (_, _, Ok(file)) if file.owner == user && file.mode & 0o600 != 0o600 => Denied::OwnFile { mode: file.mode },
        (_, _, Ok(file)) if file.owner != user => Denied::File { mode: file.mode, owner: file.owner, user },
        _ => Denied::Other,
    }
}
