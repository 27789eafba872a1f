//! The contract: what every channel kind does, with either way of waking, wherever the channel lives, whoever the peer is.
//!
//! It is said once, in the words that all kinds share: these files are compiled for each kind, and each test in them runs
//! over backend × (named, anonymous, private) × (threads, processes). A later kind joins by its row in `kinds!`.
//!
//! - `transfer`, `waiting`, `endings`, `deaths`: the behaviours. `stage`: the channel of a test, and the other side in it.
//! - `case`: one of these combinations; the channel that a test gets.
//! - `peer`: the other side, as a thread or as a process.

#![allow(clippy::duplicate_mod, reason = "the behaviours are compiled once a kind")]

#[path = "../support/mod.rs"]
mod support;

mod case;
mod peer;

/// The behaviours of each kind: a module a kind, in which `kind` is the module of the engine, and a size that is soon full.
macro_rules! kinds {
    ($($kind:ident, of $size:ident($small:literal);)*) => {
        $(
            #[path = "."]
            mod $kind {
                use memlane::$kind as kind;
                const NAME: &str = stringify!($kind);
                /// The options of a channel that is soon full.
                fn small(options: kind::Options) -> kind::Options {
                    options.$size($small)
                }
                mod deaths;
                mod endings;
                mod stage;
                mod transfer;
                mod waiting;
                pub use stage::play;
            }
        )*

        /// Another process's part: which kind, and what it does there.
        #[test]
        fn child_part() {
            support::child::play(&[$((stringify!($kind), $kind::play)),*]);
        }
    };
}

kinds! {
    spsc, of capacity(4096);
    mpmc, of slots(12);
}
