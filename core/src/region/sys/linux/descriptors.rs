//! The engine never takes the descriptors 0, 1 and 2, even if the program that uses it has closed them.
//!
//! A program whose standard output is closed often goes on writing to it. If a channel's file had the number 1, what the
//! program prints would land in the channel's header. The kernel gives every new descriptor the lowest free number. So
//! everything in the engine that makes a descriptor does so through [`above_standard`] or [`owned_above_standard`], which put a
//! **plug** into each of the three numbers that is free, for as long as that takes. A plug can be neither read nor written to
//! (`O_PATH`), so a program that uses the number gets `EBADF`, as from a closed descriptor.
//!
//! One thread at a time plugs. Otherwise a second thread could take the first one's plug for a file of the program, and lose it
//! in the middle of its own call. The turn is one word that holds the process's id. So a child that was forked while a thread of
//! its parent had the turn sees that nobody in the child will end it, and takes it.

use super::wake::pause;
use crate::sync::AtomicU64;
use crate::sync::Ordering::{AcqRel, Acquire, Release};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, Mode, OFlags};
use rustix::io::{Errno, fcntl_dupfd_cloexec, fcntl_getfd, retry_on_intr};
use std::io;
use std::mem::ManuallyDrop;
use std::time::Duration;

/// The first number that is not a standard one.
const FIRST: i32 = 3;

/// Runs `make`, which makes descriptors, while none of the standard numbers is free.
///
/// # Errors
/// Those of `make`, and those of opening a descriptor.
pub(crate) fn above_standard<T, E: From<Errno>>(make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    if all_are_the_hosts() {
        return make();
    }
    let _turn = Turn::take();
    let _plugs = plug_standard()?;
    make()
}

/// Runs `make`, which makes one descriptor, and moves the descriptor if it has a standard number.
///
/// It has one if another thread of the program closed a standard descriptor at that very moment.
pub(super) fn owned_above_standard(make: impl FnOnce() -> Result<OwnedFd, Errno>) -> Result<OwnedFd, Errno> {
    above_standard(make).and_then(moved)
}

/// Runs `act` while no other thread of this process runs this, or plugs anything.
pub(super) fn exclusively<T>(act: impl FnOnce() -> T) -> T {
    let _turn = Turn::take();
    act()
}

fn moved(file: OwnedFd) -> Result<OwnedFd, Errno> {
    if file.as_raw_fd() >= FIRST { Ok(file) } else { fcntl_dupfd_cloexec(&file, FIRST) }
}

/// Moves a descriptor that the program handed over, if it has a standard number.
pub(crate) fn moved_above_standard(file: OwnedFd) -> io::Result<OwnedFd> {
    Ok(moved(file)?)
}

/// Makes another descriptor of the same open file description.
pub(crate) fn duplicate(file: impl AsFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(file, FIRST)?)
}

/// `process:32 | turns:32`: the process whose turn it is or was last, and the number of turns, counted at their start and at
/// their end. It is odd while a turn lasts.
static TURNS: AtomicU64 = AtomicU64::new(0);

/// Whether each standard number stands for a file of the program, and none for a plug.
fn all_are_the_hosts() -> bool {
    // EDGE turn→turn: pairs with the Release in `Turn::drop`.
    let before = TURNS.load(Acquire);
    before & 1 == 0 && !(0..FIRST).any(is_free) && TURNS.load(Acquire) == before
}

/// While it lives, no other thread of this process plugs anything.
#[derive(Debug)]
struct Turn(u64);

impl Turn {
    fn take() -> Self {
        let process = u64::from(std::process::id()) << 32;
        loop {
            // EDGE turn→turn: pairs with the Release in `Turn::drop`.
            let current = TURNS.load(Acquire);
            // A turn of another process was inherited through a fork: no thread here will end it.
            let lasts = current & 1 == 1 && current >> 32 == process >> 32;
            let turns = current as u32;
            let mine = process | u64::from(turns.wrapping_add(1 + turns % 2));
            if !lasts && TURNS.compare_exchange(current, mine, AcqRel, Acquire).is_ok() {
                return Self(mine);
            }
            pause(Duration::from_micros(50));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let process = self.0 >> 32 << 32;
        // EDGE turn→turn: the plugs were closed before this store.
        TURNS.store(process | u64::from((self.0 as u32).wrapping_add(1)), Release);
    }
}

/// Puts plugs into the standard numbers that are free. They stay until they are dropped.
pub(crate) fn plug_standard() -> Result<[Option<Plug>; FIRST as usize], Errno> {
    let mut plugs = [const { None }; FIRST as usize];
    for (number, plug) in plugs.iter_mut().enumerate() {
        if is_free(number as i32) {
            *plug = Some(Plug(ManuallyDrop::new(open_plug()?)));
        }
    }
    Ok(plugs)
}

fn is_free(number: i32) -> bool {
    // SAFETY: only asks the kernel whether the number stands for anything; the borrow ends with the call.
    fcntl_getfd(unsafe { BorrowedFd::borrow_raw(number) }) == Err(Errno::BADF)
}

/// Opens a descriptor with the lowest free number, by which nobody can read or write anything.
fn open_plug() -> Result<OwnedFd, Errno> {
    retry_on_intr(|| fs::open(c"/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()))
}

/// A descriptor in a standard number that the program has closed.
#[derive(Debug)]
pub(crate) struct Plug(ManuallyDrop<OwnedFd>);

impl Drop for Plug {
    fn drop(&mut self) {
        // Another thread of the program may have put a file of its own there (`dup2`): then that one stays.
        if fs::fcntl_getfl(&*self.0).is_ok_and(|flags| flags.contains(OFlags::PATH)) {
            // SAFETY: dropped here and nowhere else.
            unsafe { ManuallyDrop::drop(&mut self.0) }
        }
    }
}
