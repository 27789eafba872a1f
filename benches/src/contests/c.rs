//! The table of C: what a program in C takes for what one in Rust does.

use crate::c_ends::CEnds;
use crate::contest::{Contest, End, Family, Open, Target, Timing, Watch, Work};
use crate::peers::memlane::Spsc;
use crate::shapes::{ROOM, round_trip};
use anyhow::Result;
use memlane::Strategy;
use std::path::Path;

/// Round trips of 8 bytes between two processes, by Rust at both ends and by C at both ends.
pub fn families() -> Vec<Family> {
    vec![Family {
        title: "C: round trips of 8 bytes, both ends awake".to_owned(),
        work: Work::RoundTrips,
        position: None,
        contests: vec![round_trip::<8, _>(Spsc::copying(Strategy::Spin), None).of_table("c"), between_c_programs()],
    }]
}

fn between_c_programs() -> Contest {
    let open = |path: &Path, leads: bool| {
        let [ping, pong] = ["ping", "pong"].map(|name| path.with_extension(name));
        if leads { CEnds::open(&ping, &pong, true, ROOM) } else { CEnds::open(&pong, &ping, false, ROOM) }
    };
    Contest {
        id: "c-trip-8-memlane-spsc-c-spin".to_owned(),
        label: "memlane spsc from C, Spin, 8 bytes".to_owned(),
        open: Open::Processes {
            lead: Box::new(move |path| Ok(Box::new(Ping { ends: open(path, true)?, number: 0 }))),
            partner: Box::new(move |path| Ok(Box::new(Pong { ends: open(path, false)? }))),
        },
        may_sleep: false,
        target: Some(Target::C),
    }
}

struct Ping {
    ends: CEnds,
    number: u64,
}

impl End for Ping {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        watch.trips(operations, Timing::Blocks, |watch| {
            self.number += 1;
            watch.check(self.ends.trip(self.number)?);
            Ok(())
        })
    }
}

struct Pong {
    ends: CEnds,
}

impl End for Pong {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        self.ends.answer(operations)
    }
}
