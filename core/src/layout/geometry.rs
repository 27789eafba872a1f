//! From the options of a channel to the offsets of its parts, with every product and sum checked.

use super::{
    ChannelControl, EventControl, Gate, HEADER_BYTES, KindRow, LaneControl, Limits, NewsControl, ParticipantRow,
    PermitControl, PoolWord, QueueControl, RecordHeader, RingControl, Role, Store, ValueControl,
};
use std::mem::offset_of;

/// The unit in which the data area is aligned: one page of the smallest size.
const PAGE: u64 = 4096;

/// The numbers that shape a channel. Private to each process once read; never read from the file again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// What its kind is made of.
    pub row: &'static KindRow,
    /// Seats for senders; they have rows `0..senders`, and one lane each in kinds with lanes.
    pub senders: u32,
    /// Seats for receivers; they have the rows behind the senders'.
    pub receivers: u32,
    /// Ring bytes per lane, a power of two; in kinds with permits, how many of these there are at first; else 0.
    pub capacity: u64,
    /// Largest message in bytes.
    pub max_message: u64,
    /// Alignment of every payload in bytes, a power of two from 8.
    pub payload_alignment: u32,
    /// Every record of a lane starts at a multiple of so many bytes, a power of two from `payload_alignment`; 0 in kinds without
    /// lanes.
    pub record_alignment: u32,
    /// Slots of messages or of versions of a value, frames of calls, or places of permits: 0 in kinds without them.
    pub slots: u32,
    /// Orders of delivery, from the most urgent; 1 in kinds with calls, and 0 in kinds without cells.
    pub priorities: u16,
    /// Largest answer in bytes; 0 in kinds without calls.
    pub max_response: u64,
    /// Whether a call whose server died goes to another one, so that answers have an area of their own.
    pub repeats: bool,
}

/// Where everything stands, in bytes from the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    /// The participant table.
    pub participants_at: u64,
    /// [`ChannelControl`].
    pub control_at: u64,
    /// [`NewsControl`]; 0 in kinds that have one lane at most.
    pub news_at: u64,
    /// [`LaneControl`] × lanes.
    pub lanes_at: u64,
    /// [`Gate`] × lanes × receivers.
    pub gates_at: u64,
    /// [`QueueControl`] and [`RingControl`] × priorities, or [`ValueControl`], [`PermitControl`] or [`EventControl`]; 0 in kinds with
    /// lanes.
    pub queue_at: u64,
    /// Cell × cells × priorities; 0 without a slot queue.
    pub cells_at: u64,
    /// Ring × lanes, or slot × slots, or place × places.
    pub data_at: u64,
    /// Length of the file.
    pub total: u64,
}

impl Map {
    /// Where the word stands that moves when a participant of this role comes or goes, or the status changes.
    pub fn membership_of(&self, role: Role) -> u64 {
        let (start, within) = match (self.news_at, role) {
            (0, _) => (self.control_at, offset_of!(ChannelControl, membership)),
            (news_at, Role::Sender) => (news_at, offset_of!(NewsControl, membership_of_senders)),
            (news_at, Role::Receiver) => (news_at, offset_of!(NewsControl, membership_of_receivers)),
        };
        start.saturating_add(within as u64)
    }
}

/// A number that is out of its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeometryError {
    /// Which one.
    pub field: &'static str,
    /// What it is.
    pub found: u64,
    /// What it would have to be.
    pub wanted: String,
}

impl Geometry {
    /// Whether there is a slot queue, and with it, messages.
    pub fn has_slots(&self) -> bool {
        self.row.store == Store::Slots
    }

    /// A queue of one slot for 8 bytes, with so many seats.
    #[cfg(test)]
    pub(crate) fn of_a_small_queue(senders: u32, receivers: u32) -> Self {
        Self {
            row: super::Kind::Mpmc.row(),
            senders,
            receivers,
            capacity: 0,
            max_message: 8,
            payload_alignment: 8,
            record_alignment: 0,
            slots: 1,
            priorities: 1,
            max_response: 0,
            repeats: false,
        }
    }

    /// Rows of the participant table.
    pub fn participants(&self) -> u32 {
        self.senders.saturating_add(self.receivers)
    }

    /// Lanes: one per sender, in kinds with lanes.
    pub fn lanes(&self) -> u32 {
        match self.row.store {
            Store::Lanes => self.senders,
            Store::Slots | Store::Value | Store::Frames | Store::Permits | Store::Event => 0,
        }
    }

    /// The position at which a lane begins.
    ///
    /// A receiver that looks at the next header of one lane after the other finds them at different places of their rings.
    /// At the same place, they would share a few sets of its cache.
    ///
    /// The next lane's beginning is ahead by three lines, or by three pairs of lines where records start at pairs: so all places at which
    /// a record may start a line come in turn.
    ///
    /// Those of a broadcast begin at 0, where a lane of which nothing was published has its first boundary.
    pub fn lane_start(&self, lane: u32) -> u64 {
        if self.row.is_broadcast() {
            return 0;
        }
        let step = u64::from(self.record_alignment.max(64)).wrapping_mul(3);
        u64::from(lane).wrapping_mul(step) & self.capacity.wrapping_sub(1)
    }

    /// Cells of each ring: a power of two, at least 64 and at least as many as slots.
    pub fn cells(&self) -> u64 {
        u64::from(self.slots).next_power_of_two().max(64)
    }

    /// Bytes from the start of a slot to its payload: the slot's words stand in front.
    pub fn slot_payload_at(&self) -> u64 {
        u64::from(self.payload_alignment).max(self.row.words_per_slot.saturating_mul(8))
    }

    /// Bytes from the start of a frame to its answer. It stands where the request stood, unless that has to stay for another server.
    pub fn answer_at(&self) -> u64 {
        if !self.repeats {
            return self.slot_payload_at();
        }
        let behind = self.slot_payload_at().saturating_add(self.max_message);
        behind.checked_next_multiple_of(self.payload_alignment.max(8).into()).unwrap_or(u64::MAX)
    }

    /// Bytes from slot to slot: whole lines.
    pub fn slot_bytes(&self) -> u64 {
        let message = self.slot_payload_at().saturating_add(self.max_message);
        let answer = self.answer_at().saturating_add(self.max_response);
        message.max(answer).checked_next_multiple_of(64).unwrap_or(u64::MAX)
    }

    /// How many versions of a value have a slot, so that a reader is rarely overtaken while it copies one. A power of two.
    ///
    /// With 4 slots, 8 % of the reads of 1 KiB are overtaken under a sender that does nothing else, up to 75 of them in a row; with
    /// 16, next to none. Of longer values fewer are written during one copy, and slots cost more memory.
    pub fn value_slots(max_value: u64) -> u32 {
        match max_value {
            0..=0x1000 => 16,
            0x1001..=0x1_0000 => 8,
            _ => 4,
        }
    }

    /// The largest message that a ring of `capacity` bytes can always take, in bytes.
    ///
    /// A record (header and padded payload) may fill 7/16 of the ring: it may need as much again in padding to start at
    /// the ring's beginning, and the reader publishes, and wakes the writer, for an eighth. With larger records an almost
    /// empty ring could refuse one for ever.
    pub fn largest_message(capacity: u64, payload_alignment: u32, record_alignment: u32) -> u64 {
        let header = u64::from(payload_alignment).max(RecordHeader::BYTES);
        let unit = u64::from(record_alignment).max(header);
        ((capacity / 16).saturating_mul(7) & !unit.saturating_sub(1)).saturating_sub(header)
    }

    /// The smallest ring that can always take a message of `max_message` bytes; `None` beyond the limits.
    pub fn smallest_capacity(max_message: u64, payload_alignment: u32, record_alignment: u32) -> Option<u64> {
        let mut capacity = Limits::CAPACITY_MIN;
        while Self::largest_message(capacity, payload_alignment, record_alignment) < max_message {
            capacity = capacity.checked_mul(2).filter(|&c| c <= Limits::CAPACITY_MAX)?;
        }
        Some(capacity)
    }

    /// Checks every number and computes the offsets.
    pub fn map(&self) -> Result<Map, GeometryError> {
        let bad = |field, found, wanted: &str| Err(GeometryError { field, found, wanted: wanted.to_owned() });
        let alignment = self.payload_alignment;
        if !alignment.is_power_of_two() || !(Limits::ALIGNMENT_MIN..=Limits::ALIGNMENT_MAX).contains(&alignment) {
            return bad("payload_alignment", alignment.into(), "a power of two from 8 to 64");
        }
        match self.row.store {
            Store::Lanes => self.check_lanes()?,
            Store::Slots => self.check_slots()?,
            Store::Value => self.check_value()?,
            Store::Frames => self.check_frames()?,
            Store::Permits => self.check_permits()?,
            Store::Event => self.check_event()?,
        }
        if self.row.store != Store::Frames {
            check("max_response", self.max_response, 0, 0)?;
        }
        self.check_seats()?;
        self.offsets().ok_or(GeometryError {
            field: "total",
            found: u64::MAX,
            wanted: "a file below 2^63 bytes".into(),
        })
    }

    fn check_seats(&self) -> Result<(), GeometryError> {
        let KindRow { senders, receivers, .. } = self.row;
        let check = |field, found: u32, max: u32, most: u32| {
            if (max.min(1)..=max).contains(&found) {
                return Ok(());
            }
            let wanted = match most {
                0 | 1 => most.to_string(),
                _ => format!("1 to {max}: at most {} senders and receivers together", Limits::SEATS_MAX),
            };
            Err(GeometryError { field, found: found.into(), wanted })
        };
        check("senders", self.senders, senders.max, senders.max)?;
        let left = Limits::SEATS_MAX.saturating_sub(self.senders);
        check("receivers", self.receivers, receivers.max.min(left), receivers.max)?;
        let gates = u64::from(self.lanes()).saturating_mul(self.receivers.into());
        if gates > Limits::GATES_MAX {
            let wanted = format!(
                "{} at most beside {} senders",
                Limits::GATES_MAX.checked_div(self.lanes().into()).unwrap_or(0),
                self.senders
            );
            return Err(GeometryError { field: "receivers", found: self.receivers.into(), wanted });
        }
        Ok(())
    }

    fn check_slots(&self) -> Result<(), GeometryError> {
        self.check_no_ring()?;
        check("slots", self.slots.into(), 1, Limits::SLOTS_MAX.into())?;
        check("priorities", self.priorities.into(), 1, Limits::PRIORITIES_MAX.into())?;
        check("max_message", self.max_message, 0, Limits::SLOT_MESSAGE_MAX)
    }

    fn check_frames(&self) -> Result<(), GeometryError> {
        self.check_no_ring()?;
        check("slots", self.slots.into(), 1, Limits::SLOTS_MAX.into())?;
        check("priorities", self.priorities.into(), 1, 1)?;
        check("max_message", self.max_message, 0, Limits::SLOT_MESSAGE_MAX)?;
        check("max_response", self.max_response, 0, Limits::SLOT_MESSAGE_MAX)
    }

    fn check_value(&self) -> Result<(), GeometryError> {
        self.check_no_ring()?;
        check("max_message", self.max_message, 0, Limits::SLOT_MESSAGE_MAX)?;
        let slots = Self::value_slots(self.max_message).into();
        check("slots", self.slots.into(), slots, slots)?;
        check("priorities", self.priorities.into(), 0, 0)
    }

    fn check_permits(&self) -> Result<(), GeometryError> {
        check("permits", self.capacity, 0, PoolWord::COUNT_MAX)?;
        check("record_alignment", self.record_alignment.into(), 0, 0)?;
        check("max_message", self.max_message, 0, 0)?;
        check("max_held", self.slots.into(), 1, PoolWord::PLACES_MAX)?;
        check("priorities", self.priorities.into(), 0, 0)
    }

    fn check_event(&self) -> Result<(), GeometryError> {
        self.check_no_ring()?;
        check("max_message", self.max_message, 0, 0)?;
        check("slots", self.slots.into(), 0, 0)?;
        check("priorities", self.priorities.into(), 0, 0)
    }

    /// There are no rings of bytes.
    fn check_no_ring(&self) -> Result<(), GeometryError> {
        check("capacity", self.capacity, 0, 0)?;
        check("record_alignment", self.record_alignment.into(), 0, 0)
    }

    fn check_lanes(&self) -> Result<(), GeometryError> {
        let bad = |field, found, wanted: &str| Err(GeometryError { field, found, wanted: wanted.to_owned() });
        if self.slots != 0 {
            return bad("slots", self.slots.into(), "0");
        }
        if self.priorities != 0 {
            return bad("priorities", self.priorities.into(), "0");
        }
        if !self.capacity.is_power_of_two() || !(Limits::CAPACITY_MIN..=Limits::CAPACITY_MAX).contains(&self.capacity) {
            return bad("capacity", self.capacity, "a power of two from 4096 to 2147483648");
        }
        let (records, payloads) = (self.record_alignment, self.payload_alignment);
        if !records.is_power_of_two() || !(payloads..=Limits::RECORD_ALIGNMENT_MAX).contains(&records) {
            let wanted = match payloads {
                Limits::ALIGNMENT_MIN => "a power of two from 8 to 128".to_owned(),
                _ => format!("a power of two from {payloads}, the payload_alignment, to 128"),
            };
            return bad("record_alignment", records.into(), &wanted);
        }
        let largest = Self::largest_message(self.capacity, payloads, records);
        if self.max_message > largest {
            return bad("max_message", self.max_message, &format!("at most 7/16 of the capacity ({largest})"));
        }
        Ok(())
    }

    fn offsets(&self) -> Option<Map> {
        let array = |size: usize, count: u32| (size as u64).checked_mul(count.into());
        let participants_at = HEADER_BYTES;
        let control_at = participants_at.checked_add(array(size_of::<ParticipantRow>(), self.participants())?)?;
        let control_end = control_at.checked_add(size_of::<ChannelControl>() as u64)?;
        let (news_at, lanes_at) = match self.row.has_several_lanes() {
            true => (control_end, control_end.checked_add(size_of::<NewsControl>() as u64)?),
            false => (0, control_end),
        };
        let gates_at = lanes_at.checked_add(array(size_of::<LaneControl>(), self.lanes())?)?;
        let gates = self.lanes().checked_mul(self.receivers)?;
        let gates_end = gates_at.checked_add(array(size_of::<Gate>(), gates)?)?;
        let (mut queue_at, mut cells_at, mut words_end) = (0, 0, gates_end);
        let control = match self.row.store {
            Store::Value => size_of::<ValueControl>(),
            Store::Permits => size_of::<PermitControl>(),
            Store::Event => size_of::<EventControl>(),
            Store::Lanes | Store::Slots | Store::Frames => 0,
        };
        if control > 0 {
            queue_at = gates_end;
            words_end = queue_at.checked_add(control as u64)?;
        }
        if self.row.has_cells() {
            queue_at = gates_end;
            let rings_at = queue_at.checked_add(size_of::<QueueControl>() as u64)?;
            cells_at = rings_at.checked_add(array(size_of::<RingControl>(), self.priorities.into())?)?;
            let cells = self.cells().checked_mul(self.priorities.into())?;
            words_end = cells_at.checked_add(cells.checked_mul(8)?)?;
        }
        let data_at = words_end.checked_next_multiple_of(PAGE)?;
        let lanes = self.capacity.checked_mul(self.lanes().into())?;
        let slots = self.slot_bytes().checked_mul(self.slots.into())?;
        let total = data_at.checked_add(lanes)?.checked_add(slots)?;
        i64::try_from(total).ok()?;
        Some(Map { participants_at, control_at, news_at, lanes_at, gates_at, queue_at, cells_at, data_at, total })
    }
}

/// Refuses a number that is not from `min` to `max`.
fn check(field: &'static str, found: u64, min: u64, max: u64) -> Result<(), GeometryError> {
    if (min..=max).contains(&found) {
        return Ok(());
    }
    let wanted = if min == max { min.to_string() } else { format!("{min} to {max}") };
    Err(GeometryError { field, found, wanted })
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    const DEFAULT: Geometry = Geometry {
        row: Kind::Spsc.row(),
        senders: 1,
        receivers: 1,
        capacity: 1 << 20,
        max_message: 1000,
        payload_alignment: 8,
        record_alignment: 8,
        slots: 0,
        priorities: 0,
        max_response: 0,
        repeats: false,
    };

    const SLOTS: Geometry = Geometry {
        row: Kind::Mpmc.row(),
        senders: 2,
        receivers: 3,
        capacity: 0,
        max_message: 48,
        record_alignment: 0,
        slots: 100,
        priorities: 2,
        ..DEFAULT
    };

    #[test]
    fn an_answer_stands_where_the_request_stood_unless_that_is_kept() {
        let frames = Geometry { row: Kind::Rpc.row(), max_message: 20, max_response: 100, priorities: 1, ..SLOTS };
        assert!(frames.map().is_ok());
        assert_eq!((frames.slot_payload_at(), frames.answer_at(), frames.slot_bytes()), (32, 32, 192));
        let kept = Geometry { repeats: true, ..frames };
        assert_eq!((kept.slot_payload_at(), kept.answer_at(), kept.slot_bytes()), (32, 56, 192));
        let small = Geometry { max_message: 16, max_response: 16, ..kept };
        assert_eq!(small.slot_bytes(), 64, "both fit into one line");
        let field = |geometry: Geometry| geometry.map().unwrap_err().field;
        assert_eq!(field(Geometry { max_response: (1 << 30) + 1, ..frames }), "max_response");
        assert_eq!(field(Geometry { priorities: 2, ..frames }), "priorities");
        assert_eq!(field(Geometry { max_response: 1, ..SLOTS }), "max_response");
    }

    #[test]
    fn several_lanes_have_their_news_between_the_channels_words_and_theirs() {
        let geometry = Geometry { row: Kind::Mpsc.row(), senders: 1000, receivers: 1, ..DEFAULT };
        let map = geometry.map().unwrap();
        assert_eq!(map.control_at, 4096 + 1001 * 256);
        assert_eq!(map.news_at, map.control_at + 384);
        assert_eq!(map.lanes_at, map.news_at + 512);
        assert_eq!(map.gates_at, map.lanes_at + 1000 * 512);
        assert_eq!(map.data_at, (map.gates_at + 1000 * 128).next_multiple_of(4096));
        assert_eq!(map.total, map.data_at + (1000 << 20));
        let alone = Geometry { senders: 1, ..geometry }.map().unwrap();
        assert_eq!(alone.lanes_at, alone.news_at + 512, "the kind decides, whatever a channel of it has");
        assert_eq!([DEFAULT, SLOTS].map(|geometry| geometry.map().unwrap().news_at), [0, 0], "others have none");
    }

    #[test]
    fn parts_follow_each_other_without_overlap() {
        let map = DEFAULT.map().unwrap();
        assert_eq!(map.participants_at, 4096);
        assert_eq!(map.control_at, 4096 + 2 * 256);
        assert_eq!(map.lanes_at, map.control_at + 384);
        assert_eq!(map.gates_at, map.lanes_at + 512);
        assert_eq!(map.data_at, 8192);
        assert_eq!(map.total, 8192 + (1 << 20));
    }

    #[test]
    fn a_queue_has_its_rings_and_slots_and_no_lanes() {
        let map = SLOTS.map().unwrap();
        assert_eq!(map.lanes_at, map.control_at + 384);
        assert_eq!((map.gates_at, map.queue_at), (map.lanes_at, map.lanes_at));
        assert_eq!(map.cells_at, map.queue_at + 256 + 2 * 256);
        assert_eq!(map.data_at, (map.cells_at + 2 * 128 * 8).next_multiple_of(4096));
        assert_eq!(map.total, map.data_at + 100 * 64, "48 bytes, with word and header, are one line");
        assert_eq!(Geometry { max_message: 49, ..SLOTS }.slot_bytes(), 128);
        assert_eq!(Geometry { payload_alignment: 64, ..SLOTS }.slot_payload_at(), 64);
    }

    #[test]
    fn a_value_has_its_root_and_slots_for_some_versions() {
        let geometry = Geometry { row: Kind::Watch.row(), senders: 1, receivers: 3, slots: 16, priorities: 0, ..SLOTS };
        let map = geometry.map().unwrap();
        assert_eq!((map.lanes_at, map.queue_at, map.cells_at), (map.control_at + 384, map.control_at + 384, 0));
        assert_eq!(map.data_at, (map.queue_at + 128).next_multiple_of(4096));
        assert_eq!(map.total, map.data_at + 16 * 64, "48 bytes, with sequence and length, are one line");
        for (max_message, slots) in [(4096, 16), (4097, 8), (65_536, 8), (65_537, 4), (1 << 30, 4)] {
            assert_eq!(Geometry::value_slots(max_message), slots, "{max_message}");
        }
        let field = |geometry: Geometry| geometry.map().unwrap_err().field;
        assert_eq!(field(Geometry { slots: 8, ..geometry }), "slots");
        assert_eq!(field(Geometry { max_message: 4097, ..geometry }), "slots");
        assert_eq!(field(Geometry { max_message: (1 << 30) + 1, ..geometry }), "max_message");
        assert_eq!(field(Geometry { priorities: 1, ..geometry }), "priorities");
        assert_eq!(field(Geometry { capacity: 4096, ..geometry }), "capacity");
        assert_eq!(field(Geometry { record_alignment: 8, ..geometry }), "record_alignment");
        assert_eq!(field(Geometry { senders: 2, ..geometry }), "senders");
    }

    #[test]
    fn lanes_begin_at_different_places_of_their_rings() {
        let geometry = Geometry { row: Kind::Mpsc.row(), senders: 1023, capacity: 4096, ..DEFAULT };
        let starts = [0, 1, 2, 21, 22, 64].map(|lane| geometry.lane_start(lane));
        assert_eq!(starts, [0, 192, 384, 4032, 128, 0], "l × 192 mod capacity");
        let places: std::collections::BTreeSet<_> = (0..64).map(|lane| geometry.lane_start(lane)).collect();
        assert_eq!(places.len(), 64, "every line of the ring, in turn");
        let pairs = Geometry { record_alignment: 128, ..geometry };
        assert_eq!([0, 1, 2, 11].map(|lane| pairs.lane_start(lane)), [0, 384, 768, 128], "l × 384 mod capacity");
        let places: std::collections::BTreeSet<_> = (0..32).map(|lane| pairs.lane_start(lane)).collect();
        assert_eq!(places.len(), 32, "every pair of lines, in turn");
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let field = |geometry: Geometry| geometry.map().unwrap_err().field;
        assert_eq!(field(Geometry { capacity: 0, ..DEFAULT }), "capacity");
        assert_eq!(field(Geometry { capacity: 5000, ..DEFAULT }), "capacity");
        assert_eq!(field(Geometry { capacity: 1 << 32, ..DEFAULT }), "capacity");
        assert_eq!(field(Geometry { payload_alignment: 4, ..DEFAULT }), "payload_alignment");
        assert_eq!(field(Geometry { payload_alignment: 4096, ..DEFAULT }), "payload_alignment");
        assert_eq!(field(Geometry { max_message: 1 << 19, ..DEFAULT }), "max_message");
        for (payload_alignment, record_alignment) in [(8, 0), (8, 4), (8, 48), (8, 256), (16, 8), (64, 32)] {
            let geometry = Geometry { payload_alignment, record_alignment, ..DEFAULT };
            assert_eq!(field(geometry), "record_alignment", "{record_alignment} of {payload_alignment}");
        }
        assert_eq!(field(Geometry { record_alignment: 64, ..SLOTS }), "record_alignment");
        assert_eq!(field(Geometry { senders: 2, ..DEFAULT }), "senders");
        assert_eq!(field(Geometry { receivers: 0, ..DEFAULT }), "receivers");
        assert_eq!(field(Geometry { slots: 1, ..DEFAULT }), "slots");
        assert_eq!(field(Geometry { priorities: 1, ..DEFAULT }), "priorities");
        assert_eq!(field(Geometry { capacity: 4096, ..SLOTS }), "capacity");
        assert_eq!(field(Geometry { slots: 0, ..SLOTS }), "slots");
        assert_eq!(field(Geometry { slots: 65_537, ..SLOTS }), "slots");
        assert_eq!(field(Geometry { priorities: 9, ..SLOTS }), "priorities");
        assert_eq!(field(Geometry { max_message: (1 << 30) + 1, ..SLOTS }), "max_message");
        assert_eq!(field(Geometry { senders: 1024, ..SLOTS }), "senders");
        assert_eq!(field(Geometry { receivers: 1024, ..SLOTS }), "receivers");
        assert_eq!(field(Geometry { senders: 512, receivers: 513, ..SLOTS }), "receivers");
        for (senders, receivers) in [(512, 512), (1023, 1), (1, 1023)] {
            assert!(Geometry { senders, receivers, ..SLOTS }.map().is_ok(), "{senders} and {receivers}");
        }
        let wanted = Geometry { senders: 24, receivers: 1001, ..SLOTS }.map().unwrap_err().wanted;
        assert_eq!(wanted, "1 to 1000: at most 1024 senders and receivers together");
        assert_eq!(field(Geometry { receivers: 0, ..SLOTS }), "receivers");
        assert_eq!(field(Geometry { payload_alignment: 12, ..SLOTS }), "payload_alignment");
    }

    #[test]
    fn the_smallest_capacity_takes_the_message() {
        for message in [0, 1, 1784, 1785, 42_112, 1 << 20, (896 << 20) - 8] {
            for (payloads, records) in [(8, 8), (8, 64), (8, 128), (32, 64)] {
                let capacity = Geometry::smallest_capacity(message, payloads, records);
                let Some(capacity) = capacity else {
                    assert!(Geometry::largest_message(Limits::CAPACITY_MAX, payloads, records) < message);
                    continue;
                };
                let largest = |capacity| Geometry::largest_message(capacity, payloads, records);
                assert!(largest(capacity) >= message);
                assert!(capacity == Limits::CAPACITY_MIN || largest(capacity / 2) < message);
            }
        }
        assert_eq!(Geometry::smallest_capacity(1 << 31, 8, 8), None);
    }
}
