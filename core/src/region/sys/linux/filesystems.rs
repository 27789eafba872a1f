//! Filesystems: which one a file is on, what it can do, and how much room it has.

use super::files::FileFacts;
use rustix::fd::AsFd;
use rustix::fs::{self, IFlags, StatFs};
use rustix::io::retry_on_intr;
use std::io;
use std::path::Path;

/// The filesystem that an open file is on, at the moment when it was looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filesystem {
    magic: u64,
    free: u64,
}

impl Filesystem {
    /// That of this file.
    pub(crate) fn of(file: impl AsFd) -> io::Result<Self> {
        let told = retry_on_intr(|| fs::fstatfs(&file))?;
        let free = if told.f_blocks == 0 { u64::MAX } else { told.f_bfree.saturating_mul(told.f_frsize as u64) };
        Ok(Self { magic: magic(&told), free })
    }

    /// Whether a file's bytes are memory there that only swap can take back.
    pub(crate) fn is_memory(self) -> bool {
        [TMPFS, RAMFS].contains(&self.magic)
    }

    /// Bytes that it had left; `u64::MAX` if it has no limit of its own.
    pub(crate) fn free(self) -> u64 {
        self.free
    }

    /// Makes btrfs, which writes every page to a new place, write this file's pages in place. Otherwise a full disk would be
    /// SIGBUS, however much was allocated. The file is on this filesystem, and has to be empty.
    pub(crate) fn write_in_place(self, file: impl AsFd) -> io::Result<()> {
        if self.magic == BTRFS {
            let flags = fs::ioctl_getflags(&file)?;
            fs::ioctl_setflags(&file, flags | IFlags::NOCOW)?;
        }
        Ok(())
    }

    /// Its name, if two mappings of one file on it may be different memory. No channel can be there.
    pub(crate) fn refused(self) -> Option<&'static str> {
        const REFUSED: &[(u64, &str)] = &[
            (0x6969, "NFS"),
            (0x517b, "SMB"),
            (0xfe53_4d42, "SMB2"),
            (0xff53_4d42, "CIFS"),
            (0x00c3_6400, "Ceph"),
            (0x5346_414f, "AFS"),
            (0x6b41_4653, "AFS"),
            (0x7375_7245, "Coda"),
            (0x0102_1997, "9P"),
            (0x0bd0_0bd0, "Lustre"),
            (0x0116_1970, "GFS2"),
            (0x7461_636f, "OCFS2"),
            (0x4750_4653, "GPFS"),
            (0x6573_5546, "FUSE"),
            (0x794c_7630, "an overlay filesystem"),
        ];
        REFUSED.iter().find(|(refused, _)| *refused == self.magic).map(|(_, name)| *name)
    }

    /// Whether the file of these facts has room for fewer than `length` bytes. Known only of filesystems that count what is
    /// allocated, and compress nothing; false for any other.
    pub(crate) fn has_holes(self, file: FileFacts, length: u64) -> bool {
        [TMPFS, EXT4, XFS].contains(&self.magic) && file.allocated < length
    }
}

fn magic(told: &StatFs) -> u64 {
    told.f_type as u64 & 0xffff_ffff
}

const BTRFS: u64 = 0x9123_683e;
const TMPFS: u64 = 0x0102_1994;
const RAMFS: u64 = 0x8584_58f6;
const EXT4: u64 = 0xef53;
const XFS: u64 = 0x5846_5342;
const HUGETLBFS: u64 = 0x9584_58f6;

/// How much room a filesystem has left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreeSpace {
    /// Bytes that this user may write.
    pub(crate) bytes: u64,
    /// Files that can be made. `None`: the filesystem does not count them.
    pub(crate) inodes: Option<u64>,
}

/// How much room the filesystem of this folder has left.
pub(crate) fn free_space(folder: &Path) -> io::Result<FreeSpace> {
    let told = retry_on_intr(|| fs::statvfs(folder))?;
    Ok(FreeSpace {
        bytes: told.f_bavail.saturating_mul(told.f_frsize),
        inodes: (told.f_files > 0).then_some(told.f_favail),
    })
}

/// Why no channel can be created on this folder's filesystem, and what to use instead; `None`: one can.
pub(crate) fn unsuitable_filesystem(folder: &Path) -> Option<&'static str> {
    let magic = magic(&retry_on_intr(|| fs::statfs(folder)).ok()?);
    (magic == HUGETLBFS).then_some(
        "is on hugetlbfs, whose files hold whole huge pages and cannot be written to as lock files are; use a folder on a \
         tmpfs such as /dev/shm, and the option huge_pages",
    )
}
