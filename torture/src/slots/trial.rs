//! The accounts of slots: those of the [ledger](super::ledger), and at the end every slot is free again.

use super::common::{BATCH, queue_of};
use super::journal::{ReceiverJournal, SenderJournal};
use super::kind::OnSlots;
use super::ledger::{AfterDeath, Ledger};
use crate::subject::{Closing, OnDeath, ReceiverOf, SenderOf, Site, SlotShape, Staff, Trial, Victim};
use crate::waking;
use anyhow::{Result, ensure};
use memlane::{Info, Role};

/// `visitors`: seats on each side that no worker needs.
pub fn create<K: OnSlots>(shape: &SlotShape, staff: Staff, visitors: u32, site: &Site) -> Result<Box<dyn Trial>> {
    let after_death = match shape.on_death {
        OnDeath::Redeliver => AfterDeath::Again,
        OnDeath::Discard => AfterDeath::Gone,
    };
    let keepers = if visitors > 0 { 1 } else { 0 };
    // So few that the seats of the dead are taken again all the time; one more for the keeper.
    let seats = Staff { senders: staff.senders + visitors + 1, receivers: staff.receivers + visitors + keepers };
    let channel = K::shaped(shape, seats)
        .max_message(site.payloads()?.max())
        .backend(site.waking.backend())
        .trust_peers(waking::trust())
        .create(&site.channel)?;
    let keeper = Some(channel.sender()?);
    let receiving_keeper = if keepers > 0 { Some(channel.receiver()?) } else { None };
    let ledger = Ledger::new(after_death, BATCH);
    Ok(Box::new(SlotTrial::<K> { shape: *shape, staff, keeper, receiving_keeper, ledger }))
}

struct SlotTrial<K: OnSlots> {
    shape: SlotShape,
    staff: Staff,
    /// Sends nothing, and keeps receivers from ending while all others happen to be dead.
    keeper: Option<SenderOf<K>>,
    /// Receives nothing, and keeps senders from ending while all others happen to have left.
    receiving_keeper: Option<ReceiverOf<K>>,
    ledger: Ledger,
}

impl<K: OnSlots> Trial for SlotTrial<K> {
    fn describe(&self) -> String {
        let SlotShape { slots, priorities, on_death } = self.shape;
        let policy = if on_death == OnDeath::Discard { "discarded" } else { "delivered again" };
        format!("{slots} slots, {priorities} priorities, what the dead held is {policy}")
    }

    fn staff(&self) -> Staff {
        self.staff
    }

    fn account_for(&mut self, gone: &Victim) -> Result<()> {
        match gone.role {
            Role::Sender => self.ledger.sender_gone(gone.number, SenderJournal::read(&gone.journal)?),
            _ => self.ledger.receiver_gone(gone.number, gone.killed, &ReceiverJournal::read(&gone.journal)?),
        }
    }

    fn senders_are_gone(&mut self) {
        (self.keeper, self.receiving_keeper) = (None, None);
    }

    fn close(self: Box<Self>, info: &Info) -> Result<Closing> {
        let queue = queue_of(info)?;
        ensure!(queue.free == queue.slots, "slots were left behind: {queue:?}");
        ensure!(queue.queued.iter().all(|&queued| queued == 0), "messages were left behind: {queue:?}");
        ensure!(queue.dead_letters == 0, "messages were given up: {queue:?}");
        let found = self.ledger.close(queue.discarded)?;
        let text = format!(
            "{} messages, {} deliveries more of them ({} that nobody wrote down), {} gone with the dead, {} unknown\n\
             senders killed in a call: {}, which had sent {}; receivers killed holding: {}, acknowledging: {}, giving back: {}",
            found.messages,
            found.again + found.unwritten,
            found.unwritten,
            queue.discarded,
            found.unknown,
            found.in_send,
            found.sent_in_send,
            found.holding,
            found.acknowledging,
            found.giving_back,
        );
        Ok(Closing { messages: found.messages, again: found.again + found.unwritten, text })
    }
}
