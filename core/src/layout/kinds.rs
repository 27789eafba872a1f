//! The kinds of channels: one row of a table each.
//!
//! A row says what a kind is made of. The format, the region, liveness and the options ask the row, never which kind it is, so
//! a further kind with a store of these is a further row.

use super::header::{OPTION_DISCARD, OPTION_PERSISTENT, OPTION_POLICY, OPTION_REPEAT};
use super::row::Role;

/// What a channel is. By default, a channel is `spsc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Kind {
    /// One sender, one receiver, in order, lossless.
    #[default]
    Spsc,
    /// Many senders, many receivers, each message to one of these.
    Mpmc,
    /// Many senders, one receiver, in order per sender, lossless.
    Mpsc,
    /// One sender, many receivers, and the latest value instead of messages.
    Watch,
    /// One sender or several, many receivers, each message to all of them.
    Broadcast,
    /// Many clients, many servers, and calls with an answer each instead of messages. The clients have the seats of senders, and the servers
    /// those of receivers.
    Rpc,
    /// Permits, which come back when their owner dies, instead of messages.
    Semaphore,
    /// Bits that are set and waited for, and a count of how often any were set, instead of messages.
    Event,
}

/// Where a kind keeps its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In lanes: a ring of bytes for each sender's seat.
    Lanes,
    /// In slots of one size, whose numbers pass through rings of cells.
    Slots,
    /// There is one value, whose versions stand in slots of one size in turn.
    Value,
    /// In frames: slots in which a request is answered.
    Frames,
    /// There are no messages, but permits: some in places that name their owner, the others counted.
    Permits,
    /// There are no messages, but bits of one word.
    Event,
}

/// How many seats of a role there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// At most, however few the other role has.
    pub max: u32,
    /// If nobody chooses.
    pub default: u32,
}

/// What a kind is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindRow {
    /// Whose row it is.
    pub kind: Kind,
    /// Its number in the header. Never used again for another kind.
    pub code: u16,
    /// The name that people write.
    pub name: &'static str,
    /// Where its messages are.
    pub store: Store,
    /// Seats for senders.
    pub senders: Seats,
    /// Seats for receivers.
    pub receivers: Seats,
    /// Ring bytes of a lane if nobody chooses; 0 in kinds without lanes.
    pub capacity: u64,
    /// Largest message or value in bytes if nobody chooses, in kinds with slots; what a lane takes follows from its capacity.
    pub max_message: u64,
    /// Largest answer in bytes if nobody chooses; 0 in kinds without calls.
    pub max_response: u64,
    /// Words in front of a slot's payload; 0 in kinds without slots.
    pub words_per_slot: u64,
    /// Which bits of the header's options it knows.
    pub options: u64,
    /// Which options of a channel that is created it has, of those that not every kind has: by the names that errors give them.
    pub own_options: &'static [&'static str],
    /// Whether a message can come again, so that a limit on that means something.
    pub redelivers: bool,
    /// What to ask for where it does not fit, for people.
    pub smaller: &'static str,
}

/// No seats of this role: all participants have the other one.
const NONE: Seats = Seats { max: 0, default: 0 };

/// A role that has one seat.
const ONE: Seats = Seats { max: 1, default: 1 };

/// Every kind that this version knows, in the order of [`Kind`].
const ROWS: [KindRow; 8] = [
    KindRow {
        kind: Kind::Spsc,
        code: 1,
        name: "spsc",
        store: Store::Lanes,
        senders: ONE,
        receivers: ONE,
        capacity: 1 << 20,
        max_message: 0,
        max_response: 0,
        words_per_slot: 0,
        options: OPTION_PERSISTENT,
        own_options: &["capacity", "record_alignment"],
        redelivers: false,
        smaller: "a smaller capacity",
    },
    KindRow {
        kind: Kind::Mpmc,
        code: 2,
        name: "mpmc",
        store: Store::Slots,
        senders: Seats { max: 1023, default: 64 },
        receivers: Seats { max: 1023, default: 64 },
        capacity: 0,
        // Longer than most that people have, and slots of it are an odd number of lines, so that the words in front of them do
        // not share a few sets of a cache.
        max_message: 64_000,
        max_response: 0,
        words_per_slot: 2,
        options: OPTION_PERSISTENT | OPTION_DISCARD,
        own_options: &["slots", "priorities", "senders", "receivers", "on_death", "delivery_limit"],
        redelivers: true,
        smaller: "fewer slots or a smaller max_message",
    },
    KindRow {
        kind: Kind::Mpsc,
        code: 3,
        name: "mpsc",
        store: Store::Lanes,
        senders: Seats { max: 1023, default: 64 },
        receivers: ONE,
        capacity: 64 << 10,
        max_message: 0,
        max_response: 0,
        words_per_slot: 0,
        options: OPTION_PERSISTENT,
        own_options: &["capacity", "record_alignment", "senders"],
        redelivers: false,
        smaller: "a smaller capacity or fewer senders",
    },
    KindRow {
        kind: Kind::Watch,
        code: 4,
        name: "watch",
        store: Store::Value,
        senders: ONE,
        receivers: Seats { max: 1023, default: 64 },
        capacity: 0,
        max_message: 4096,
        max_response: 0,
        words_per_slot: 2,
        options: OPTION_PERSISTENT,
        own_options: &["receivers"],
        redelivers: false,
        smaller: "a smaller max_message",
    },
    KindRow {
        kind: Kind::Broadcast,
        code: 5,
        name: "broadcast",
        store: Store::Lanes,
        senders: Seats { max: 1023, default: 1 },
        receivers: Seats { max: 1023, default: 64 },
        capacity: 1 << 20,
        max_message: 0,
        max_response: 0,
        words_per_slot: 0,
        options: OPTION_PERSISTENT | OPTION_POLICY,
        own_options: &["capacity", "record_alignment", "senders", "receivers", "policy"],
        redelivers: false,
        smaller: "a smaller capacity, fewer senders or fewer receivers",
    },
    KindRow {
        kind: Kind::Rpc,
        code: 6,
        name: "rpc",
        store: Store::Frames,
        senders: Seats { max: 1023, default: 64 },
        receivers: Seats { max: 1023, default: 64 },
        capacity: 0,
        max_message: 1024,
        max_response: 1024,
        words_per_slot: 4,
        options: OPTION_PERSISTENT | OPTION_REPEAT,
        own_options: &["slots", "max_response", "retry", "senders", "receivers", "delivery_limit"],
        redelivers: true,
        smaller: "fewer frames, or a smaller max_request or max_response",
    },
    KindRow {
        kind: Kind::Semaphore,
        code: 7,
        name: "semaphore",
        store: Store::Permits,
        senders: NONE,
        receivers: Seats { max: 1024, default: 64 },
        // Here, of permits.
        capacity: 1,
        max_message: 0,
        max_response: 0,
        words_per_slot: 1,
        options: OPTION_PERSISTENT,
        own_options: &["receivers", "permits", "max_held"],
        redelivers: false,
        smaller: "fewer permits held at once",
    },
    KindRow {
        kind: Kind::Event,
        code: 8,
        name: "event",
        store: Store::Event,
        senders: NONE,
        receivers: Seats { max: 1024, default: 64 },
        capacity: 0,
        max_message: 0,
        max_response: 0,
        words_per_slot: 0,
        options: OPTION_PERSISTENT,
        own_options: &["receivers"],
        redelivers: false,
        smaller: "fewer participants",
    },
];

const _: () = {
    let mut index = 0;
    while index < ROWS.len() {
        // Numbers only grow. Those between two rows are of other versions.
        assert!(ROWS[index].kind as usize == index && (index == 0 || ROWS[index].code > ROWS[index - 1].code));
        index += 1;
    }
};

impl KindRow {
    /// Whether a channel of this kind can have several lanes, and so the words that tell what changed in which.
    pub(crate) fn has_several_lanes(&self) -> bool {
        self.store == Store::Lanes && self.senders.max > 1
    }

    /// Whether there are receivers without a seat, which write nothing.
    pub(crate) fn can_be_looked_at(&self) -> bool {
        self.is_broadcast() || self.store == Store::Value
    }

    /// Whether there are slots whose numbers pass through rings of cells.
    pub(crate) fn has_cells(&self) -> bool {
        matches!(self.store, Store::Slots | Store::Frames)
    }

    /// Whether every receiver gets every message, by a gate of its own.
    pub(crate) fn is_broadcast(&self) -> bool {
        self.store == Store::Lanes && self.receivers.max > 1
    }
}

impl Kind {
    /// Every kind that this version knows.
    pub const ALL: &[Self] = &{
        let mut all = [Self::Spsc; ROWS.len()];
        let mut index = 0;
        while index < ROWS.len() {
            all[index] = ROWS[index].kind;
            index += 1;
        }
        all
    };

    /// What it is made of.
    pub(crate) const fn row(self) -> &'static KindRow {
        &ROWS[self as usize]
    }

    /// The name that people write: in commands, and in what tools print.
    ///
    /// ```
    /// assert_eq!(memlane::Kind::Spsc.name(), "spsc");
    /// ```
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The kind of this name; `None` if this version knows none of it.
    ///
    /// ```
    /// use memlane::Kind;
    /// assert_eq!(Kind::from_name("mpmc"), Some(Kind::Mpmc));
    /// assert_eq!(Kind::from_name("pipe"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Its number, in a file's header and in the C interface. No other kind ever has it.
    ///
    /// ```
    /// assert_eq!(memlane::Kind::Spsc.code(), 1);
    /// ```
    pub fn code(self) -> u16 {
        self.row().code
    }

    /// The kind of this number, if this version knows it.
    ///
    /// ```
    /// use memlane::Kind;
    /// assert_eq!(Kind::from_code(Kind::Mpmc.code()), Some(Kind::Mpmc));
    /// assert_eq!(Kind::from_code(9999), None);
    /// ```
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// Whether channels of this kind have this option, of those that not every kind has: `capacity`, `record_alignment`, `slots`,
    /// `priorities`, `senders`, `receivers`, `on_death`, `delivery_limit`, `policy`, `max_response`, `retry`, `permits`, `max_held`. An option that a kind does not have is refused when a channel
    /// is created or opened: [`CreateError::NoSuchOption`](crate::error::CreateError::NoSuchOption).
    ///
    /// ```
    /// use memlane::Kind;
    /// assert!(Kind::Mpmc.has_option("slots") && !Kind::Spsc.has_option("slots"));
    /// ```
    pub fn has_option(self, name: &str) -> bool {
        self.row().own_options.contains(&name)
    }

    /// How many participants of this role a channel of this kind can have at most.
    ///
    /// ```
    /// use memlane::{Kind, Role};
    /// assert_eq!((Kind::Spsc.max_seats(Role::Receiver), Kind::Mpmc.max_seats(Role::Receiver)), (1, 1023));
    /// ```
    pub fn max_seats(self, role: Role) -> usize {
        let row = self.row();
        let seats = match role {
            Role::Sender => row.senders,
            Role::Receiver => row.receivers,
        };
        seats.max as usize
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
