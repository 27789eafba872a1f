//! `mpmc` under a kernel that refuses.

use super::Cast;
use super::acts::acts;
use crate::steps::acts::queue_shape as shape;

pub const CAST: Cast = Cast { calls: CALLS, die };

acts!(mpmc);
