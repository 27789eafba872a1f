//! memlane's `spsc`: a ring of so many bytes.

crate::peers::memlane::memlane_peer!(Spsc, spsc, |shape, _| Options::new().capacity(shape.room as u64));
