//! Channels whose kind a C program does not know, and what a kind does not have.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use support::Scratch;

#[test]
fn a_channel_of_any_kind_is_opened_as_what_it_is() {
    let scratch = Scratch::new();
    for kind in kinds() {
        let name = scratch.name(&format!("kind-{kind}"));
        let created = open(&name, kind, MEMLANE_CREATE, &small(kind));
        let opened = open(&name, MEMLANE_ANY_KIND, MEMLANE_OPEN, &options());
        assert_eq!(stats(opened).kind, kind);
        let (tx, rx) = (sender(created), receiver(opened));
        ok(send(tx, b"hello", 0));
        assert_eq!(recv(rx, 0).unwrap(), b"hello");
        let again = open(&name, MEMLANE_ANY_KIND, MEMLANE_OPEN_OR_CREATE, &options());
        assert_eq!(stats(again).kind, kind);
    }
    let new = private(MEMLANE_ANY_KIND, &options());
    assert_eq!(stats(new).kind, MEMLANE_SPSC);
}

#[test]
fn an_option_that_the_kind_of_a_channel_does_not_have_is_named() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    open(&name, MEMLANE_MPMC, MEMLANE_CREATE, &small(MEMLANE_MPMC));
    let wrong = Options { capacity: 4096, ..options() };
    for kind in [MEMLANE_MPMC, MEMLANE_ANY_KIND] {
        let (status, _) = try_open(&name, kind, MEMLANE_OPEN, &wrong);
        fails(status, MEMLANE_INVALID_OPTION, "a channel of kind mpmc does not have the option capacity");
    }
}
