//! The options that `send`, `recv`, `forget`, `set` and `get` share: which channels they take part in.

use memlane::any::{Channel, Options};
use memlane::broadcast::{self, Start};
use memlane::{OpenError, TrustPeers, watch};

/// Whom to have to do with.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct OpeningArguments {
    /// Also use a channel of another user
    #[arg(long)]
    pub any_owner: bool,
    /// Also use a channel whose peers wake each other by semaphores: whoever can write to it could then harm this process
    #[arg(long)]
    pub trust_peers: bool,
    /// Learn of a peer's death within 200 ms, instead of at once by a thread that watches for it
    #[arg(long)]
    pub no_watch_peers: bool,
}

impl OpeningArguments {
    /// Sets whom to have to do with.
    pub fn apply(self, options: Options) -> Options {
        let options = options.any_owner(self.any_owner).watch_peers(!self.no_watch_peers);
        if self.trust_peers { options.trust_peers(trust()) } else { options }
    }

    /// Opens the channel of this name, of whatever kind. `drain`: for receivers for which all senders count that there ever were.
    pub fn open(self, name: &str, drain: bool) -> Result<Channel, OpenError> {
        self.apply(Options::default()).ends_when_drained(drain).open(name)
    }

    /// The channel is of another kind than was opened.
    pub fn of_another_kind(channel: &Channel, name: &str, ours: &str) -> OpenError {
        OpenError::WrongKind { channel: name.to_owned(), file: channel.kind().to_string(), ours: ours.to_owned() }
    }

    /// Opens the watch of this name to look on.
    pub fn look_at_watch(self, name: &str) -> Result<watch::ReadOnlyReceiver, OpenError> {
        watch::Options::new().any_owner(self.any_owner).open_read_only(name)
    }

    /// Opens the broadcast of this name to receive without a seat. `drain`: as for [`OpeningArguments::open`].
    pub fn look_at_broadcast(
        self,
        name: &str,
        drain: bool,
        start: Start,
    ) -> Result<broadcast::ReadOnlyReceiver, OpenError> {
        let options = broadcast::Options::new().any_owner(self.any_owner).ends_when_drained(drain);
        options.open_read_only_from(name, start)
    }
}

/// The promise of a user who asked for it on the command line.
pub fn trust() -> TrustPeers {
    // SAFETY: the user vouches for all who can write to the channel, by an option whose text says what that means. This
    // command itself borrows no message in place.
    unsafe { TrustPeers::promise() }
}
