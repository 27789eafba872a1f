//! The table of what one thread does alone: opening a channel, and handing a message over without touching it.

use crate::arena::Arena;
use crate::contest::{Contest, Family, Work};
use crate::peers::memlane::trust;
use crate::place::Place;
use crate::shapes::alone;
use anyhow::Result;
use memlane::{mpmc, spsc};
use std::hint::black_box;

/// What a channel of the default size has about as much of.
const FILE: usize = 1 << 20;

/// Opening, and handing over.
pub fn families() -> Vec<Family> {
    vec![opening(), handing_over()]
}

/// Each opening maps the region and its lock file, checks the header, and is undone.
fn opening() -> Family {
    let file = alone("opening-file", "a bare file of 1 MiB: open, map, unmap, close", || {
        let place = Place::new()?;
        let path = place.path().join("file");
        Arena::create(&path, FILE)?;
        Ok(move || {
            black_box(Arena::open(&path)?);
            let _ = &place;
            Ok(())
        })
    });
    let existing = of_a_lane("opening-spsc", "open a channel", |name| {
        black_box(spsc::open(name)?);
        Ok(())
    });
    let joined = of_a_lane("opening-spsc-sender", "open a channel, join as its sender, leave", |name| {
        black_box(spsc::open(name)?.sender()?);
        Ok(())
    });
    let queue = alone("opening-mpmc-sender", "memlane mpmc: open a channel, join as a sender, leave", || {
        let (place, name) = place_and_name()?;
        let channel = mpmc::Options::new().max_message(1008).create(&name)?;
        Ok(move || {
            black_box(mpmc::open(&name)?.sender()?);
            let _ = (&channel, &place);
            Ok(())
        })
    });
    let created = alone("opening-spsc-create", "memlane spsc: create a channel of 64 KiB, remove it", || {
        let (place, name) = place_and_name()?;
        Ok(move || {
            black_box(spsc::Options::new().capacity(1 << 16).create(&name)?);
            memlane::remove(&name)?;
            let _ = &place;
            Ok(())
        })
    });
    Family {
        title: "Opening a channel".to_owned(),
        work: Work::Job { item: "opening", unit: 1 },
        position: None,
        contests: vec![file, existing, joined, queue, created],
    }
}

/// Done again and again with the name of an `spsc` channel of the default size.
fn of_a_lane(id: &str, what: &str, step: fn(&str) -> Result<()>) -> Contest {
    alone(id, &format!("memlane spsc: {what}"), move || {
        let (place, name) = place_and_name()?;
        let channel = spsc::Options::new().create(&name)?;
        Ok(move || {
            let _ = (&channel, &place);
            step(&name)
        })
    })
}

/// A channel's name in a folder of its own.
fn place_and_name() -> Result<(Place, String)> {
    let place = Place::new()?;
    let name = place.path().join("channel").display().to_string();
    Ok((place, name))
}

/// Reserve, commit, receive and release, in place, by one thread that never looks at the payload: what does not depend on its
/// size should not cost more for a larger one.
fn handing_over() -> Family {
    let of = |label: &'static str, bytes: usize| {
        alone(&format!("handing-over-{bytes}"), &format!("memlane spsc, in place, {label}"), move || {
            let channel = spsc::Options::new().capacity((4 * bytes).max(1 << 16)).private()?;
            let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
            let trust = trust();
            Ok(move || {
                let mut grant = tx.reserve(bytes)?;
                black_box(grant.as_mut_slice(trust).as_mut_ptr());
                grant.commit(bytes)?;
                black_box(rx.recv()?.as_slice(trust).as_ptr());
                Ok(())
            })
        })
    };
    Family {
        title: "Handing a message over that is not looked at".to_owned(),
        work: Work::Job { item: "message", unit: 1 },
        position: None,
        contests: vec![of("8 bytes", 8), of("8 KiB", 8 << 10), of("1 MiB", 1 << 20), of("8 MiB", 8 << 20)],
    }
}
