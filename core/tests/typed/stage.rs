//! The channels of a test: over every carrier, with both ways of waking, in every place.

use crate::support::Scratch;
pub use crate::support::stage::{Place, trust};
use memlane::Backend;
use memlane::any::{self, Any};
use memlane::generic::{Broadcast, Mpmc, Mpsc, Options, Spsc};
use memlane::typed::{self, Carrier, Channel, Codec};
use memlane::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use std::cell::Cell;

/// A message of these tests.
#[derive(typed::Schema, FromBytes, IntoBytes, Immutable, KnownLayout, Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Order {
    pub id: u64,
    pub px: f64,
    pub tag: [u8; 8],
}

impl Order {
    pub const NAME: &str = "Order{id:u64@0,px:f64@8,tag:[u8;8]@16}#24/8";

    pub fn of(id: u64) -> Self {
        Self { id, px: id as f64 / 4.0, tag: id.to_be_bytes() }
    }
}

/// What these tests run over.
pub trait Small: Carrier + Clone {
    /// The options of channels that are soon full.
    fn small() -> Vec<Options<Self>>;
}

impl Small for Spsc {
    fn small() -> Vec<Options<Self>> {
        vec![Options::<Self>::new().capacity(4096)]
    }
}

impl Small for Mpmc {
    fn small() -> Vec<Options<Self>> {
        vec![Options::<Self>::new().slots(12)]
    }
}

impl Small for Mpsc {
    fn small() -> Vec<Options<Self>> {
        vec![Options::<Self>::new().capacity(4096).max_senders(8)]
    }
}

impl Small for Broadcast {
    fn small() -> Vec<Options<Self>> {
        vec![Options::<Self>::new().capacity(4096).max_senders(8).max_receivers(8)]
    }
}

impl Small for Any {
    fn small() -> Vec<Options<Self>> {
        let small = |&kind: &memlane::Kind| {
            let options = any::Options::new(kind).max_message(200);
            if kind.has_option("senders") { options.max_senders(8) } else { options }
        };
        any::KINDS.iter().map(small).collect()
    }
}

/// One way of making channels.
pub struct Stage {
    place: Place,
    scratch: Scratch,
    created: Cell<u32>,
}

impl Stage {
    pub fn new(place: Place) -> Self {
        Self { place, scratch: Scratch::new(), created: Cell::new(0) }
    }

    /// The name of a channel that does not exist yet.
    pub fn name(&self) -> String {
        let number = self.created.replace(self.created.get() + 1);
        self.scratch.name(&format!("channel-{number}"))
    }

    /// A fresh channel.
    pub fn channel<T: ?Sized, K: Small, C: Codec<T>>(&self, options: &typed::Options<T, K, C>) -> Channel<T, K, C> {
        match self.place {
            Place::Named => options.create(&self.name()).unwrap(),
            Place::Anonymous => options.anonymous().unwrap(),
            Place::Private => options.private().unwrap(),
        }
    }
}

/// Runs a test with each of the options of `K`, with both ways of waking, in each place.
#[track_caller]
pub fn everywhere<K: Small>(test: impl Fn(&Stage, Options<K>)) {
    for place in [Place::Named, Place::Anonymous, Place::Private] {
        for backend in [Backend::Futex, Backend::Semaphore] {
            for options in K::small() {
                eprintln!("over a {place:?} channel, {backend:?}");
                test(&Stage::new(place), options.backend(backend).trust_peers(trust()));
            }
        }
    }
}

/// A test for each carrier.
macro_rules! over_carriers {
    ($($test:ident)*) => {
        $(
            mod $test {
                #[test]
                fn spsc() {
                    super::$test::<memlane::generic::Spsc>();
                }

                #[test]
                fn mpmc() {
                    super::$test::<memlane::generic::Mpmc>();
                }

                #[test]
                fn mpsc() {
                    super::$test::<memlane::generic::Mpsc>();
                }

                #[test]
                fn broadcast() {
                    super::$test::<memlane::generic::Broadcast>();
                }

                #[test]
                fn any() {
                    super::$test::<memlane::any::Any>();
                }
            }
        )*
    };
}
pub(crate) use over_carriers;
