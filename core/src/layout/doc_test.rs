//! `docs/layout.md` and the structs say the same. Fails when either side changes alone.

#[path = "../../tests/support/layout.rs"]
#[allow(dead_code, reason = "the integration tests use the rest of it")]
mod page;

use super::{
    Backend, Caller, Cell, ChannelControl, EventControl, EventWord, FenceMode, FrameState, FrameWord, Gate,
    HEADER_BYTES, HeaderBlock, Kind, LaneControl, MAGIC, NewsControl, OPTION_PERSISTENT, ParticipantRow,
    ParticipantState, PermitControl, PermitState, PermitWord, Policy, PoolWord, QueueControl, RecordHeader, RecordKind,
    RingControl, Role, RowIndex, RowState, STATUS_AT, SlotHeader, SlotState, SlotWord, Status, StatusCell, TypeForm,
    VERSION, ValueControl,
};
use crate::error::Corruption;
use page::{Field, RESERVED, rows, structure, structures};
use std::mem::offset_of;

/// The fields of a struct: those that are public by name, as the page lists them.
macro_rules! fields_of {
    ($name:ident: $($field:ident)*) => {
        vec![$(Field {
            name: stringify!($field).to_owned(),
            offset: offset_of!($name, $field),
            bytes: size_of_field(|value: &$name| &value.$field),
        }),*]
    };
}

fn size_of_field<S, F>(_: impl Fn(&S) -> &F) -> usize {
    size_of::<F>()
}

/// The fields of `pub struct name` in a source text: name, or `None` for a private one.
fn fields_in(source: &str, name: &str) -> Vec<Option<String>> {
    let body = source.split(&format!("pub struct {name} {{")).nth(1).expect("the struct").split("\n}").next().unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines
        .map(|line| {
            let (field, _) = line.split_once(':').expect("a field");
            field.strip_prefix("pub ").map(str::to_owned)
        })
        .collect()
}

#[test]
fn every_struct_is_on_the_page_with_every_field_at_its_place() {
    let (header, participant) = (include_str!("header.rs"), include_str!("participant.rs"));
    let (lane, queue) = (include_str!("lane.rs"), include_str!("queue.rs"));
    let signalling = include_str!("signalling.rs");
    let listed = [
        (
            "HeaderBlock",
            header,
            size_of::<HeaderBlock>(),
            fields_of!(HeaderBlock:
                magic major minor kind backend fence instance boot created_unix_ns total_bytes options capacity
                max_message participants senders receivers lanes payload_alignment creator_pid participants_at
                control_at lanes_at gates_at data_at type_hash type_size type_alignment type_name_bytes type_form slots
                priorities delivery_limit queue_at cells_at semaphore_bytes c_library lock_inode news_at
                record_alignment type_name max_response reserved crc
            ),
        ),
        ("StatusCell", header, size_of::<StatusCell>(), fields_of!(StatusCell: word)),
        (
            "ParticipantRow",
            participant,
            size_of::<ParticipantRow>(),
            fields_of!(ParticipantRow:
                state pid started_unix_ns pid_namespace name semaphore messages bytes full empty parks wakes lost
                redelivered reaped held_messages held_bytes held_wakes
                left_unix_ns handed
            ),
        ),
        (
            "ChannelControl",
            lane,
            size_of::<ChannelControl>(),
            fields_of!(ChannelControl: data membership arrivals blocks probed_unix_ns population digest duties calls sleepers sleepers_for_all),
        ),
        (
            "NewsControl",
            include_str!("news.rs"),
            size_of::<NewsControl>(),
            fields_of!(NewsControl: changes ready membership_of_senders membership_of_receivers),
        ),
        (
            "LaneControl",
            lane,
            size_of::<LaneControl>(),
            fields_of!(LaneControl: committed count reserved space blocker joins boundaries),
        ),
        ("Gate", lane, size_of::<Gate>(), fields_of!(Gate: consumed next)),
        (
            "QueueControl",
            queue,
            size_of::<QueueControl>(),
            fields_of!(QueueControl: space dead_letters discarded returned searched),
        ),
        ("RingControl", queue, size_of::<RingControl>(), fields_of!(RingControl: head tail)),
        ("ValueControl", include_str!("value.rs"), size_of::<ValueControl>(), fields_of!(ValueControl: root)),
        ("PermitControl", signalling, size_of::<PermitControl>(), fields_of!(PermitControl: pool)),
        ("EventControl", signalling, size_of::<EventControl>(), fields_of!(EventControl: word)),
    ];
    let on_the_page: Vec<_> = structures().iter().map(|structure| structure.name.as_str()).collect();
    assert_eq!(on_the_page, listed.each_ref().map(|(name, ..)| *name));
    for (name, source, bytes, fields) in listed {
        let documented = structure(name);
        assert_eq!(documented.bytes, bytes, "size of {name}");
        let named: Vec<_> = documented.fields.iter().filter(|field| field.name != RESERVED).cloned().collect();
        assert_eq!(named, fields, "fields of {name}");
        let order: Vec<_> =
            documented.fields.iter().map(|field| (field.name != RESERVED).then(|| field.name.clone())).collect();
        assert_eq!(order, fields_in(source, name), "fields of {name}, reserved ones included");
    }
}

#[test]
fn fixed_places_and_bits_are_those_of_the_page() {
    assert_eq!(structure("HeaderBlock").at, Some(0));
    assert_eq!(structure("StatusCell").at, Some(STATUS_AT));
    let text = include_str!("../../../docs/layout.md");
    for wanted in [
        format!("layout version {VERSION}."),
        format!("\n{HEADER_BYTES}            participant rows"),
        format!("\n{STATUS_AT}            status word"),
        format!("`{}`", MAGIC.map(|byte| format!("{byte:02x}")).join(" ")),
        format!("bit {}: persistent", OPTION_PERSISTENT.trailing_zeros()),
    ] {
        assert!(text.contains(&wanted), "docs/layout.md does not say {wanted:?}");
    }
}

/// Rows of a table as (name, number), sorted as they stand.
fn numbers(titles: &[&str], first: usize, number: usize) -> Vec<(String, u64)> {
    rows(titles).into_iter().map(|row| (row[first].clone(), row[number].parse().unwrap())).collect()
}

#[test]
fn numbers_of_kinds_and_modes_are_those_of_the_page() {
    let mut known: Vec<[String; 3]> = Vec::new();
    let mut add = |field: &str, number: u64, name: &str| known.push([field.into(), number.to_string(), name.into()]);
    for kind in Kind::ALL {
        add("kind", kind.code().into(), kind.name());
    }
    for backend in (0..=u8::MAX).filter_map(Backend::from_code) {
        add("backend", backend.code().into(), backend.name());
    }
    for fence in (0..=u8::MAX).filter_map(FenceMode::from_code) {
        add("fence", fence.code().into(), fence.name());
    }
    for form in (0..=u32::from(u8::MAX)).filter_map(TypeForm::from_code) {
        add("type_form", form.code().into(), form.name());
    }
    for policy in Policy::ALL {
        add("policy", policy.option_bits() >> 2, policy.name());
    }
    assert_eq!(rows(&["field", "number", "name"]), known);
}

#[test]
fn numbers_of_states_are_those_of_the_page() {
    let of_status = |status: Status| status.bits() & 0xff;
    let states = [
        ("initialising", Status::Initialising),
        ("live", Status::Live),
        ("closed", Status::Closed),
        ("poisoned", Status::Poisoned(Corruption::Status)),
    ];
    let states = states.map(|(name, status)| (name.to_owned(), of_status(status)));
    assert_eq!(numbers(&["state", "number", "meaning"], 0, 1), states);

    let reasons: Vec<_> = (0..u16::MAX)
        .map(|code| (format!("{:?}", Corruption::from_code(code)), u64::from(code)))
        .filter(|(name, _)| name != "Unknown")
        .collect();
    assert_eq!(numbers(&["reason", "number", "meaning"], 0, 1), reasons);
    for (_, code) in reasons {
        assert_eq!(Status::from_bits(3 | code << 8), Status::Poisoned(Corruption::from_code(code as u16)));
    }

    let mut parts: Vec<[String; 3]> = Vec::new();
    for bits in 0..0x80 {
        // A receiver's: it can say all of them.
        if let Some(row) = RowState::from_bits(1 << 7 | bits) {
            let naming = match (row.state, row.naming) {
                (ParticipantState::Live, naming @ (super::Naming::Claimed | super::Naming::Named)) => {
                    format!("`, `{naming:?}")
                }
                _ => String::new(),
            };
            let naming = if row.offered { format!("{naming}`, `Offered") } else { naming };
            parts.push(["state".into(), bits.to_string(), format!("{:?}{naming}", row.state)]);
        }
    }
    for bits in 0..=1 {
        if let Some(row) = RowState::from_bits(bits << 7) {
            parts.push(["role".into(), bits.to_string(), format!("{:?}", row.role)]);
        }
    }
    assert_eq!(rows(&["part", "number", "name"]), parts);
    let row = RowState { state: ParticipantState::Dead, ..RowState::live(7, Role::Receiver) };
    assert_eq!(row.bits(), 7 << 8 | 1 << 7 | 3, "life, role and state stand where the page says");
}

#[test]
fn record_headers_are_those_of_the_page() {
    let kinds = [RecordKind::Empty, RecordKind::Message, RecordKind::Padding].map(|kind| format!("{kind:?}"));
    let kinds: Vec<_> = kinds.into_iter().zip(0..).collect();
    assert_eq!(numbers(&["kind", "number", "meaning"], 0, 1), kinds);
    let ranges: Vec<_> = rows(&["bits", "field", "content"]).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(ranges, ["0–31", "32–33", "34–63"]);
    assert_eq!(RecordHeader::message(5, 7).bits(), 7 << 34 | 1 << 32 | 5);
    assert_eq!(RecordHeader::padding(5, u64::MAX).bits(), ((1 << 30) - 1) << 34 | 2 << 32 | 5);
    assert_eq!(RecordHeader::EMPTY.bits(), 0);
}

#[test]
fn words_of_bits_are_those_of_the_page() {
    let ranges =
        |title: &str| rows(&[title, "part", "content"]).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    assert_eq!(ranges("bits of an eventcount"), ["0", "1", "2", "3–31"]);
    assert_eq!(ranges("bits of a cell"), ["0–15", "16–63"]);
    assert_eq!(Cell::new(3 * 64 + 5, 64, 7).bits(), 4 << 16 | 7);
    assert_eq!(ranges("bits of a slot's word"), ["0–15", "16–18", "19–63"]);
    let states = [SlotState::Produced, SlotState::Consumed, SlotState::Redeliver, SlotState::Returned, SlotState::Free];
    for (state, number) in states.into_iter().zip([1, 2, 3, 4, 0]) {
        assert_eq!(SlotWord::FRESH.next(state, RowIndex(9)).bits(), 1 << 19 | number << 16 | 9);
    }
    assert_eq!(ranges("bits of a frame's word"), ["0–11", "12–15", "16–63"]);
    let states = [
        FrameState::Asked,
        FrameState::Taken,
        FrameState::Returned,
        FrameState::Cancelled,
        FrameState::Abandoned,
        FrameState::Answered,
        FrameState::Failed,
        FrameState::Free,
    ];
    for (state, number) in states.into_iter().zip([1, 2, 3, 4, 5, 6, 7, 0]) {
        assert_eq!(FrameWord::FRESH.next(state, RowIndex(9)).bits(), 1 << 16 | number << 12 | 9);
    }
    assert_eq!(ranges("bits of a frame's caller"), ["0–11", "12–63"]);
    assert_eq!(Caller::new(RowIndex(9), Some(5)).bits(), 5 << 12 | 9);
    assert_eq!(Caller::new(RowIndex(9), None).bits(), u64::MAX << 12 | 9);
    assert_eq!(ranges("bits of a pool"), ["0–13", "14", "15–39", "40–63"]);
    let vacant = PermitWord::from_bits(6 << 18);
    assert_eq!(PoolWord::fresh(5).send(9, vacant).bits(), 4 << 40 | 7 << 15 | 1 << 14 | 9);
    assert_eq!(ranges("bits of a place's word"), ["0–15", "16–17", "18–63"]);
    let states = [PermitState::Vacant, PermitState::Free, PermitState::Held];
    for (state, number) in states.into_iter().zip([0, 1, 2]) {
        assert_eq!(vacant.next(state, RowIndex(9)).bits(), 7 << 18 | number << 16 | 9);
    }
    assert_eq!(EventWord::from_bits(0).set(5).bits(), 1 << 32 | 5);
    assert_eq!(ranges("bits of a slot's header"), ["0–31", "32–47", "48–55"]);
    assert_eq!(SlotHeader::new(5, 3).delivered_once_more().bits(), 3 << 48 | 1 << 32 | 5);
}
