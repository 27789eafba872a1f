//! The tables of single messages' latencies.

use super::limits;
use crate::contest::{Family, Target, Timing, Work};
use crate::peers::memlane::{Mpmc, Spsc};
use crate::peers::rtrb::Rtrb;
use crate::shapes::{paced, paced_threads, timed_round_trip};
use memlane::Strategy;
use std::time::Duration;

/// Messages a second, by the timetable.
const RATES: [(u64, &str); 3] = [(10_000, "10 thousand"), (100_000, "100 thousand"), (1_000_000, "1 million")];

/// Long enough for whoever waits to fall asleep, and its core with it.
const SILENCE: Duration = Duration::from_millis(10);

/// Latencies at fixed rates, after a silence, and of round trips.
pub fn families() -> Vec<Family> {
    let [spin, adaptive, park] = [Strategy::Spin, Strategy::Adaptive, Strategy::Park].map(Spsc::copying);
    let mut families: Vec<Family> = RATES
        .iter()
        .map(|(rate, name)| {
            let every = Duration::from_secs(1) / *rate as u32;
            Family {
                title: format!("Latency, one way, {name} messages of 16 bytes a second"),
                work: Work::Latency { every: Some(every) },
                position: None,
                contests: vec![
                    limits::paced::line(every),
                    paced(spin, every, None),
                    paced(adaptive, every, None),
                    paced(Mpmc::copying(Strategy::Spin), every, None),
                    paced_threads(Rtrb, every, None),
                ],
            }
        })
        .collect();
    families.extend([
        Family {
            title: "Latency after 10 ms without a message, the receiver asleep".to_owned(),
            work: Work::Latency { every: Some(SILENCE) },
            position: None,
            contests: vec![
                limits::paced::futex(SILENCE),
                paced(park, SILENCE, Some(Target::WAKE)),
                paced(adaptive, SILENCE, Some(Target::WAKE)),
            ],
        },
        Family {
            title: "Latency of round trips, both ends awake".to_owned(),
            work: Work::Latency { every: None },
            position: None,
            contests: vec![
                limits::two_lines(Timing::Each),
                timed_round_trip::<8, _>(spin, None),
                timed_round_trip::<8, _>(adaptive, None),
                timed_round_trip::<56, _>(spin, None),
            ],
        },
        Family {
            title: "Latency of round trips, both ends asleep".to_owned(),
            work: Work::Latency { every: None },
            position: None,
            contests: vec![limits::futexes(Timing::Each), timed_round_trip::<8, _>(park, None)],
        },
    ]);
    families
}
