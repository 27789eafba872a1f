//! The words of a watch where they ship: in a region, or in what was read of its file.

use crate::region::{ValuesLook, ValuesView};
use crate::ring::watch::WatchMemory;
use crate::sync::AtomicU64;

macro_rules! watch_memory {
    ($view:ty) => {
        impl WatchMemory for $view {
            #[inline]
            fn slots(&self) -> u64 {
                <$view>::slots(self).into()
            }

            #[inline]
            fn length_max(&self) -> u64 {
                <$view>::length_max(self) as u64
            }

            #[inline]
            fn root(&self) -> &AtomicU64 {
                <$view>::root(self)
            }

            #[inline]
            fn sequence(&self, slot: u64) -> &AtomicU64 {
                <$view>::sequence(self, slot)
            }

            #[inline]
            fn length(&self, slot: u64) -> &AtomicU64 {
                <$view>::length(self, slot)
            }
        }
    };
}

watch_memory!(ValuesView);
watch_memory!(ValuesLook<'_>);
