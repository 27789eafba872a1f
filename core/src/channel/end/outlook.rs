//! What a handle sees of its channel: whether this process made the handle or inherited it, whether there are news, the
//! status, the peers' rows, and the file.
//!
//! An outlook only reads, so it works on a read-only mapping, too. If it finds something wrong that the channel does not say of
//! itself yet, it returns [`Finding::New`]. A participant then poisons the channel.

use super::trouble::Trouble;
use crate::channel::shared::Shared;
use crate::error::Corruption;
use crate::layout::{ChannelControl, Status};
use crate::liveness::{self, PeerWatch, Presence};
use crate::region::{FileState, ProcessMark, Region, View};
use crate::sync::AtomicU32;
use crate::sync::Ordering::{Acquire, Relaxed};
use std::sync::Arc;

/// What a handle sees of its channel.
#[derive(Debug)]
pub(crate) struct Outlook {
    mark: ProcessMark,
    /// `membership` when the peers and the status were last looked at.
    seen: u32,
    control: View<ChannelControl>,
    /// The word that moves with the peers.
    membership: View<AtomicU32>,
    peers: PeerWatch,
    /// Whether it is over for this handle, too, when a peer died. Otherwise that one's successor is waited for.
    ends_with_peers: bool,
    /// What was wrong with the channel's file when it was last looked at.
    file: Option<Trouble>,
    /// Dropped last: it may remove the channel.
    shared: Arc<Shared>,
}

/// Watches for [news](Outlook::has_news).
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewsWatch<'a> {
    membership: &'a AtomicU32,
    seen: u32,
}

impl NewsWatch<'_> {
    /// Whether there are news.
    #[inline(always)]
    pub(crate) fn has_come(&self) -> bool {
        // EDGE announce→news: pairs with the Release in `tell`.
        self.membership.load(Acquire) != self.seen
    }
}

/// What a look found wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// The channel's status or its file says it already.
    Known(Trouble),
    /// The channel's words hold what no participant writes, and its status does not say so yet.
    New(Corruption),
}

impl Outlook {
    /// Sees nothing yet: all is news at first.
    pub(in crate::channel) fn new(shared: &Arc<Shared>, peers: PeerWatch) -> Self {
        let region = &shared.region;
        let (mark, control, membership) =
            (region.mark(), View::control(region), View::membership(region, peers.role()));
        let shared = Arc::clone(shared);
        let mut outlook =
            Self { mark, seen: 0, control, membership, peers, ends_with_peers: false, file: None, shared };
        outlook.look_again();
        outlook
    }

    pub(crate) fn region(&self) -> &Arc<Region> {
        &self.shared.region
    }

    pub(in crate::channel) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The channel's words.
    #[inline]
    pub(super) fn control(&self) -> &ChannelControl {
        &self.control
    }

    /// The word on which receivers sleep.
    #[inline]
    pub(crate) fn data(&self) -> &AtomicU32 {
        &self.control.data
    }

    /// The peers that this handle watches.
    pub(in crate::channel) fn peers(&self) -> &PeerWatch {
        &self.peers
    }

    /// Whether this process inherited the handle by `fork`.
    #[inline]
    pub(crate) fn is_foreign(&self) -> bool {
        self.mark.is_foreign()
    }

    /// Whether a participant joined, left or was reaped, or the status changed, since the caller last
    /// [noted the news as seen](Outlook::note_seen).
    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        self.watch().has_come()
    }

    /// What tells of news between two messages of a batch, in a value that stays in registers.
    #[inline(always)]
    pub(crate) fn watch(&self) -> NewsWatch<'_> {
        NewsWatch { membership: &self.membership, seen: self.seen }
    }

    /// What changes whenever there are news.
    pub(crate) fn news(&self) -> u32 {
        // EDGE announce→news: as in `NewsWatch::has_come`.
        self.membership.load(Acquire)
    }

    /// Where participants sleep until another one joins.
    pub(crate) fn arrivals(&self) -> &AtomicU32 {
        &self.control.arrivals
    }

    /// Makes [`Outlook::has_news`] true.
    pub(super) fn look_again(&mut self) {
        self.seen = self.membership.load(Relaxed).wrapping_sub(1);
    }

    /// Notes that the caller has dealt with all news up to this [`membership`](Outlook::membership).
    pub(super) fn note_seen(&mut self, membership: u32) {
        self.seen = membership;
    }

    /// Looks at the status, and at what was seen of the file. Returns the number that the caller [notes](Outlook::note_seen)
    /// once it has looked at the peers, too.
    pub(super) fn membership(&self) -> Result<u32, Finding> {
        if let Some(trouble) = self.file {
            return Err(Finding::Known(trouble));
        }
        // EDGE announce→news: as in `NewsWatch::has_come`.
        let membership = self.membership.load(Acquire);
        match self.region().status() {
            Status::Live | Status::Closed if self.region().is_removed() => Err(Finding::Known(Trouble::Removed)),
            Status::Live => Ok(membership),
            Status::Closed => Err(Finding::Known(Trouble::Closed)),
            Status::Poisoned(reason) => Err(Finding::Known(Trouble::Corrupted(reason))),
            Status::Initialising => Err(Finding::New(Corruption::Status)),
        }
    }

    /// Deals with all news, for a handle that has no seat and looks at senders: it poisons nothing. Returns whether they are gone; for
    /// `held_messages`, see [`Outlook::senders_are_gone`].
    pub(super) fn take_news(&mut self, held_messages: bool) -> Result<bool, Trouble> {
        let found = |finding| match finding {
            Finding::Known(trouble) => trouble,
            Finding::New(reason) => Trouble::Corrupted(reason),
        };
        let membership = self.membership().map_err(found)?;
        let peers = if self.region().lets_lookers_ask() {
            self.peers.presence_of_the_living(self.region())
        } else {
            self.peers.presence(self.region())
        };
        let presence = self.settled(peers.map_err(Trouble::Corrupted)?, membership);
        self.note_seen(membership);
        Ok(self.senders_are_gone(presence, held_messages))
    }

    /// Looks at the channel's file, for a handle that has no seat.
    ///
    /// # Errors
    /// It was truncated: nothing of it is to be touched any more.
    pub(super) fn look_again_at_file(&mut self) -> Result<(), Trouble> {
        self.look_at_file().map_err(|_| Trouble::Corrupted(Corruption::FileLength))?;
        // Nobody announces a death that nobody else can prove.
        if self.file.is_some() || self.region().lets_lookers_ask() {
            self.look_again();
        }
        Ok(())
    }

    /// Looks at the peers' rows, after the [`membership`](Outlook::membership) that is passed.
    pub(super) fn presence(&self, membership: u32) -> Result<Presence, Finding> {
        let presence = self.peers.presence(self.region()).map_err(Finding::New)?;
        Ok(self.settled(presence, membership))
    }

    /// What a look at the peers' rows has shown, after this `membership`.
    fn settled(&self, presence: Presence, membership: u32) -> Presence {
        match presence {
            Presence::Alive => Presence::Alive,
            // One that left had told of those that joined before it: a look that saw it leave sees that, too.
            _ if self.news() != membership => Presence::Unsettled,
            presence => presence,
        }
    }

    /// Whether nobody gets what a sender sends. One that died has a successor, which gets it, unless that is
    /// [not waited for](Outlook::set_ends_with_peers).
    pub(crate) fn receivers_are_gone(&self, presence: Presence) -> bool {
        let gone = match presence {
            Presence::Alive | Presence::Unsettled | Presence::NoneYet => false,
            Presence::AllClosed => true,
            Presence::SomeDied => self.ends_with_peers,
        };
        gone && !self.region().facts().persistent
    }

    /// Whether it is over for this handle, too, when a peer died, instead of going on with that one's successor.
    pub(in crate::channel) fn set_ends_with_peers(&mut self, ends: bool) {
        self.ends_with_peers = ends;
        self.look_again();
    }

    /// Whether a receiver that finds the channel drained is done, since all senders have gone. `held_messages`: whether there
    /// were messages when it joined, which prove that there was a sender.
    pub(crate) fn senders_are_gone(&self, presence: Presence, held_messages: bool) -> bool {
        let gone = match presence {
            Presence::Alive | Presence::Unsettled => false,
            Presence::NoneYet => held_messages,
            Presence::AllClosed | Presence::SomeDied => true,
        };
        gone && !self.region().facts().persistent
    }

    /// Whether the row says that a participant has this seat.
    pub(crate) fn is_somebody_in(&self, row: u32) -> bool {
        liveness::is_taken(self.region(), row)
    }

    /// What was wrong with the channel's file when it was last looked at.
    pub(super) fn file(&self) -> Option<Trouble> {
        self.file
    }

    /// Looks at the channel's file. That it was removed, the next [`Outlook::membership`] tells.
    ///
    /// # Errors
    /// The file was truncated, to the length that is returned. The caller touches nothing behind that: it would be SIGBUS.
    pub(super) fn look_at_file(&mut self) -> Result<(), u64> {
        let (seen, outcome) = match self.region().file_state() {
            // A file that cannot be looked at for the moment is taken to be as it was.
            Ok(FileState::Intact) | Err(_) => (None, Ok(())),
            Ok(FileState::Removed) => (Some(Trouble::Removed), Ok(())),
            Ok(FileState::CutShort { length }) => (Some(Trouble::Corrupted(Corruption::FileLength)), Err(length)),
        };
        self.file = seen;
        outcome
    }
}
