//! A kind to which system calls are refused, whichever it is: its public calls.

use super::acts;
use super::calls::{BARE, Call, DAMAGED, DEAD, EMPTY, FULL, ONE, STALE};
use super::family::Family;
use crate::steps::Steppable;
use crate::subject::Subject;

/// System calls, at most, of a call that takes a nap, though the kernel refuses to let it sleep on a futex.
pub const NAP_CALLS: usize = 400;

/// See the module.
pub trait Refused: Steppable {
    /// Its public calls.
    fn calls(&self) -> &'static [Call];
}

impl<K: Subject> Refused for K {
    fn calls(&self) -> &'static [Call] {
        const {
            &[
                Call::new("create", None, Family::Create, acts::create::<K>),
                Call::new("create by name", None, Family::Create, acts::create_by_name::<K>),
                Call::new("create, bare system", None, Family::Create, acts::create::<K>).refused(BARE),
                Call::new("create, with wishes", None, Family::Create, acts::create_with_wishes::<K>),
                Call::new("create, exists", ONE, Family::Create, acts::create_existing::<K>),
                Call::new("anonymous", None, Family::Unnamed, acts::anonymous::<K>),
                Call::new("private", None, Family::Unnamed, acts::private::<K>),
                Call::new("open", ONE, Family::Open, acts::open::<K>),
                Call::new("open_or_create, exists", ONE, Family::Open, acts::open_or_create::<K>),
                Call::new("open_or_create, absent", None, Family::Create, acts::create_by_opening::<K>),
                Call::new("open_or_create, stale", STALE, Family::Replace, acts::open_or_create::<K>),
                Call::new("open_descriptors", None, Family::OpenUnnamed, acts::open_descriptors::<K>),
                Call::new("join as sender", ONE, Family::Join, acts::join_as_sender::<K>),
                Call::new("join as receiver", ONE, Family::Join, acts::join_as_receiver::<K>),
                Call::new("join, sender died", DEAD, Family::Join, acts::join_as_sender::<K>).sleeps(),
                Call::new("join, receiver died", DEAD, Family::Join, acts::join_as_receiver::<K>).sleeps(),
                Call::new("join, anonymous", None, Family::Join, acts::join_anonymous::<K>),
                Call::new("send", ONE, Family::Transfer, acts::send::<K>),
                Call::new("send_batch", ONE, Family::Transfer, acts::send_batch::<K>),
                Call::new("reserve", ONE, Family::Transfer, acts::reserve::<K>),
                Call::new("commit", ONE, Family::Transfer, acts::commit::<K>),
                Call::new("send, sleeping", FULL, Family::Transfer, acts::send_asleep::<K>).at_most(NAP_CALLS),
                Call::new("send, waking", EMPTY, Family::Transfer, acts::send_to_a_sleeper::<K>).sleeps(),
                Call::new("recv", ONE, Family::Transfer, acts::recv::<K>),
                Call::new("recv_batch", ONE, Family::Transfer, acts::recv_batch::<K>),
                Call::new("ack", ONE, Family::Transfer, acts::ack::<K>),
                Call::new("nack", ONE, Family::Transfer, acts::nack::<K>),
                Call::new("recv, sleeping", EMPTY, Family::Transfer, acts::recv_asleep::<K>).at_most(NAP_CALLS),
                Call::new("recv, sender dies", EMPTY, Family::Transfer, acts::recv_while_the_sender_dies::<K>),
                Call::new("inspect", ONE, Family::Inspect, acts::inspect::<K>),
                Call::new("info", ONE, Family::Inspect, acts::info::<K>),
                Call::new("list", None, Family::List, acts::list::<K>),
                Call::new("remove", ONE, Family::Remove, acts::remove::<K>),
                Call::new("remove, in use", ONE, Family::Remove, acts::remove_in_use::<K>),
                Call::new("remove_forced, in use", ONE, Family::Remove, acts::remove_forced::<K>),
                Call::new("remove, damaged", DAMAGED, Family::Remove, acts::remove_damaged::<K>),
                Call::new("remove, damaged, in use", DAMAGED, Family::Remove, acts::remove_damaged_in_use::<K>),
                Call::new("close", EMPTY, Family::Transfer, acts::close::<K>).sleeps(),
                Call::new("leave as sender", ONE, Family::Transfer, acts::leave_as_sender::<K>).sleeps(),
                Call::new("leave as receiver", ONE, Family::Transfer, acts::leave_as_receiver::<K>).sleeps(),
                Call::new("drop, anonymous", None, Family::Transfer, acts::drop_anonymous::<K>),
                Call::new("drop, remove_on_drop", None, Family::Drop, acts::drop_and_remove::<K>),
            ]
        }
    }
}
