//! `mpmc` under a kernel that refuses.

use super::Cast;
use super::acts::acts;
use crate::steps::acts::{prepare, queue_shape as shape};
use crate::steps::scenario::Kind;
use crate::steps::survivor::survive;

pub const CAST: Cast = Cast {
    calls: CALLS,
    prepare: |waking, state, name| prepare(Kind::Mpmc, waking, state, name),
    die,
    survive: |path, sent| survive(Kind::Mpmc, path, |_| sent),
};

acts!(mpmc);
