//! From the options of a channel to the offsets of its parts, with every product and sum checked.

use super::{ChannelControl, Gate, HEADER_BYTES, Kind, LaneControl, PAGE, ParticipantRow, RecordHeader};

/// The numbers that shape a channel. Private to each process once read; never read from the file again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// What the channel is.
    pub kind: Kind,
    /// Seats for senders; they have rows `0..senders` and one lane each.
    pub senders: u32,
    /// Seats for receivers; they have the rows behind the senders'.
    pub receivers: u32,
    /// Ring bytes per lane, a power of two.
    pub capacity: u64,
    /// Largest message in bytes.
    pub max_message: u64,
    /// Alignment of every payload in bytes, a power of two from 8.
    pub payload_alignment: u32,
}

/// Documented limits.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Smallest ring of a lane in bytes.
    pub const CAPACITY_MIN: u64 = PAGE;
    /// Largest ring of a lane in bytes: 2 GiB (see [`super::record`] for the reason).
    pub const CAPACITY_MAX: u64 = 1 << 31;
    /// Largest payload alignment in bytes.
    pub const ALIGNMENT_MAX: u32 = 64;
}

/// Where everything stands, in bytes from the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    /// The participant table.
    pub participants_at: u64,
    /// [`ChannelControl`].
    pub control_at: u64,
    /// [`LaneControl`] × lanes.
    pub lanes_at: u64,
    /// [`Gate`] × lanes × receivers.
    pub gates_at: u64,
    /// Ring × lanes.
    pub data_at: u64,
    /// Length of the file.
    pub total: u64,
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
    /// Rows of the participant table.
    pub fn participants(&self) -> u32 {
        self.senders + self.receivers
    }

    /// Lanes: one per sender.
    pub fn lanes(&self) -> u32 {
        self.senders
    }

    /// The largest message that a ring of `capacity` bytes can always take, in bytes.
    ///
    /// A record (header and padded payload) may fill 7/16 of the ring: it may need as much again in padding to start at
    /// the ring's beginning, and the reader's published position may lag by 1/8. With larger records an almost empty
    /// ring could refuse one for ever.
    pub fn largest_message(capacity: u64, payload_alignment: u32) -> u64 {
        let header = u64::from(payload_alignment).max(RecordHeader::BYTES);
        ((capacity / 16 * 7) & !(header - 1)) - header
    }

    /// The smallest ring that can always take a message of `max_message` bytes; `None` beyond the limits.
    pub fn smallest_capacity(max_message: u64, payload_alignment: u32) -> Option<u64> {
        let mut capacity = Limits::CAPACITY_MIN;
        while Self::largest_message(capacity, payload_alignment) < max_message {
            capacity = capacity.checked_mul(2).filter(|&c| c <= Limits::CAPACITY_MAX)?;
        }
        Some(capacity)
    }

    /// Checks every number and computes the offsets.
    pub fn map(&self) -> Result<Map, GeometryError> {
        let bad = |field, found, wanted: &str| Err(GeometryError { field, found, wanted: wanted.to_owned() });
        if !self.capacity.is_power_of_two() || !(Limits::CAPACITY_MIN..=Limits::CAPACITY_MAX).contains(&self.capacity) {
            return bad("capacity", self.capacity, "a power of two from 4096 to 2147483648");
        }
        let alignment = self.payload_alignment;
        if !alignment.is_power_of_two() || !(8..=Limits::ALIGNMENT_MAX).contains(&alignment) {
            return bad("payload_alignment", alignment.into(), "a power of two from 8 to 64");
        }
        let largest = Self::largest_message(self.capacity, alignment);
        if self.max_message > largest {
            return bad("max_message", self.max_message, &format!("at most 7/16 of the capacity ({largest})"));
        }
        let (senders_wanted, receivers_wanted) = match self.kind {
            Kind::Spsc => (1..=1, 1..=1),
        };
        if !senders_wanted.contains(&self.senders) {
            return bad("senders", self.senders.into(), &format!("{senders_wanted:?}"));
        }
        if !receivers_wanted.contains(&self.receivers) {
            return bad("receivers", self.receivers.into(), &format!("{receivers_wanted:?}"));
        }
        self.offsets().ok_or(GeometryError {
            field: "total",
            found: u64::MAX,
            wanted: "a file below 2^63 bytes".into(),
        })
    }

    fn offsets(&self) -> Option<Map> {
        let array = |size: usize, count: u32| (size as u64).checked_mul(count.into());
        let participants_at = HEADER_BYTES;
        let control_at = participants_at.checked_add(array(size_of::<ParticipantRow>(), self.participants())?)?;
        let lanes_at = control_at.checked_add(size_of::<ChannelControl>() as u64)?;
        let gates_at = lanes_at.checked_add(array(size_of::<LaneControl>(), self.lanes())?)?;
        let gates = self.lanes().checked_mul(self.receivers)?;
        let control_end = gates_at.checked_add(array(size_of::<Gate>(), gates)?)?;
        let data_at = control_end.checked_next_multiple_of(PAGE)?;
        let total = data_at.checked_add(self.capacity.checked_mul(self.lanes().into())?)?;
        i64::try_from(total).ok()?;
        Some(Map { participants_at, control_at, lanes_at, gates_at, data_at, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Geometry = Geometry {
        kind: Kind::Spsc,
        senders: 1,
        receivers: 1,
        capacity: 1 << 20,
        max_message: 1000,
        payload_alignment: 8,
    };

    #[test]
    fn parts_follow_each_other_without_overlap() {
        let map = DEFAULT.map().unwrap();
        assert_eq!(map.participants_at, 4096);
        assert_eq!(map.control_at, 4096 + 2 * 256);
        assert_eq!(map.lanes_at, map.control_at + 256);
        assert_eq!(map.gates_at, map.lanes_at + 512);
        assert_eq!(map.data_at, 8192);
        assert_eq!(map.total, 8192 + (1 << 20));
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
        assert_eq!(field(Geometry { senders: 2, ..DEFAULT }), "senders");
        assert_eq!(field(Geometry { receivers: 0, ..DEFAULT }), "receivers");
    }

    #[test]
    fn the_smallest_capacity_takes_the_message() {
        for message in [0, 1, 1784, 1785, 42_112, 1 << 20, (896 << 20) - 8] {
            let capacity = Geometry::smallest_capacity(message, 8).unwrap();
            assert!(Geometry::largest_message(capacity, 8) >= message);
            assert!(capacity == Limits::CAPACITY_MIN || Geometry::largest_message(capacity / 2, 8) < message);
        }
        assert_eq!(Geometry::smallest_capacity(1 << 31, 8), None);
    }
}
