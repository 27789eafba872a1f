//! Files: opened without following links, created without a name, and told apart by device and inode.

use super::cancel::cancel_guard;
use super::descriptors::owned_above_standard;
use super::random::random_id;
use crate::error::NotAChannel;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, Access, AtFlags, CWD, FallocateFlags, FileType, MemfdFlags, Mode, OFlags, SealFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use std::io;
use std::mem::ManuallyDrop;
use std::path::Path;

/// Which file it is, independently of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file's number on its filesystem.
    pub(crate) fn inode(self) -> u64 {
        self.inode
    }

    /// A number that no other file has while this one exists.
    pub(crate) fn as_instance(self) -> [u8; 16] {
        (u128::from(self.device) << 64 | u128::from(self.inode)).to_be_bytes()
    }
}

/// What kind of file stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Regular,
    Directory,
    Symlink,
    Fifo,
    Socket,
    Device,
}

impl FileKind {
    /// The reason why it cannot be a channel; `None` for a regular file.
    pub(crate) fn not_a_channel(self) -> Option<NotAChannel> {
        match self {
            Self::Regular => None,
            Self::Directory => Some(NotAChannel::Directory),
            Self::Symlink => Some(NotAChannel::Symlink),
            Self::Fifo => Some(NotAChannel::Fifo),
            Self::Socket => Some(NotAChannel::Socket),
            Self::Device => Some(NotAChannel::Device),
        }
    }
}

/// What `stat` tells about a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileFacts {
    pub(crate) id: FileId,
    pub(crate) kind: FileKind,
    pub(crate) length: u64,
    /// Bytes that the filesystem has set aside for it, where it counts them.
    pub(super) allocated: u64,
    pub(crate) owner: u32,
    /// Permission bits.
    pub(crate) mode: u32,
}

/// The unit of what `stat` tells to be allocated, on every filesystem.
const BLOCK: u64 = 512;

impl From<Stat> for FileFacts {
    fn from(stat: Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => FileKind::Regular,
            FileType::Directory => FileKind::Directory,
            FileType::Symlink => FileKind::Symlink,
            FileType::Fifo => FileKind::Fifo,
            FileType::Socket => FileKind::Socket,
            _ => FileKind::Device,
        };
        Self {
            id: FileId { device: stat.st_dev, inode: stat.st_ino },
            kind,
            length: u64::try_from(stat.st_size).unwrap_or(0),
            allocated: u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(BLOCK),
            owner: stat.st_uid,
            mode: stat.st_mode & 0o7777,
        }
    }
}

/// Looks at the file at `path`. If `no_follow`, a symbolic link is reported as such.
pub(crate) fn look_at(path: &Path, no_follow: bool) -> io::Result<FileFacts> {
    let flags = if no_follow { AtFlags::SYMLINK_NOFOLLOW } else { AtFlags::empty() };
    Ok(fs::statat(CWD, path, flags)?.into())
}

/// Whether `path` leads to this file, without a symbolic link at its end.
pub(crate) fn is_still_at(path: &Path, id: FileId) -> io::Result<bool> {
    match look_at(path, true) {
        Ok(facts) => Ok(facts.id == id),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Looks at the file that an open descriptor stands for.
pub(crate) fn look_at_open(file: impl AsFd) -> io::Result<FileFacts> {
    Ok(fs::fstat(file)?.into())
}

/// Opens a file, again after each signal: on some filesystems, opening waits, and a signal interrupts it.
pub(super) fn open(path: impl AsRef<Path>, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let path = path.as_ref();
    owned_above_standard(|| retry_on_intr(|| fs::open(path, flags, mode)))
}

/// Opens the file at `path` without any access to its contents (`O_PATH`), so that a later look cannot meet another file. Does
/// not follow a link at the path's end, and does not wait for a FIFO's other end.
pub(crate) fn open_pinned(path: &Path) -> io::Result<OwnedFd> {
    Ok(open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?)
}

/// Opens the file that a descriptor stands for once more, as a new open file description.
pub(crate) fn reopen(file: BorrowedFd<'_>, writable: bool) -> io::Result<OwnedFd> {
    reopen_known(file, look_at_open(file)?.id, writable)
}

/// Opens the file that a descriptor stands for once more, which is known to be this one.
pub(crate) fn reopen_known(file: BorrowedFd<'_>, id: FileId, writable: bool) -> io::Result<OwnedFd> {
    let access = if writable { OFlags::RDWR } else { OFlags::RDONLY };
    let flags = access | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let again = by_descriptor(file, |path| open(path, flags, Mode::empty()))?;
    if look_at_open(&again)?.id != id {
        return Err(io::Error::other("/proc leads from the descriptor to another file"));
    }
    Ok(again)
}

/// Where `/proc` shows the descriptors of the calling thread. The first is preferred, as `/proc/self` is empty once the
/// process's first thread has ended. The second is for kernels and sandboxes that lack the first.
pub(super) const DESCRIPTORS: [&str; 2] = ["/proc/thread-self/fd", "/proc/self/fd"];

/// Calls `act` with the path that `/proc` has for the file that a descriptor stands for.
fn by_descriptor<T>(file: BorrowedFd<'_>, act: impl Fn(&str) -> Result<T, Errno>) -> io::Result<T> {
    for folder in DESCRIPTORS {
        match act(&format!("{folder}/{}", file.as_raw_fd())) {
            // The descriptor is open, so the file exists: it is `/proc` that is missing here.
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            other => return Ok(other?),
        }
    }
    Err(missing("there is no /proc here, through which memlane reaches the files that it has looked at; mount it"))
}

/// The error for something that the system should have and does not have.
fn missing(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}

/// Opens the file at `path` as a new open file description. `NotFound`: the file with this id is not there any more, or another
/// one stands in its place.
pub(crate) fn fresh_description(path: &Path, id: FileId, writable: bool) -> io::Result<OwnedFd> {
    let access = if writable { OFlags::RDWR } else { OFlags::RDONLY };
    match open(path, access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty()) {
        Ok(file) if look_at_open(&file)?.id == id => Ok(file),
        // Another file, a link, a folder, or a socket.
        Ok(_) | Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => Err(io::ErrorKind::NotFound.into()),
        Err(error) => Err(error.into()),
    }
}

/// A descriptor that stays open for long. It is checked before each use, and before it is closed.
///
/// Other code of this process may have closed it by mistake, and then its number may stand for another file.
#[derive(Debug)]
pub(crate) struct KeptFile {
    file: ManuallyDrop<OwnedFd>,
    id: FileId,
}

impl KeptFile {
    pub(crate) fn new(file: OwnedFd) -> io::Result<Self> {
        let id = look_at_open(&file)?.id;
        Ok(Self { file: ManuallyDrop::new(file), id })
    }

    /// Which file it is.
    pub(crate) fn id(&self) -> FileId {
        self.id
    }

    /// The descriptor. `NotFound`: it does not stand for the file any more.
    pub(crate) fn still_ours(&self) -> io::Result<BorrowedFd<'_>> {
        match fs::fstat(&*self.file) {
            Ok(stat) if FileFacts::from(stat).id == self.id => Ok(self.file.as_fd()),
            Ok(_) | Err(Errno::BADF) => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for KeptFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        let _guard = cancel_guard();
        // If the check itself fails, there is no sign that the descriptor is not ours: it is closed.
        if self.still_ours().map_or_else(|error| error.kind() != io::ErrorKind::NotFound, |_| true) {
            // SAFETY: dropped here and nowhere else.
            unsafe { ManuallyDrop::drop(&mut self.file) }
        }
    }
}

/// Makes a regular file without a name, in `folder`.
///
/// Where the filesystem has no unnamed files, the file has a random name, which is removed when the caller drops the
/// [`TemporaryName`]. The caller links the file into place in either case.
pub(crate) fn create_unnamed(folder: &Path) -> io::Result<(OwnedFd, Option<TemporaryName>)> {
    let owner_only = Mode::RUSR | Mode::WUSR;
    match open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, owner_only) {
        Ok(file) => return Ok((file, None)),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    let name = format!(".memlane-{:032x}.tmp", u128::from_ne_bytes(random_id()?));
    let path = folder.join(name);
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = open(&path, flags, owner_only)?;
    Ok((file, Some(TemporaryName(path))))
}

/// A name of a file for as long as this lives: removed when dropped.
#[derive(Debug)]
pub(crate) struct TemporaryName(std::path::PathBuf);

impl Drop for TemporaryName {
    fn drop(&mut self) {
        let _ = fs::unlink(&self.0);
    }
}

/// Gives an unnamed file its name. Fails if there is something of that name.
pub(crate) fn link_into_place(file: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    // So that a missing folder on the way to `path` is not taken for a missing `/proc`.
    look_at(path.parent().unwrap_or(Path::new("/")), false)?;
    by_descriptor(file, |file| fs::linkat(CWD, file, CWD, path, AtFlags::SYMLINK_FOLLOW))
}

/// Gives a file another name, and replaces what had that name.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    Ok(fs::rename(from, to)?)
}

/// Removes a name.
pub(crate) fn unlink(path: &Path) -> io::Result<()> {
    Ok(fs::unlink(path)?)
}

/// Sets permission bits, of which the umask takes none away.
pub(crate) fn set_mode(file: impl AsFd, mode: u32) -> io::Result<()> {
    Ok(fs::fchmod(file, Mode::from_raw_mode(mode))?)
}

/// Fails if this process may not write a file of `length` bytes (`ulimit -f`). If it tried, the kernel would send SIGXFSZ,
/// which kills by default.
pub(crate) fn check_file_size_limit(length: u64) -> io::Result<()> {
    if length > file_size_limit()? { Err(Errno::FBIG.into()) } else { Ok(()) }
}

/// The longest file that this process may write (`ulimit -f`). `RLIM_INFINITY` is the largest number.
pub(crate) fn file_size_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // Not by rustix, which reads uninitialised memory if the system refuses the call.
    // SAFETY: writes one `rlimit`, which is this function's own.
    if unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// Whether this user may look up names in the folder.
pub(crate) fn may_enter(folder: &Path) -> bool {
    fs::accessat(CWD, folder, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// Whether this user may make and remove files in the folder.
pub(crate) fn may_write(folder: &Path) -> bool {
    fs::accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// Has the filesystem set aside room for these bytes of the file, and makes the file long enough for them. So a full disk is an
/// error now, and not SIGBUS later.
pub(crate) fn allocate(file: impl AsFd, at: u64, length: u64) -> io::Result<()> {
    let file = file.as_fd();
    loop {
        match fs::fallocate(file, FallocateFlags::empty(), at, length) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => {}
            // No fallocate on this filesystem: write the zeros.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return write_zeros(file, at, length),
            Err(error) => return Err(error.into()),
        }
    }
}

fn write_zeros(file: BorrowedFd<'_>, mut at: u64, length: u64) -> io::Result<()> {
    let zeros = [0; 64 * 1024];
    let end = at + length;
    while at < end {
        let chunk = (end - at).min(zeros.len() as u64) as usize;
        write_at(file, &zeros[..chunk], at)?;
        at += chunk as u64;
    }
    Ok(())
}

/// Writes all of `bytes` at `at`.
pub(crate) fn write_at(file: impl AsFd, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::pwrite(&file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                at += written as u64;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Fills `buffer` from offset `at`. Returns how many bytes the file had there.
pub(crate) fn read_at(file: impl AsFd, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::io::pread(&file, &mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

/// Fills `buffer` from offset `at`. `UnexpectedEof`: the file ends before the buffer is full.
pub(crate) fn read_exact_at(file: impl AsFd, buffer: &mut [u8], at: u64) -> io::Result<()> {
    if read_at(file, buffer, at)? == buffer.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Reads a small text file of the kernel's: its first 32 KiB, which are more than the kernel writes into those read here.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = vec![0; 32 * 1024];
    let length = read_at(file, &mut text, 0)?;
    text.truncate(length);
    String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The kernel's boot id: another one after each boot.
pub(crate) fn boot_id() -> io::Result<[u8; 16]> {
    let file = match open(BOOT_ID, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Err(without_boot_id()),
        other => other?,
    };
    let mut text = [0; BOOT_ID_BYTES];
    let length = read_at(file, &mut text, 0)?;
    let mut digits = text[..length].iter().filter(|byte| byte.is_ascii_hexdigit());
    let id =
        digits.try_fold(0u128, |id, &digit| id.checked_mul(16)?.checked_add(char::from(digit).to_digit(16)?.into()));
    Ok(id.ok_or(io::ErrorKind::InvalidData)?.to_be_bytes())
}

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Its text: 32 digits and four dashes, and behind them a new line that nobody needs to read.
const BOOT_ID_BYTES: usize = 36;

/// The error of a process that cannot see the boot id.
fn without_boot_id() -> io::Error {
    // "No such file" would not help: the user can do something about each of these cases.
    missing(if DESCRIPTORS.iter().any(|folder| look_at(Path::new(folder), false).is_ok()) {
        "/proc shows processes only (ProcSubset=pid, or a sandbox), and a channel with a name needs \
         /proc/sys/kernel/random/boot_id, to tell whether it is from before the last reboot; show all of /proc \
         (ProcSubset=all), or use an anonymous channel"
    } else {
        "there is no /proc here, and a channel with a name needs /proc/sys/kernel/random/boot_id, to tell whether it is from \
         before the last reboot; mount /proc, or use a private channel"
    })
}

/// Makes an anonymous file that can be sealed.
pub(crate) fn anonymous_file(name: &str) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // The file is not executable, since `vm.memfd_noexec=2` allows no other. Linux before 6.3 does not know the flag.
    let made = owned_above_standard(|| match fs::memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => fs::memfd_create(name, flags),
        other => other,
    });
    Ok(made?)
}

const SIZE_SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

/// Seals an anonymous file: neither its size nor its seals can change any more.
pub(crate) fn seal_size(file: impl AsFd) -> io::Result<()> {
    Ok(fs::fcntl_add_seals(file, SIZE_SEALS | SealFlags::SEAL)?)
}

/// As [`seal_size`], and nobody can write to the file or map it for writing any more. A mapping that stands already goes on writing.
pub(crate) fn seal_writing(file: impl AsFd) -> io::Result<()> {
    Ok(fs::fcntl_add_seals(file, SIZE_SEALS | SealFlags::FUTURE_WRITE | SealFlags::SEAL)?)
}

/// Whether [`seal_writing`] was done to the file.
pub(crate) fn is_one_way(file: impl AsFd) -> io::Result<bool> {
    has_all_seals(file, SealFlags::FUTURE_WRITE)
}

/// Whether the file's size is sealed.
pub(crate) fn has_seals(file: impl AsFd) -> io::Result<bool> {
    has_all_seals(file, SIZE_SEALS)
}

fn has_all_seals(file: impl AsFd, wanted: SealFlags) -> io::Result<bool> {
    match fs::fcntl_get_seals(file) {
        Ok(seals) => Ok(seals.contains(wanted)),
        // A file that cannot be sealed.
        Err(Errno::INVAL) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The path of the file behind a named segment, which the C library chooses.
#[cfg(feature = "named-segments")]
pub(crate) fn segment_file(segment: &str) -> std::path::PathBuf {
    Path::new("/dev/shm").join(segment.trim_start_matches('/'))
}
