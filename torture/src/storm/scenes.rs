//! Children that use the engine themselves, and handlers of the program's own that do.

#![allow(unsafe_code, reason = "registering fork handlers is unsafe, and everything else here is not")]

use super::ways::{self, Way};
use crate::talk;
use anyhow::{Result, anyhow, ensure};
use memlane::mpmc;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A child that takes longer hangs.
const HANG: Duration = Duration::from_secs(10);

/// What a child says of its own calls.
const FINE: i32 = 0;
const FAILED: i32 = 1;

/// How children ended.
#[derive(Default)]
struct Ends {
    fine: u64,
    hung: u64,
    failed: u64,
}

impl Ends {
    /// Waits for a child, and kills one that hangs.
    fn count(&mut self, child: i32) -> Result<()> {
        ensure!(child > 0, "no child: {}", io::Error::last_os_error());
        let (started, mut status) = (Instant::now(), 0);
        // SAFETY: takes the status of a child of ours; writes to a variable of ours.
        while unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == 0 {
            if started.elapsed() > HANG {
                self.hung += 1;
                // SAFETY: ends and takes a child of ours that was not waited for yet.
                unsafe {
                    libc::kill(child, libc::SIGKILL);
                    libc::waitpid(child, &raw mut status, 0);
                }
                return Ok(());
            }
            std::thread::sleep(Duration::from_micros(50));
        }
        let is_fine = libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == FINE;
        *(if is_fine { &mut self.fine } else { &mut self.failed }) += 1;
        Ok(())
    }

    fn say(&self) -> Result<()> {
        talk::say(&format!("done {} {} {}", self.fine, self.hung, self.failed))
    }
}

/// Opens the channel anew, joins and leaves.
fn open_and_join(name: &str) -> Result<()> {
    mpmc::open(name)?.receiver()?;
    Ok(())
}

/// The child's part: says by its status how that went.
fn act(name: &str) -> ! {
    ways::end(match open_and_join(name) {
        Ok(()) => FINE,
        Err(error) => {
            eprintln!("a child: {error:#}");
            FAILED
        }
    })
}

fn make(way: Way, act: impl FnOnce()) -> i32 {
    match way {
        Way::BareClone => ways::bare_clone(act),
        _ => ways::fork(true, act),
    }
}

/// A thread that opens, joins and leaves all the time.
fn start_joining(name: &str) -> (JoinHandle<Result<()>>, Arc<AtomicBool>) {
    let (name, is_over) = (name.to_owned(), Arc::new(AtomicBool::new(false)));
    let ends = is_over.clone();
    let work = move || {
        while !ends.load(Relaxed) {
            open_and_join(&name)?;
        }
        Ok(())
    };
    (std::thread::spawn(work), is_over)
}

/// Children open the channel by themselves, while another thread of their parent does.
pub fn opening(name: &str, way: Way, children: u64) -> Result<()> {
    let (joining, is_over) = start_joining(name);
    let mut ends = Ends::default();
    for _ in 0..children {
        ends.count(make(way, || act(name)))?;
        if ends.hung > 0 {
            break;
        }
    }
    is_over.store(true, Relaxed);
    joining.join().map_err(|_| anyhow!("a thread panicked"))??;
    ends.say()
}

/// One child, made so long after another thread began to use the engine for the first time in this process.
pub fn initialising(name: &str, way: Way, after: Duration) -> Result<()> {
    let start = Arc::new(Barrier::new(2));
    let (begins, channel) = (start.clone(), name.to_owned());
    let first = std::thread::spawn(move || {
        begins.wait();
        open_and_join(&channel)
    });
    start.wait();
    let started = Instant::now();
    while started.elapsed() < after {
        std::hint::spin_loop();
    }
    let mut ends = Ends::default();
    ends.count(make(way, || act(name)))?;
    first.join().map_err(|_| anyhow!("a thread panicked"))??;
    ends.say()
}

static NAME: OnceLock<String> = OnceLock::new();
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// Forks with handlers of the program's own that open, join and leave, before and after the fork, while another thread does.
pub fn handlers(name: &str, late: bool, children: u64) -> Result<()> {
    extern "C" fn handler() {
        if NAME.get().is_some_and(|name| open_and_join(name).is_err()) {
            FAILURES.fetch_add(1, Relaxed);
        }
    }
    ensure!(NAME.set(name.to_owned()).is_ok(), "there is one name");
    if late {
        open_and_join(name)?;
    }
    // SAFETY: the handlers are functions of this program, and are tried for what they may do.
    let set = unsafe { libc::pthread_atfork(Some(handler), Some(handler), Some(handler)) };
    ensure!(set == 0, "pthread_atfork: {set}");
    let (joining, is_over) = start_joining(name);
    let mut ends = Ends::default();
    for _ in 0..children {
        ends.count(make(Way::Fork, || ways::end(if FAILURES.load(Relaxed) == 0 { FINE } else { FAILED })))?;
        if ends.hung > 0 {
            break;
        }
    }
    is_over.store(true, Relaxed);
    joining.join().map_err(|_| anyhow!("a thread panicked"))??;
    ends.failed += FAILURES.load(Relaxed);
    ends.say()
}
