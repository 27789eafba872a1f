//! `spsc` under a kernel that refuses.

use super::Cast;
use super::acts::acts;
use crate::steps::acts::lane_shape as shape;

pub const CAST: Cast = Cast { calls: CALLS, die };

acts!(spsc);
