//! `mpmc` under a kernel that refuses.

use super::Cast;
use super::acts::acts;
use crate::sweep::acts::{prepare, queue_shape as shape};
use crate::sweep::scenario::Kind;
use crate::sweep::survivor::survive;

pub const CAST: Cast = Cast {
    calls: CALLS,
    prepare: |waking, state, name| prepare(Kind::Mpmc, waking, state, name),
    die,
    survive: |path, sent| survive(Kind::Mpmc, path, sent),
};

acts!(mpmc);
