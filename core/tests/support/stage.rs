//! The same test over named, anonymous and private channels.

use super::Scratch;
use memlane::TrustPeers;
use memlane::spsc::{Channel, Options, Receiver, Sender};

/// Where a channel lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Named,
    Anonymous,
    Private,
}

/// The tests' processes are correct participants.
pub fn trust() -> TrustPeers {
    // SAFETY: nobody but these tests, which use the engine alone, knows their channels.
    unsafe { TrustPeers::promise() }
}

/// A place for the channels of one run of a test.
pub struct Stage {
    pub place: Place,
    scratch: Scratch,
    created: std::cell::Cell<u32>,
}

impl Stage {
    #[track_caller]
    pub fn new(place: Place) -> Self {
        Self { place, scratch: Scratch::new(), created: 0.into() }
    }

    /// A fresh channel with these options.
    pub fn channel(&self, options: &Options) -> Channel {
        let number = self.created.replace(self.created.get() + 1);
        match self.place {
            Place::Named => options.create(&self.scratch.name(&format!("channel-{number}"))).unwrap(),
            Place::Anonymous => options.anonymous().unwrap(),
            Place::Private => options.private().unwrap(),
        }
    }

    /// A fresh channel with these options, and both its ends.
    pub fn pair(&self, options: &Options) -> (Channel, Sender, Receiver) {
        let channel = self.channel(options);
        let (sender, receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        (channel, sender, receiver)
    }

    /// A small channel: 4 KiB, messages of up to 1784 bytes.
    pub fn small(&self) -> (Channel, Sender, Receiver) {
        self.pair(&Options::new().capacity(4096))
    }
}

/// Runs a test over each place.
#[track_caller]
pub fn everywhere(test: impl Fn(&Stage)) {
    for place in [Place::Named, Place::Anonymous, Place::Private] {
        eprintln!("over a {place:?} channel");
        test(&Stage::new(place));
    }
}
