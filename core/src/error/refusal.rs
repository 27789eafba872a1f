//! What stood in a channel's place, what it lacked, and what refused it: for people, with what to do about it.

use super::Printable;

/// What was found where a channel was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAChannel {
    /// An empty file.
    #[error("an empty file")]
    Empty,
    /// A regular file that does not start with memlane's magic.
    #[error("a file of another program")]
    Foreign,
    /// A directory.
    #[error("a directory")]
    Directory,
    /// A symbolic link, which is never followed.
    #[error("a symbolic link")]
    Symlink,
    /// A named pipe.
    #[error("a named pipe")]
    Fifo,
    /// A socket.
    #[error("a socket")]
    Socket,
    /// A character or block device.
    #[error("a device")]
    Device,
    /// A segment that is still being made, or whose maker was killed.
    #[error("a segment that is not finished")]
    Unfinished,
    /// An anonymous file that lacks the seals of an anonymous channel.
    #[error("a file without the seals of an anonymous channel")]
    Unsealed,
    /// A channel's file with holes: a copy of one, or one that claims more than is there. Opening refuses it; removing removes it.
    #[error("a copy of one, or a file that claims more than is there: it has holes (remove it)")]
    Sparse,
}

impl NotAChannel {
    /// Whether removal by force removes it: a file, or a link, but nothing that may hold or stand for more.
    pub(crate) fn yields_to_force(self) -> bool {
        matches!(self, Self::Empty | Self::Foreign | Self::Symlink)
    }

    pub(super) fn what_to_do(self) -> &'static str {
        if self.yields_to_force() { "only removal by force removes it" } else { "it is left alone" }
    }
}

/// What there was too little of for a new channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Shortage {
    /// The filesystem is full.
    #[error("the filesystem of {folder} has {free} bytes free", folder = Printable(.folder))]
    Filesystem {
        /// The folder where the channel should stand.
        folder: String,
        /// Bytes that this user could still write there.
        free: u64,
    },
    /// The filesystem takes no more files, whatever their size.
    #[error("the filesystem of {folder} takes no more files (it has no inode left)", folder = Printable(.folder))]
    Inodes {
        /// The folder where the channel should stand.
        folder: String,
    },
    /// This user's share of the filesystem is used up.
    #[error("the disk quota of this user for {folder} is used up", folder = Printable(.folder))]
    Quota {
        /// The folder where the channel should stand.
        folder: String,
    },
    /// A limit of this process.
    #[error("this process may write files of at most {limit} bytes (ulimit -f)")]
    FileSize {
        /// The limit in bytes.
        limit: u64,
    },
    /// The memory control group's limit. Without this error, the kernel would kill a process of the group.
    #[error("the memory control group {group} is limited to {limit} bytes, of which {free} are left", group = Printable(.group))]
    MemoryGroup {
        /// The group's folder.
        group: String,
        /// Its limit in bytes.
        limit: u64,
        /// How much of it is neither in use nor can be given back.
        free: u64,
    },
    /// The system gives this process no more memory.
    #[error("the system has no memory for it, or this process has reached its limit (ulimit -v)")]
    Memory,
}

impl Shortage {
    /// What to do. `smaller`: what makes a channel smaller.
    pub(super) fn advice(&self, smaller: &str) -> String {
        const ELSEWHERE: &str = "use another folder (MEMLANE_DIR, or a path)";
        match self {
            Self::Filesystem { .. } | Self::Quota { .. } => format!("choose {smaller}, or {ELSEWHERE}"),
            Self::Inodes { .. } => format!("remove files there, or {ELSEWHERE}"),
            Self::FileSize { .. } => format!("choose {smaller}, or raise that limit"),
            Self::MemoryGroup { .. } => format!("choose {smaller}, or raise that limit (memory.max)"),
            Self::Memory => format!("choose {smaller}"),
        }
    }
}

/// Which permission is missing, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// A folder on the way is closed.
    #[error(
        "user {user} may not enter the folder {folder} (mode {mode:04o}, of user {owner}); use a folder that every \
         participant may enter (MEMLANE_DIR, or a path)",
        folder = Printable(.folder)
    )]
    Folder {
        /// The first folder on the way that is closed.
        folder: String,
        /// Its permission bits.
        mode: u32,
        /// Whose it is.
        owner: u32,
        /// The user that wanted in.
        user: u32,
    },
    /// A folder on the way is another user's default folder, which is for that user alone.
    #[error(
        "{folder} is the private folder of user {owner}; channels for several users stand in a folder that all of them may \
         enter (MEMLANE_DIR, or a path)",
        folder = Printable(.folder)
    )]
    PrivateFolder {
        /// The folder.
        folder: String,
        /// Whose it is.
        owner: u32,
    },
    /// Files can be neither made nor removed in the folder.
    #[error(
        "user {user} may not make or remove files in {folder} (mode {mode:04o}, of user {owner}); ask its owner, or use \
         another folder (MEMLANE_DIR, or a path)",
        folder = Printable(.folder)
    )]
    Writing {
        /// The folder.
        folder: String,
        /// Its permission bits.
        mode: u32,
        /// Whose it is.
        owner: u32,
        /// The user that wanted to write.
        user: u32,
    },
    /// In this folder, each file is removed by its owner alone.
    #[error("in {folder}, only the owner of a file removes it; this one is of user {owner}", folder = Printable(.folder))]
    Sticky {
        /// The folder.
        folder: String,
        /// Whose the file is.
        owner: u32,
    },
    /// The channel's file is not for this user.
    #[error(
        "its file (mode {mode:04o}, of user {owner}) is not for user {user} to read and write; its owner decides that by the \
         option mode, or by chmod"
    )]
    File {
        /// The file's permission bits.
        mode: u32,
        /// Whose it is.
        owner: u32,
        /// The user that wanted to use it.
        user: u32,
    },
    /// The channel's file is this user's own, and its permission bits were changed.
    #[error("its file is this user's own, but has mode {mode:04o}; take reading and writing back by chmod u+rw")]
    OwnFile {
        /// The file's permission bits.
        mode: u32,
    },
    /// Nobody can write there.
    #[error(
        "the filesystem of {folder} is mounted read-only; use a folder on another one (MEMLANE_DIR, or a path), or mount it \
         for writing",
        folder = Printable(.folder)
    )]
    ReadOnly {
        /// The folder.
        folder: String,
    },
    /// An anonymous channel's descriptor cannot be opened for writing.
    #[error(
        "its descriptors are not open for reading and writing, or not to this user; hand over those that its creator has"
    )]
    Descriptor,
    /// An anonymous channel that only the process that made it writes to.
    #[error("it is one-way, and only the process that made it takes part; receive from it read-only")]
    OneWay,
    /// All permission bits would allow it.
    #[error("permission bits allow it, so a sandbox or security module refuses it; ask its administrator")]
    Other,
}
