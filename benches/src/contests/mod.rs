//! The tables: one file a channel kind, one row a contestant. A new peer is one file in [`crate::peers`] and its rows.

mod alone;
mod broadcast;
#[cfg(feature = "c")]
mod c;
#[cfg(feature = "peers")]
mod engines;
mod latency;
mod limits;
mod mechanisms;
mod merge;
mod mpmc;
mod mpsc;
mod scaling;
mod sizes;
mod spsc;
mod waitset;
mod watch;

use crate::contest::{Contest, Family, Timing};

/// What is measured together, by a name that the command line knows.
pub struct Table {
    /// On the command line.
    pub name: &'static str,
    /// For the help text.
    pub about: &'static str,
    /// Its families of contests.
    pub families: fn() -> Vec<Family>,
}

/// All tables. A new kind is one row.
pub const TABLES: &[Table] = &[
    Table {
        name: "spsc",
        about: "one sender, one receiver: round trips and one-way messages",
        families: spsc::families,
    },
    Table {
        name: "mpmc",
        about: "many senders, many receivers; two and four of each are compared by CPU time a message",
        families: mpmc::families,
    },
    Table {
        name: "mpsc",
        about: "one, two and four senders, one receiver: a lane for each, beside an only lane, a queue, channels of threads, datagrams",
        families: mpsc::families,
    },
    Table {
        name: "broadcast",
        about: "one sender, one and eight receivers that all get every message, beside a channel for each, iceoryx2, and tokio's broadcast; and one beside programs that look on",
        families: broadcast::families,
    },
    Table {
        name: "watch",
        about: "reading a value, next to copying the same bytes under a seqlock by hand",
        families: watch::families,
    },
    Table {
        name: "waitset",
        about: "one thread that waits for a hundred channels, next to epoll over as many sockets",
        families: waitset::families,
    },
    Table {
        name: "mechanisms",
        about: "other ways between processes, and between threads; more of them with the features peers and native-peers",
        families: mechanisms::families,
    },
    #[cfg(feature = "peers")]
    Table {
        name: "engines",
        about: "the two engines that are closest: ringfire and shaq, each as the baseline of what memlane does",
        families: engines::families,
    },
    #[cfg(feature = "c")]
    Table { name: "c", about: "round trips between two programs in C, against two in Rust", families: c::families },
    Table {
        name: "latency",
        about: "each message timed: at fixed rates from when it was due, after a silence, and there and back",
        families: latency::families,
    },
    Table {
        name: "sizes",
        about: "messages of 8 bytes to 8 MiB, copied and in place, next to what one core can copy",
        families: sizes::messages,
    },
    Table {
        name: "rings",
        about: "messages of 1 KiB through rings of 64 KiB to 64 MiB: a larger one should not cost more",
        families: sizes::rings,
    },
    Table {
        name: "merge",
        about: "two processes produce sorted streams and a third merges them, against one thread that does it all",
        families: merge::families,
    },
    Table {
        name: "scaling",
        about: "8 and 32 participants on two cores, 100 and 1,000 channels in one process, seats that nobody has",
        families: scaling::families,
    },
    Table {
        name: "alone",
        about: "what one thread does alone: opening a channel, and handing messages of 8 bytes to 8 MiB over in place",
        families: alone::families,
    },
];

/// What runs around each group to tell which cores the hypervisor gave us.
pub fn placement() -> Contest {
    Contest { id: "placement".to_owned(), ..limits::two_lines(Timing::Blocks) }
}

/// Every family, of all tables.
fn families() -> impl Iterator<Item = Family> {
    TABLES.iter().flat_map(|table| (table.families)())
}

/// Every contest, of all tables.
pub fn all() -> Vec<Contest> {
    families().flat_map(|family| family.contests).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::{CORES, Crew, Work};
    use std::collections::HashSet;

    #[test]
    fn every_contest_has_a_name_of_its_own_and_every_family_a_baseline() {
        let families: Vec<_> = families().collect();
        let mut ids = HashSet::new();
        for family in &families {
            assert!(family.contests.len() > 1, "{}", family.title);
            assert!(family.contests.iter().all(|contest| ids.insert(contest.id.clone())), "{}", family.title);
        }
    }

    #[test]
    fn what_stands_in_one_table_has_as_many_participants() {
        // A job is what one can do, or several.
        for family in families().filter(|family| !matches!(family.work, Work::Job { .. })) {
            assert!(family.contests.iter().all(|contest| contest.busy() == family.busy()), "{}", family.title);
            let crew = participants(&family.title);
            assert_eq!(family.oversubscribed(), crew.is_some_and(|crew| crew.size() > CORES), "{}", family.title);
        }
    }

    /// The crew that a title such as "… 2 to 1" tells of.
    fn participants(title: &str) -> Option<Crew> {
        let (text, receivers) = title.rsplit_once(" to ")?;
        let (_, senders) = text.rsplit_once(' ')?;
        Some(Crew::sharing(senders.parse().ok()?, receivers.parse().ok()?))
    }

    #[test]
    fn a_crew_shares_all_of_the_work() {
        for crew in [Crew::sharing(2, 2), Crew::sharing(1, 3)] {
            let parts = |sends: bool| -> u64 {
                let seats = (0..crew.size()).filter(|&seat| crew.sender(seat).is_some() == sends);
                seats.map(|seat| crew.part(seat, 100 * crew.share())).sum()
            };
            assert_eq!((parts(true), parts(false)), (100 * crew.share(), 100 * crew.share()));
        }
    }

    #[test]
    fn each_of_a_fan_gets_all_of_the_work() {
        let crew = Crew::fan(8);
        assert!((0..crew.size()).all(|seat| crew.part(seat, 100 * crew.share()) == 100));
    }
}
