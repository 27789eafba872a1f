//! `spsc` under a kernel that refuses.

use super::Cast;
use super::acts::acts;
use crate::steps::acts::{lane_shape as shape, prepare};
use crate::steps::scenario::Kind;
use crate::steps::survivor::survive;

pub const CAST: Cast = Cast {
    calls: CALLS,
    prepare: |waking, state, name| prepare(Kind::Spsc, waking, state, name),
    die,
    survive: |path, sent| survive(Kind::Spsc, path, |_| sent),
};

acts!(spsc);
