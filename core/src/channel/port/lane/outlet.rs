//! A lane's writing end.

use super::ends::{InRegion, WritingEnd};
use super::memory::settle_nothing;
use crate::channel::end::{Seated, Trouble};
use crate::channel::port::outlet::{Effort, Outlet};
use crate::error::{Corruption, SendError};
use crate::liveness::Settle;
use crate::region::{LaneView, TrustPeers};
use crate::ring::log::{Refusal, Reservation, Warmed, Writer};
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;

/// A lane's writing end.
#[derive(Debug)]
pub(crate) struct LaneOutlet<W = Writer<LaneView>> {
    writer: W,
    resumed_at: u64,
    /// Searches for room since it joined.
    searches: u32,
}

#[expect(private_bounds, reason = "only ports make ends of lanes")]
impl<W: WritingEnd> LaneOutlet<W> {
    /// How many messages the lane had carried before.
    pub(in crate::channel) fn resumed_at(&self) -> u64 {
        self.resumed_at
    }

    /// How many messages the lane has carried by now.
    pub(in crate::channel) fn sent(&self) -> u64 {
        self.writer.log().count()
    }

    /// Bytes of payload of a record that takes an eighth of the ring, or of the longest one if that is shorter.
    pub(in crate::channel) fn an_eighth(&self) -> usize {
        let geometry = self.writer.log().geometry();
        let payload = (geometry.capacity() / 8).saturating_sub(geometry.header_bytes());
        payload.min(geometry.max_message()) as usize
    }

    /// Tells observers what was sent so far.
    fn publish(&mut self, end: &mut Seated) {
        self.writer.log_mut().publish();
        self.count_published(end);
    }

    /// The writer published how far it has come: so does its row.
    fn count_published(&self, end: &mut Seated) {
        let log = self.writer.log();
        end.tally.messages_in_all(log.messages(), log.bytes());
    }

    #[inline(always)]
    fn fill_and_commit(&mut self, reservation: Reservation, message: &[u8]) {
        let length = message.len() as u64;
        self.writer.log_mut().fill_and_commit(reservation, length, |ring, payload| ring.write(payload.0, 0, message));
    }

    #[cold]
    fn refused(&self, end: &Seated, refusal: Refusal, length: usize) -> Result<Option<Reservation>, SendError> {
        match refusal {
            Refusal::Full if self.writer.waits() => Ok(None),
            Refusal::Full => Err(SendError::Full),
            Refusal::TooLarge => Err(SendError::TooLarge { length, max: self.max_message() }),
            Refusal::Corrupted(reason) => Err(SendError::Corrupted(end.poison(reason))),
        }
    }
}

impl<W: WritingEnd> Outlet for LaneOutlet<W> {
    type Claim = Reservation;
    type Undo = Warmed;
    type Run = ();

    const SETTLE: Settle = settle_nothing;
    /// The limit of the shortest way is 0 there.
    const STOPS_IN_A_CHILD: bool = true;
    /// What was released may not be room enough.
    const WAKES: Wakes = Wakes::All;

    fn join(end: &Seated) -> Result<Self, Corruption> {
        let writer = W::resume(end)?;
        let resumed_at = writer.log().count();
        Ok(Self { writer, resumed_at, searches: 0 })
    }

    #[inline]
    fn max_message(&self) -> usize {
        self.writer.log().geometry().max_message() as usize
    }

    #[inline(always)]
    fn claim_fast(&mut self, length: usize) -> Option<Reservation> {
        self.writer.log().reserve_fast(length as u64)
    }

    /// By the shortest way, which looks no further than its limit.
    #[inline(always)]
    fn send_fast(&mut self, _: &mut Seated, message: &[u8]) -> Result<bool, Corruption> {
        Ok(self.writer.log_mut().append(message.len() as u64, |spot| spot.write(message)))
    }

    /// Every few stretches, and while it waits: a sender that is busy notices, too, that the file is gone.
    #[inline(always)]
    fn look_around(&mut self, end: &mut Seated) -> Result<(), Trouble> {
        self.searches = self.searches.wrapping_add(1);
        if self.searches.is_multiple_of(8) { end.pass_slice() } else { Ok(()) }
    }

    #[inline(always)]
    fn claim(&mut self, end: &mut Seated, length: usize, effort: Effort) -> Result<Option<Reservation>, SendError> {
        let reservation = match effort {
            Effort::Quick => self.writer.reserve_if_plenty(length as u64),
            Effort::Once | Effort::Full => self.writer.reserve(length as u64),
        };
        if self.writer.log().is_published() {
            self.count_published(end);
        }
        match reservation {
            Ok(reservation) => Ok(Some(reservation)),
            Err(refusal) => self.refused(end, refusal, length),
        }
    }

    #[inline]
    fn has_room_hint(&self) -> bool {
        self.writer.glance()
    }

    #[inline]
    fn space(&self) -> &AtomicU32 {
        &self.writer.log().memory().view().control.space
    }

    #[inline]
    fn names_blocker(&mut self) -> bool {
        self.writer.names_blocker()
    }

    #[inline(always)]
    fn commit_copy(&mut self, _: &mut Seated, reservation: Reservation, message: &[u8]) -> Result<(), Corruption> {
        self.fill_and_commit(reservation, message);
        Ok(())
    }

    #[inline(always)]
    fn wake(&self, end: &mut Seated) {
        end.notify_receivers();
    }

    /// Lines are warmed once the receiver knows of the message.
    #[inline(always)]
    fn after_wake(&mut self, reservation: &Reservation) {
        self.writer.log_mut().warm_after(reservation);
    }

    #[inline]
    fn hold(&mut self) -> Warmed {
        self.writer.begin_in_place();
        self.writer.log_mut().forget_warmed()
    }

    #[inline]
    fn write(&mut self, reservation: &Reservation, skip: usize, bytes: &[u8]) {
        self.writer.write(reservation, skip, bytes);
    }

    fn slice(&mut self, reservation: &Reservation, trust: TrustPeers, length: usize) -> &mut [u8] {
        self.writer.slice(reservation, trust, length)
    }

    #[inline(always)]
    fn commit(
        &mut self,
        _: &mut Seated,
        reservation: Reservation,
        warmed: Warmed,
        used: usize,
    ) -> Result<(), Corruption> {
        self.writer.complete(&reservation, used);
        self.writer.log_mut().commit_in_place(warmed, reservation, used as u64);
        Ok(())
    }

    /// A reservation that was not committed does not exist.
    #[inline(always)]
    fn abandon(&mut self, _: &mut Seated, _: Reservation) {}

    #[inline(always)]
    fn begin_run(&mut self) {}

    #[inline(always)]
    fn send_run_fast<I: Iterator>(
        &mut self,
        end: &mut Seated,
        (): &mut (),
        messages: &mut I,
        sent: &mut usize,
    ) -> Result<Option<I::Item>, Corruption>
    where
        I::Item: AsRef<[u8]>,
    {
        let (news, mut run) = (end.watch(), self.writer.log_mut().run());
        loop {
            let Some(message) = messages.next() else { return Ok(None) };
            let bytes = message.as_ref();
            // The iterator may have taken its time, or forked: then the run has come to its limit.
            if news.has_come() || !run.append(bytes.len() as u64, |spot| spot.write(bytes)) {
                return Ok(Some(message));
            }
            *sent += 1;
        }
    }

    #[inline(always)]
    fn commit_in_run(
        &mut self,
        _: &mut Seated,
        (): &mut (),
        reservation: Reservation,
        message: &[u8],
    ) -> Result<(), Corruption> {
        self.fill_and_commit(reservation, message);
        self.writer.log_mut().warm_after(&reservation);
        Ok(())
    }

    #[inline]
    fn tell_of_run(&mut self, end: &mut Seated, (): &mut (), is_over: bool) {
        end.notify_receivers();
        if is_over {
            self.publish(end);
        }
    }

    fn leave(&mut self, end: &mut Seated) {
        self.publish(end);
    }

    fn carried(&self) -> Option<(u64, u64)> {
        Some((self.resumed_at(), self.sent()))
    }
}
