//! memlane as a program in C uses it: `native/c_ends.c`, which is compiled by a C compiler and calls libmemlane. What is unsafe
//! about calling it stands here.

use anyhow::{Context, Result, bail, ensure};
// Linked for what the C part calls.
use memlane_ffi as _;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;

// SAFETY: the same signatures stand in native/c_ends.c.
unsafe extern "C" {
    fn c_ends_open(out: *const c_char, back: *const c_char, creates: c_int, capacity: usize) -> *mut c_void;
    fn c_ends_error() -> *const c_char;
    fn c_ends_trip(ends: *mut c_void, number: u64) -> c_int;
    fn c_ends_answer(ends: *mut c_void, messages: u64) -> c_int;
    fn c_ends_close(ends: *mut c_void);
}

/// A sender of one channel and a receiver of another one, in C. Both spin.
#[derive(Debug)]
pub struct CEnds {
    ends: NonNull<c_void>,
}

impl CEnds {
    /// Sends through the channel `out` and receives from `back`; rings of `capacity` bytes.
    pub fn open(out: &Path, back: &Path, creates: bool, capacity: usize) -> Result<Self> {
        let [out, back] = [out, back].map(|path| CString::new(path.as_os_str().as_bytes()));
        let (out, back) = (out?, back?);
        // SAFETY: both names end with a zero and outlive the call.
        let ends = unsafe { c_ends_open(out.as_ptr(), back.as_ptr(), creates.into(), capacity) };
        Ok(Self { ends: NonNull::new(ends).with_context(|| format!("opening both ends in C: {}", error()))? })
    }

    /// Sends a number and waits for what comes back: whether it is the number.
    #[inline]
    pub fn trip(&mut self, number: u64) -> Result<bool> {
        // SAFETY: the ends are open, and `&mut` says that nobody else uses them meanwhile.
        match unsafe { c_ends_trip(self.ends.as_ptr(), number) } {
            failed if failed < 0 => bail!("a round trip in C: {}", error()),
            same => Ok(same == 1),
        }
    }

    /// Sends so many messages back as they come.
    pub fn answer(&mut self, messages: u64) -> Result<()> {
        // SAFETY: as in `trip`.
        let answered = unsafe { c_ends_answer(self.ends.as_ptr(), messages) };
        ensure!(answered == 0, "answering in C: {}", error());
        Ok(())
    }
}

impl Drop for CEnds {
    fn drop(&mut self) {
        // SAFETY: they are open, and nobody uses them after this.
        unsafe { c_ends_close(self.ends.as_ptr()) };
    }
}

/// What the last call of this thread that failed has to say.
fn error() -> String {
    // SAFETY: never null, ends with a zero, and stays until this thread's next call that fails.
    unsafe { CStr::from_ptr(c_ends_error()) }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_there_and_back_in_c() {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let [ping, pong] = ["ping", "pong"].map(|name| folder.path().join(name));
        let mut lead = CEnds::open(&ping, &pong, true, 1 << 16).unwrap();
        let answering = std::thread::spawn({
            let (ping, pong) = (ping.clone(), pong.clone());
            move || CEnds::open(&pong, &ping, false, 1 << 16).unwrap().answer(1000)
        });
        assert!((0..1000).all(|number| lead.trip(number).unwrap()));
        answering.join().unwrap().unwrap();
        let error = lead.trip(1000).unwrap_err().to_string();
        assert!(error.starts_with("a round trip in C: "), "{error}");
    }

    #[test]
    fn what_cannot_be_opened_is_told() {
        let missing = Path::new("/dev/shm/memlane-benches-no-such-folder/ping");
        let error = CEnds::open(missing, missing, false, 1 << 16).unwrap_err().to_string();
        assert!(error.contains("no-such-folder"), "{error}");
    }
}
