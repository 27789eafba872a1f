//! memlane's `mpmc`: as many slots as messages have room.

crate::peers::memlane::memlane_peer!(Mpmc, mpmc, |shape, bytes| {
    Options::new().slots((shape.room / bytes) as u32).max_message(bytes as u64)
});
