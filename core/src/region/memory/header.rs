//! Building the header page, and checking every field of one that was read.

use crate::error::{NotAChannel, OpenError};
use crate::layout::{
    Backend, CLibrary, FenceMode, Geometry, HEADER_BYTES, HeaderBlock, Kind, MAGIC, Map, MessageType, NAME_MAX,
    OPTION_DISCARD, OPTION_PERSISTENT, OPTION_REPEAT, Policy, TypeForm, VERSION, Version,
};
use crate::region::sys;
use std::io;
use zerocopy::{FromBytes, FromZeros};

/// What a header says, validated, in private memory.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) geometry: Geometry,
    pub(crate) map: Map,
    pub(crate) fence: FenceMode,
    pub(crate) backend: Backend,
    /// The C library whose semaphores these are, and their size; `None` with futexes.
    pub(crate) semaphores: Option<SemaphoreKind>,
    pub(crate) persistent: bool,
    pub(crate) redelivery: Redelivery,
    /// What a broadcast's sender does where a receiver lags.
    pub(crate) policy: Policy,
    pub(crate) instance: [u8; 16],
    pub(crate) boot: [u8; 16],
    pub(crate) created_unix_ns: u64,
    pub(crate) creator_pid: u32,
    /// The inode number of the lock file; 0: there is none.
    pub(crate) lock_inode: u64,
    pub(crate) message_type: MessageType,
}

/// Which semaphores a channel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SemaphoreKind {
    pub(crate) library: CLibrary,
    /// Bytes of one.
    pub(crate) bytes: u32,
}

impl SemaphoreKind {
    /// Those of this program's C library.
    pub(in crate::region) const OURS: Self = Self { library: sys::C_LIBRARY, bytes: sys::SEMAPHORE_BYTES };

    /// Those of a header with this backend.
    fn of(block: &HeaderBlock, backend: Backend) -> Result<Option<Self>, (&'static str, u32, &'static str)> {
        match (backend, block.semaphore_bytes, CLibrary::from_code(block.c_library)) {
            (Backend::Futex, 0, None) if block.c_library == 0 => Ok(None),
            (Backend::Futex, 0, _) => Err(("c_library", block.c_library, "0")),
            (Backend::Futex, bytes, _) => Err(("semaphore_bytes", bytes, "0")),
            (Backend::Semaphore, 0, _) => Err(("semaphore_bytes", 0, "the size of a semaphore")),
            (Backend::Semaphore, bytes, Some(library)) => Ok(Some(Self { library, bytes })),
            (Backend::Semaphore, _, None) => {
                Err(("c_library", block.c_library, "1 (glibc), 2 (musl) or 3 (another C library)"))
            }
        }
    }
}

impl std::fmt::Display for SemaphoreKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}, of {} bytes", self.library.name(), self.bytes)
    }
}

/// What becomes of messages that were delivered and not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Redelivery {
    /// What a dead receiver held is gone.
    pub(crate) discard_on_death: bool,
    /// A message that was delivered so often in vain is given up; 0: never.
    pub(crate) limit: u16,
}

/// The boot id of a region that no reboot leaves behind: memory without a name.
pub(in crate::region) const NO_BOOT: [u8; 16] = [0; 16];

impl Facts {
    /// The header page's immutable block. Its magic is left out: publishing that is the last step of creation.
    pub(in crate::region) fn to_block(&self) -> HeaderBlock {
        let mut block = HeaderBlock::new_zeroed();
        block.magic = MAGIC;
        block.major = VERSION.major;
        block.minor = VERSION.minor;
        block.kind = self.geometry.row.code;
        block.backend = self.backend.code();
        block.fence = self.fence.code();
        block.instance = self.instance;
        block.boot = self.boot;
        block.created_unix_ns = self.created_unix_ns;
        block.total_bytes = self.map.total;
        block.options = if self.persistent { OPTION_PERSISTENT } else { 0 };
        block.options |= if self.redelivery.discard_on_death { OPTION_DISCARD } else { 0 };
        block.options |= self.policy.option_bits();
        block.options |= if self.geometry.repeats { OPTION_REPEAT } else { 0 };
        block.capacity = self.geometry.capacity;
        block.max_message = self.geometry.max_message;
        block.participants = self.geometry.participants();
        block.senders = self.geometry.senders;
        block.receivers = self.geometry.receivers;
        block.lanes = self.geometry.lanes();
        block.payload_alignment = self.geometry.payload_alignment;
        block.record_alignment = self.geometry.record_alignment;
        block.creator_pid = self.creator_pid;
        block.lock_inode = self.lock_inode;
        block.participants_at = self.map.participants_at;
        block.control_at = self.map.control_at;
        block.news_at = self.map.news_at;
        block.lanes_at = self.map.lanes_at;
        block.gates_at = self.map.gates_at;
        block.data_at = self.map.data_at;
        block.slots = self.geometry.slots;
        block.priorities = self.geometry.priorities;
        block.max_response = self.geometry.max_response as u32;
        block.delivery_limit = self.redelivery.limit;
        block.queue_at = self.map.queue_at;
        block.cells_at = self.map.cells_at;
        block.semaphore_bytes = self.semaphores.map_or(0, |semaphores| semaphores.bytes);
        block.c_library = self.semaphores.map_or(0, |semaphores| semaphores.library.code());
        block.type_hash = self.message_type.hash;
        block.type_size = self.message_type.size;
        block.type_alignment = self.message_type.alignment;
        block.type_name_bytes = self.message_type.name_bytes;
        block.type_form = self.message_type.form.code();
        let name = self.message_type.name.as_bytes();
        block.type_name[..name.len()].copy_from_slice(name);
        block.crc = block.checksum();
        block
    }
}

/// The message type that a header tells, if what it tells fits together. Form, size and alignment of a name that is not kept as a
/// whole cannot be checked: they are for people.
fn message_type(block: &HeaderBlock) -> Result<MessageType, (&'static str, String, String)> {
    let name_bytes = block.type_name_bytes;
    if name_bytes as usize > NAME_MAX {
        return Err(("type_name_bytes", name_bytes.to_string(), format!("at most {NAME_MAX}")));
    }
    let used = block.type_name.iter().rposition(|&byte| byte != 0).map_or(0, |last| last.saturating_add(1));
    let kept = &block.type_name[..used];
    let bad_name = || {
        Err((
            "type name",
            format!("{:?}", kept.escape_ascii().to_string()),
            "a text that fits its length and hash".to_owned(),
        ))
    };
    let Some(name) = std::str::from_utf8(kept).ok().filter(|name| !name.contains('\0')) else { return bad_name() };
    let found = MessageType {
        name: name.to_owned(),
        name_bytes,
        hash: block.type_hash,
        form: TypeForm::from_code(block.type_form)
            .ok_or_else(|| ("type_form", block.type_form.to_string(), "a form that this version knows".to_owned()))?,
        size: block.type_size,
        alignment: block.type_alignment,
    };
    if !found.is_whole() {
        let is_cut = name_bytes as usize > block.type_name.len() && used > block.type_name.len().saturating_sub(4);
        return if is_cut { Ok(found) } else { bad_name() };
    }
    let said = MessageType::of(name);
    let stored_and_said = [
        ("type_form", found.form.code(), said.form.code()),
        ("type_size", found.size, said.size),
        ("type_alignment", found.alignment, said.alignment),
    ];
    match stored_and_said.into_iter().find(|(_, stored, said)| stored != said) {
        _ if found.hash != said.hash => bad_name(),
        Some((field, stored, said)) => Err((field, stored.to_string(), format!("{said}, as the type's name says"))),
        None => Ok(found),
    }
}

/// Reads the header of a file of `length` bytes, of which `start` are the first, and checks every field of it.
pub(in crate::region) fn parse(channel: &str, start: &[u8], length: u64) -> Result<Facts, OpenError> {
    let not_a_channel = |found| OpenError::NotAChannel { channel: channel.to_owned(), found };
    if length == 0 {
        return Err(not_a_channel(NotAChannel::Empty));
    }
    if !start.starts_with(&MAGIC) {
        return Err(not_a_channel(NotAChannel::Foreign));
    }
    let Ok((block, _)) = HeaderBlock::read_from_prefix(start) else {
        return Err(OpenError::Truncated { channel: channel.to_owned(), length, needed: HEADER_BYTES });
    };
    let found = Version { major: block.major, minor: block.minor };
    if found.major != VERSION.major || found.minor > VERSION.minor {
        return Err(OpenError::WrongVersion {
            channel: channel.to_owned(),
            found: found.to_string(),
            supported: VERSION.to_string(),
        });
    }
    let bad = |field, found: String, wanted: String| OpenError::BadHeader {
        channel: channel.to_owned(),
        field,
        found,
        wanted,
    };
    let checksum = block.checksum();
    if block.crc != checksum {
        return Err(bad("checksum", format!("{:#010x}", block.crc), format!("{checksum:#010x}")));
    }
    // The checksum holds, so what follows was written on purpose: by another version, another program, or an enemy.
    let Some(kind) = Kind::from_code(block.kind) else {
        return Err(OpenError::WrongKind {
            channel: channel.to_owned(),
            file: format!("number {}, unknown to this version", block.kind),
            ours: "one of the kinds of this version".to_owned(),
        });
    };
    let backend = Backend::from_code(block.backend)
        .ok_or_else(|| bad("wake backend", block.backend.to_string(), "1 (futex) or 2 (semaphore)".to_owned()))?;
    let semaphores = SemaphoreKind::of(&block, backend)
        .map_err(|(field, found, wanted)| bad(field, found.to_string(), wanted.to_owned()))?;
    let fence = FenceMode::from_code(block.fence)
        .ok_or_else(|| bad("fence mode", block.fence.to_string(), "1 (asymmetric) or 2 (symmetric)".to_owned()))?;
    let options = kind.row().options;
    if block.options & !options != 0 {
        return Err(bad("options", format!("{:#x}", block.options), format!("only bits of {options:#x}")));
    }
    let policy = Policy::from_options(block.options).ok_or_else(|| {
        bad("options", format!("{:#x}", block.options), "a policy that this version knows".to_owned())
    })?;
    if !kind.row().redelivers && block.delivery_limit != 0 {
        return Err(bad("delivery_limit", block.delivery_limit.to_string(), "0".to_owned()));
    }
    let geometry = Geometry {
        row: kind.row(),
        senders: block.senders,
        receivers: block.receivers,
        capacity: block.capacity,
        max_message: block.max_message,
        payload_alignment: block.payload_alignment,
        record_alignment: block.record_alignment,
        slots: block.slots,
        priorities: block.priorities,
        max_response: block.max_response.into(),
        repeats: block.options & OPTION_REPEAT != 0,
    };
    let map = geometry.map().map_err(|error| bad(error.field, error.found.to_string(), error.wanted))?;
    let stored_and_derived = [
        ("participants", block.participants.into(), geometry.participants().into()),
        ("lanes", block.lanes.into(), geometry.lanes().into()),
        ("participants_at", block.participants_at, map.participants_at),
        ("control_at", block.control_at, map.control_at),
        ("news_at", block.news_at, map.news_at),
        ("lanes_at", block.lanes_at, map.lanes_at),
        ("gates_at", block.gates_at, map.gates_at),
        ("queue_at", block.queue_at, map.queue_at),
        ("cells_at", block.cells_at, map.cells_at),
        ("data_at", block.data_at, map.data_at),
        ("total_bytes", block.total_bytes, map.total),
    ];
    for (field, stored, derived) in stored_and_derived {
        let (stored, derived): (u64, u64) = (stored, derived);
        if stored != derived {
            return Err(bad(field, stored.to_string(), derived.to_string()));
        }
    }
    if length < map.total {
        return Err(OpenError::Truncated { channel: channel.to_owned(), length, needed: map.total });
    }
    if length > map.total {
        return Err(bad("file length", length.to_string(), map.total.to_string()));
    }
    let message_type = message_type(&block).map_err(|(field, found, wanted)| bad(field, found, wanted))?;
    Ok(Facts {
        geometry,
        map,
        fence,
        backend,
        semaphores,
        persistent: block.options & OPTION_PERSISTENT != 0,
        redelivery: Redelivery { discard_on_death: block.options & OPTION_DISCARD != 0, limit: block.delivery_limit },
        policy,
        instance: block.instance,
        boot: block.boot,
        created_unix_ns: block.created_unix_ns,
        creator_pid: block.creator_pid,
        lock_inode: block.lock_inode,
        message_type,
    })
}

impl Facts {
    /// Whether the file was made since the kernel was started last, by its boot id. (A container may have a boot id of its own.)
    ///
    /// # Errors
    /// The boot id cannot be read, so that there is no telling.
    pub(in crate::region) fn is_of_this_boot(&self) -> io::Result<bool> {
        Ok(self.boot == NO_BOOT || sys::boot_id()? == self.boot)
    }

    /// The boot id in the file, as hexadecimal digits.
    pub(crate) fn boot_text(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.boot))
    }

    /// The instance id as hexadecimal digits.
    pub(crate) fn instance_text(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.instance))
    }
}
