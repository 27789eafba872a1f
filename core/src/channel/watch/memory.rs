//! The words of a watch where they ship: in a region, or in what was read of its file.

use crate::region::{ValueLook, ValueSlot, ValuesLook, ValuesView};
use crate::ring::watch::{WatchMemory, WatchSlot};
use crate::sync::AtomicU64;

macro_rules! watch_memory {
    ($values:ty, $slot:ident) => {
        impl WatchMemory for $values {
            type Slot<'a>
                = $slot<'a>
            where
                Self: 'a;

            #[inline]
            fn slots(&self) -> u64 {
                <$values>::slots(self).into()
            }

            #[inline]
            fn length_max(&self) -> u64 {
                <$values>::length_max(self) as u64
            }

            #[inline]
            fn root(&self) -> &AtomicU64 {
                <$values>::root(self)
            }

            #[inline(always)]
            fn slot_of(&self, version: u64) -> $slot<'_> {
                <$values>::slot_of(self, version)
            }
        }

        impl WatchSlot for $slot<'_> {
            #[inline(always)]
            fn sequence(&self) -> &AtomicU64 {
                $slot::sequence(self)
            }

            #[inline(always)]
            fn length(&self) -> &AtomicU64 {
                $slot::length(self)
            }
        }
    };
}

watch_memory!(ValuesView, ValueSlot);
watch_memory!(ValuesLook<'_>, ValueLook);
