//! The parts of a channel's file, by `docs/layout.md`, in the state in which both workers hold something.

use super::probe::{LENGTH, message};
use std::ops::Range;

/// Bytes of one sort.
#[derive(Debug, Clone)]
pub struct Area {
    pub name: &'static str,
    pub range: Range<usize>,
}

/// What is counted apart. Of a watch, the `value` is payload that its sender may set over before anybody looks.
pub const NAMES: [&str; 8] = ["header", "rows", "control", "cells", "slots", "records", "payload", "value"];

/// Records whose headers are looked at: two that were read, one that is held or waits, one that is being made, and room.
const RECORDS: usize = 6;

const HEADER_BYTES: usize = 1024;
const STATUS_AT: usize = 1024;
const VALUE_CONTROL_BYTES: usize = 128;

/// The areas of the file with this content.
pub fn areas(image: &[u8]) -> Vec<Area> {
    let number =
        |at: usize, bytes: usize| image[at..at + bytes].iter().rev().fold(0, |sum, &b| sum << 8 | usize::from(b));
    let area = |name, start, bytes| Area { name, range: start..start + bytes };
    let [participants_at, control_at, gates_at, data_at] = [112, 120, 136, 144].map(|at| number(at, 8));
    let (slots, priorities, queue_at, cells_at) = (number(176, 4), number(180, 2), number(184, 8), number(192, 8));
    let is_value = slots > 0 && cells_at == 0;
    let mut areas = vec![
        area("header", 0, HEADER_BYTES),
        area("header", STATUS_AT, 8),
        area("rows", participants_at, control_at - participants_at),
    ];
    let slot_bytes = (16 + LENGTH).next_multiple_of(64);
    if is_value {
        areas.push(area("control", control_at, queue_at + VALUE_CONTROL_BYTES - control_at));
    } else if slots == 0 {
        let gates = number(100, 4) * number(96, 4);
        areas.push(area("control", control_at, gates_at + gates * 128 - control_at));
        // Each is a header word and a payload, which is a multiple of the alignment here.
        areas.extend((0..RECORDS).map(|record| area("records", data_at + record * (8 + LENGTH), 8)));
    } else {
        areas.push(area("control", control_at, cells_at - control_at));
        areas.push(area("cells", cells_at, slots.next_power_of_two().max(64) * priorities * 8));
    }
    areas.extend((0..slots).map(|slot| area("slots", data_at + slot * slot_bytes, 16)));
    // Of messages, the one that a receiver holds, and the one that waits; of values, the latest one.
    for number in if is_value { 3..=3 } else { 2..=3 } {
        let at = image.windows(LENGTH).position(|window| window == message(number));
        areas.extend(at.map(|at| area(if is_value { "value" } else { "payload" }, at, LENGTH)));
    }
    areas
}
