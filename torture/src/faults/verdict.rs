//! What may come of a failure: which error says so, and which failures a call may pass over.

use super::calls::Call;
use super::family::Family;
use super::system_calls::{Described, name_of};
use super::trial::{Ended, Ran};
use libc::{EAGAIN, EINTR, ENOENT, ENOMEM, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM};
use std::path::Path;

use Family::{Create, Drop, Inspect, Join, List, Open, OpenUnnamed, Remove, Replace, Transfer, Unnamed};

/// What came of a failure, if that is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The call did what it does when nothing fails.
    AsUsual,
    /// It returned the right error.
    Refused,
    /// The system call that was to fail was not made.
    NotReached,
}

/// What is passed over whatever the call: (the start of) its label, and why.
const PASSED_OVER: &[(&str, &str)] = &[
    ("close", "the descriptor is gone all the same"),
    ("munmap", "nothing can be done about it"),
    ("futex", "who sleeps looks again when the slice is over"),
    ("membarrier: fence", "likewise"),
    ("mmap of a page", "the mark of a process stands on the heap then"),
    ("madvise: wipe on fork", "the handlers of fork do it"),
    ("madvise: populate", "a wish"),
    ("madvise: collapse", "a wish"),
    ("mlock", "a wish"),
    ("openat of the processors", "the C library has another way to count them"),
    ("stat of a descriptor", "the standard library's guess at a file's length"),
    ("statfs", "what a folder stands on only makes a refusal clearer"),
    ("faccessat", "so does what may be done in it"),
    ("fcntl: unlock", "the description is closed next, which unlocks, too"),
    ("openat of a limit", "where nothing is known of limits, none is assumed"),
    ("mprotect of a thread's stack", "a join that gets no thread is made by a child in this memory"),
    ("clone of a thread", "likewise"),
    ("sched_yield", "a courtesy"),
    ("nanosleep", "the next look comes sooner"),
];

/// One case, and what came of it.
pub struct Case<'a> {
    pub call: &'a Call,
    /// The system calls of the run in which nothing failed.
    pub calls: &'a [Described],
    /// Which of them failed.
    pub at: usize,
    pub errno: i32,
    pub usual: &'a str,
    /// The folder of the channel's file.
    pub folder: &'a Path,
}

impl Case<'_> {
    /// Judges a run. An error says what is wrong.
    pub fn judge(&self, ran: &Ran) -> Result<Verdict, String> {
        match ran.end {
            Ended::Returned => {}
            Ended::Died(end) => return Err(format!("the process ended by {end:?}: {}", everything(ran))),
            Ended::Hung => return Err("the call hangs".to_owned()),
            Ended::Spun => return Err(format!("it made {} system calls, and no end to them", ran.calls.len())),
        }
        // A lock file that cannot be unlinked is for the next creation to sweep.
        let excused = |miss: &&str| self.may_leave_a_lock_file() && miss.contains("a file was left");
        if let Some(miss) = ran.said("miss").find(|miss| !excused(miss)) {
            return Err(miss.to_owned());
        }
        let outcome = ran.last("outcome").ok_or("it reported nothing")?;
        self.judge_changes(ran)?;
        if let Some(again) = ran.last("again").filter(|again| *again != self.usual) {
            return Err(format!("made again with nothing failing, it came to {again} instead of {}", self.usual));
        }
        if ran.failed == 0 {
            return if outcome == self.usual { Ok(Verdict::NotReached) } else { Err(format!("it came to {outcome}")) };
        }
        if outcome == self.usual {
            return if self.may_pass_over() {
                Ok(Verdict::AsUsual)
            } else {
                Err(format!("it came to {outcome} as if nothing had failed"))
            };
        }
        self.judge_error(outcome, ran).map(|()| Verdict::Refused)
    }

    /// Whether a call of this label came before.
    fn comes_after(&self, done: &str) -> bool {
        self.calls[..self.at].iter().any(|call| call.label.starts_with(done))
    }

    /// Where nothing is known of limits, none is assumed.
    fn reads_a_limit(&self) -> bool {
        let mut before = self.calls[..self.at].iter().rev();
        let opened = before.find(|call| call.label.starts_with("openat"));
        self.label() == "read" && opened.is_some_and(|call| call.label == "openat of a limit")
    }

    fn looks_at_the_lock_file(&self) -> bool {
        self.calls[..=self.at].iter().any(|call| call.label == "openat of the lock file")
    }

    fn label(&self) -> &str {
        &self.calls[self.at].label
    }

    /// Whether what fails is the last that would be done to a lock file that nobody needs any more. The next creation
    /// sweeps it.
    fn may_leave_a_lock_file(&self) -> bool {
        self.label().starts_with("unlink") || self.call.family == Remove && self.comes_after("unlink of the file")
    }

    /// What was left open, mapped, made or changed.
    fn judge_changes(&self, ran: &Ran) -> Result<(), String> {
        let label = self.label();
        let excused = |what: &str| match what {
            "mappings" => label == "munmap",
            "files" => self.may_leave_a_lock_file(),
            // Whoever takes part writes to the channel, also on the way to an error.
            "bytes" => matches!(self.call.family, Join | Transfer | Drop),
            _ => false,
        };
        for what in ["descriptors", "mappings", "files", "bytes"] {
            if let Some(change) = ran.said(what).next().filter(|_| !excused(what)) {
                return Err(format!("other {what} {change}"));
            }
        }
        Ok(())
    }

    /// Whether the call may do what it does as usual.
    fn may_pass_over(&self) -> bool {
        let (label, errno) = (self.label(), self.errno);
        let before = |done| self.comes_after(done);
        // A descriptor is reached through the thread's folder in /proc, or the process's.
        let has_another_way = label == "openat of a descriptor" && errno == ENOENT;
        if errno == EINTR
            || has_another_way
            || self.reads_a_limit()
            || PASSED_OVER.iter().any(|(passed, _)| label.starts_with(passed))
        {
            return true;
        }
        match self.call.family {
            Create | Unnamed | Replace => {
                label == "membarrier: register"
                    || label == "fallocate" && matches!(errno, EOPNOTSUPP | ENOSYS)
                    || label == "openat of an unnamed file" && errno == EOPNOTSUPP
                    // Nobody else has the file yet.
                    || label == "fcntl: lock" && errno == EAGAIN
                    // The channel is there; what others left is swept another time.
                    || before(if self.call.family == Replace { "rename" } else { "linkat of the file" })
                    // The old one's lock file is not needed.
                    || self.call.family == Replace && self.looks_at_the_lock_file() && !before("mmap of a file")
            }
            Open | OpenUnnamed => false,
            // It has its life; reaping others is put off, and so is to notice that the lock file was replaced.
            Join => {
                label == "mmap of memory" || before("clone of a thread") || label == "fcntl: lock" && errno == EAGAIN
            }
            // What cannot be seen is said to be unknown, which the act looks at.
            Inspect | Transfer | Drop => true,
            List => false,
            Remove => {
                before("unlink of the file")
                    || label == "fcntl: lock" && errno == EAGAIN
                    // A lock file that was made for the turn alone: a full disk is what removing helps against, and one that
                    // is left is for the next creation to sweep.
                    || errno == ENOSPC
                    || label == "unlink of the lock file"
                    // By force, whatever cannot be known; and the participants are told if that is possible.
                    || self.call.name.starts_with("remove_forced")
            }
        }
    }

    /// Whether this is the right error, and says what it has to.
    fn judge_error(&self, outcome: &str, ran: &Ran) -> Result<(), String> {
        let text = ran.last("text").unwrap_or_default();
        let wanted = self.wanted();
        if !wanted.contains(&outcome) {
            return Err(format!("it came to {outcome} ({text}) instead of {}", wanted.join(" or ")));
        }
        let name = match self.call.family {
            Unnamed | OpenUnnamed => "channel (".to_owned(),
            _ if self.call.name.contains("anonymous") => "channel (".to_owned(),
            List => self.folder.display().to_string(),
            _ if self.call.name.contains("by name") => "channel prices".to_owned(),
            _ => format!("channel {}", self.folder.display()),
        };
        // Errors of transfers are small: whoever has the handle knows the channel.
        if !text.contains(&name) && self.call.family != Transfer {
            return Err(format!("its text does not name `{name}`: {text}"));
        }
        let errno = ran.last("errno").and_then(|errno| errno.parse().ok());
        // That a lock is held or that there is no /proc, the engine says itself.
        let is_told_otherwise = matches!(self.errno, EAGAIN | ENOENT);
        if outcome == "Io" && errno != Some(self.errno) && !is_told_otherwise {
            return Err(format!("{} became {}: {text}", name_of(self.errno), errno.map_or("nothing", name_of)));
        }
        Ok(())
    }

    /// The errors that tell of this failure.
    fn wanted(&self) -> Vec<&'static str> {
        let label = self.label();
        let of_a_path = ["openat of", "linkat", "rename", "unlink", "mkdir", "fchmod", "stat of"]
            .iter()
            .any(|start| label.starts_with(start))
            && label != "openat of the boot id";
        match (self.call.family, self.errno) {
            (_, EINTR) => vec![self.usual_name()],
            (Create | Unnamed | Replace, ENOSPC) => vec!["NoSpace"],
            (Create | Unnamed | Replace, ENOMEM) => vec!["NoSpace", "Io"],
            (Open | OpenUnnamed, _) if label == "membarrier: register" => vec!["FenceUnavailable"],
            (Create | Open | Replace | Remove, EPERM) if of_a_path => vec!["Permission", "Io"],
            (Join, EAGAIN) => vec!["RoleTaken", "Io"],
            // Who cannot be proved dead counts as alive.
            (Join, _) if self.comes_after("clone of a thread") => vec!["RoleTaken", "Io"],
            (Remove, EAGAIN) => vec!["InUse", "Io"],
            // Nobody was seen to die.
            (Transfer, _) if self.call.name.ends_with("dies") => vec!["Timeout"],
            (Transfer | Drop, _) => vec!["ok"],
            (List, _) => vec!["Os", "Custom"],
            _ => vec!["Io"],
        }
    }

    fn usual_name(&self) -> &'static str {
        if self.usual == "ok" { "ok" } else { "the usual error" }
    }
}

fn everything(ran: &Ran) -> String {
    ran.said("miss").chain(ran.said("outcome")).collect::<Vec<_>>().join(" ")
}
