//! The options that `send` and `recv` share: which channels they take part in.

use memlane::TrustPeers;

/// Whom to have to do with.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct OpeningArguments {
    /// Also use a channel of another user
    #[arg(long)]
    pub any_owner: bool,
    /// Also use a channel whose peers wake each other by semaphores: whoever can write to it could then harm this process
    #[arg(long)]
    pub trust_peers: bool,
}

impl OpeningArguments {
    /// What the user promised.
    pub fn trust(self) -> Option<TrustPeers> {
        self.trust_peers.then(trust)
    }
}

/// The promise of a user who asked for it on the command line.
pub fn trust() -> TrustPeers {
    // SAFETY: the user vouches for all who can write to the channel, by an option whose text says what that means. This
    // command itself borrows no message in place.
    unsafe { TrustPeers::promise() }
}
