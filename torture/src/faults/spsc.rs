//! `spsc` under a kernel that refuses.

use super::Cast;
use super::acts::acts;
use crate::sweep::acts::{lane_shape as shape, prepare};
use crate::sweep::scenario::Kind;
use crate::sweep::survivor::survive;

pub const CAST: Cast = Cast {
    calls: CALLS,
    prepare: |waking, state, name| prepare(Kind::Spsc, waking, state, name),
    die,
    survive: |path, sent| survive(Kind::Spsc, path, sent),
};

acts!(spsc);
