//! The other side of a channel: a thread of this process, or another process.

use crate::support::PATIENCE;
use crate::support::child::{self, Child};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// What a part talks to its test with.
pub enum Talk {
    Thread { tells: Sender<String>, hears: Receiver<String> },
    Process,
}

impl Talk {
    /// Sends the test a line.
    pub fn tell(&self, line: impl ToString) {
        match self {
            Self::Thread { tells, .. } => drop(tells.send(line.to_string())),
            Self::Process => child::tell(line.to_string()),
        }
    }

    /// Waits for a line from the test; "end", once the test wants no more.
    pub fn hear(&self) -> String {
        match self {
            Self::Thread { hears, .. } => hears.recv().unwrap_or_else(|_| "end".to_owned()),
            Self::Process => child::hear(),
        }
    }
}

/// A part that is being played.
pub enum Peer {
    Thread { lines: Receiver<String>, says: Sender<String>, thread: Option<JoinHandle<()>> },
    Process(Child),
}

impl Peer {
    /// Plays `part` in a thread.
    pub fn thread(part: impl FnOnce(&Talk) + Send + 'static) -> Self {
        let ((tells, lines), (says, hears)) = (channel(), channel());
        let thread = Some(std::thread::spawn(move || part(&Talk::Thread { tells, hears })));
        Self::Thread { lines, says, thread }
    }

    /// The next line that it tells.
    #[track_caller]
    pub fn line(&self) -> String {
        match self {
            Self::Thread { lines, .. } => lines.recv_timeout(PATIENCE).expect("a line from the thread"),
            Self::Process(child) => child.line(),
        }
    }

    /// Waits until it tells exactly this.
    #[track_caller]
    pub fn expect(&self, line: impl ToString) {
        assert_eq!(self.line(), line.to_string());
    }

    /// Sends it a line.
    pub fn say(&mut self, line: &str) {
        match self {
            Self::Thread { says, .. } => says.send(line.to_owned()).expect("a thread that listens"),
            Self::Process(child) => child.say(line),
        }
    }

    /// Waits until it has played its part.
    #[track_caller]
    pub fn finish(self) {
        match self {
            Self::Thread { says, mut thread, .. } => {
                drop(says);
                thread.take().expect("not yet joined").join().expect("a part without a panic");
            }
            Self::Process(mut child) => {
                // Without a word, it would end on the spot, its handles as they are.
                child.say("end");
                child.finish();
            }
        }
    }
}
