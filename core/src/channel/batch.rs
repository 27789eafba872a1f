//! Room for the places of a batch's messages, in memory that may run out.

/// So many messages are received at once, whatever the caller allows: what a batch costs in time and memory has a bound, however
/// many messages somebody says that there are.
pub(super) const BATCH_MAX: usize = 1 << 16;

/// How many more places can be added without another look at memory, if there are to be `max` in all: none if there are so many,
/// or no memory for more.
pub(super) fn room_for_more<T>(places: &mut Vec<T>, max: usize) -> usize {
    /// More would be asked for at once than a small batch needs.
    const FIRST: usize = 64;
    let wanted = max.min(BATCH_MAX).saturating_sub(places.len());
    if wanted > places.capacity() - places.len() {
        // Twice as many as before, as a vector grows by itself. What is refused leaves it as it is.
        let _ = places.try_reserve_exact(wanted.min(places.len().max(FIRST)));
    }
    wanted.min(places.capacity() - places.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_grow_as_they_are_used_up_to_the_bound() {
        let mut places: Vec<u64> = Vec::new();
        let mut steps = 0;
        loop {
            let room = room_for_more(&mut places, usize::MAX);
            if room == 0 {
                break;
            }
            places.extend(std::iter::repeat_n(0, room));
            steps += 1;
        }
        assert_eq!((places.len(), steps), (BATCH_MAX, 11));
        assert_eq!(room_for_more(&mut places, 3), 0, "there are more");
    }

    #[test]
    fn where_there_is_no_memory_there_is_no_room() {
        let mut places: Vec<[u8; 1 << 55]> = Vec::new();
        assert_eq!(room_for_more(&mut places, 10), 0);
    }
}
