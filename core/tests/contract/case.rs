//! One combination of backend, place and peer.

use crate::support::Scratch;
use memlane::Backend;

/// Where a channel lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Named,
    Anonymous,
    Private,
    #[cfg(feature = "named-segments")]
    Segment,
}

/// Who the other side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Thread,
    Process,
}

/// What a test runs over.
pub struct Case {
    pub backend: Backend,
    pub place: Place,
    pub side: Side,
    pub payload_alignment: usize,
    pub record_alignment: usize,
    scratch: Scratch,
}

impl Case {
    pub fn new(backend: Backend, place: Place, side: Side) -> Self {
        // Records that are packed, and such as start at a line or at a pair of lines, come with threads and with processes.
        let (payload_alignment, record_alignment) = match (backend, place, side) {
            (Backend::Futex, Place::Named, _) | (Backend::Futex, Place::Anonymous, Side::Process) => (8, 8),
            (Backend::Futex, Place::Private, _) | (_, Place::Named, Side::Process) => (8, 64),
            (Backend::Futex, ..) | (_, Place::Anonymous, Side::Process) => (8, 128),
            (_, Place::Named, Side::Thread) => (16, 64),
            _ => (64, 128),
        };
        Self { backend, place, side, payload_alignment, record_alignment, scratch: Scratch::new() }
    }

    /// The name of the channel, where it has one: a path, or the name of a segment.
    pub fn name(&self) -> String {
        match self.place {
            Place::Named | Place::Anonymous | Place::Private => self.scratch.name("channel"),
            #[cfg(feature = "named-segments")]
            Place::Segment => {
                // As different from others as the path of the scratch folder.
                format!("contract{}", self.scratch.path().to_str().unwrap().replace(['/', '.'], "-"))
            }
        }
    }
}

#[cfg(feature = "named-segments")]
impl Drop for Case {
    fn drop(&mut self) {
        if self.place == Place::Segment {
            // Some tests remove it themselves.
            let _ = memlane::remove_segment(&self.name());
        }
    }
}

// A test has to be an item with a name: so macros list tests × kinds × cases, and what they list are calls of functions. In each
// test's name stand the behaviour, the kind and the case: `transfer::a_batch_arrives_whole::spsc::futex_named_threads`.

/// A module for each test, with a test for each kind and for each combination that exists.
macro_rules! over_all {
    ($($test:ident)*) => {
        $(mod $test { memlane::with_kinds!(over_kinds { $test all_cases }); })*
    };
}

/// The same with those combinations whose channel is a file that has a name.
macro_rules! over_files {
    ($($test:ident)*) => {
        $(mod $test { memlane::with_kinds!(over_kinds { $test cases_of_files }); })*
    };
}

/// The same with those combinations whose peer can be killed.
macro_rules! over_processes {
    ($($test:ident)*) => {
        $(mod $test { memlane::with_kinds!(over_kinds { $test cases_of_processes }); })*
    };
}

/// As `over_all`, for the kind without messages.
macro_rules! over_watches {
    ($($test:ident)*) => {
        $(mod $test { mod watch { all_cases! { $test } } })*
    };
}

/// As `over_processes`, for the kind without messages.
macro_rules! over_watching_processes {
    ($($test:ident)*) => {
        $(mod $test { mod watch { cases_of_processes! { $test } } })*
    };
}

/// As `over_all`, for the kinds that carry signals.
macro_rules! over_signals {
    ($($test:ident)*) => {
        $(mod $test { mod signals { all_cases! { $test } } })*
    };
}

/// As `over_processes`, for the kinds that carry signals.
macro_rules! over_signalling_processes {
    ($($test:ident)*) => {
        $(mod $test { mod signals { cases_of_processes! { $test } } })*
    };
}

/// A module for each kind, with a test for each of these cases.
macro_rules! over_kinds {
    ({ $test:ident $cases:ident } $($kind:ident $name:ident;)*) => {
        $(mod $name { $cases! { $test $kind } })*
    };
}

macro_rules! all_cases {
    ($test:ident $($kind:ident)?) => {
        case_tests! { $test $($kind)?;
            futex_named_threads Futex Named Thread,
            futex_named_processes Futex Named Process,
            futex_anonymous_threads Futex Anonymous Thread,
            futex_anonymous_processes Futex Anonymous Process,
            futex_private_threads Futex Private Thread,
            semaphore_named_threads Semaphore Named Thread,
            semaphore_named_processes Semaphore Named Process,
            semaphore_anonymous_threads Semaphore Anonymous Thread,
            semaphore_anonymous_processes Semaphore Anonymous Process,
            semaphore_private_threads Semaphore Private Thread,
        }
        #[cfg(feature = "named-segments")]
        case_tests! { $test $($kind)?;
            futex_segment_threads Futex Segment Thread,
            futex_segment_processes Futex Segment Process,
            semaphore_segment_threads Semaphore Segment Thread,
            semaphore_segment_processes Semaphore Segment Process,
        }
    };
}

macro_rules! cases_of_files {
    ($test:ident $($kind:ident)?) => {
        case_tests! { $test $($kind)?;
            futex_named_threads Futex Named Thread,
            semaphore_named_threads Semaphore Named Thread,
        }
    };
}

macro_rules! cases_of_processes {
    ($test:ident $($kind:ident)?) => {
        case_tests! { $test $($kind)?;
            futex_named_processes Futex Named Process,
            futex_anonymous_processes Futex Anonymous Process,
            semaphore_named_processes Semaphore Named Process,
            semaphore_anonymous_processes Semaphore Anonymous Process,
        }
        #[cfg(feature = "named-segments")]
        case_tests! { $test $($kind)?;
            futex_segment_processes Futex Segment Process,
            semaphore_segment_processes Semaphore Segment Process,
        }
    };
}

macro_rules! case_tests {
    ($test:ident; $($name:ident $backend:ident $place:ident $side:ident,)*) => {
        $(
            #[test]
            fn $name() {
                use crate::case::{Case, Place, Side};
                super::super::$test(&Case::new(memlane::Backend::$backend, Place::$place, Side::$side));
            }
        )*
    };
    ($test:ident $kind:ident; $($name:ident $backend:ident $place:ident $side:ident,)*) => {
        $(
            #[test]
            fn $name() {
                use crate::case::{Case, Place, Side};
                let case = Case::new(memlane::Backend::$backend, Place::$place, Side::$side);
                super::super::$test::<memlane::generic::$kind>(&case);
            }
        )*
    };
}
