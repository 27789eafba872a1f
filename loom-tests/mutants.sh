#!/usr/bin/env bash
# Proves that the models see: breaks the engine in one place at a time, in a copy, and requires that a model fails.
#
#   ./mutants.sh            each mutant against the test that is meant to kill it
#   ./mutants.sh --all      each mutant against every model of what it breaks: prints all tests that fail
#   ./mutants.sh WORD       only mutants whose name contains WORD
#   ./mutants.sh --check    builds nothing: requires that each mutant applies, that the tests that it names are there, and that what would be
#                           built has all its crates
#
# The mutants of the last section take away what is not needed, and say why. They have to survive: should a model kill
# one, the engine has come to depend on it.
set -euo pipefail
cd "$(dirname "$0")"

# No mutant takes as long as this; one that does counts as a survivor.
seconds_max=900
everything=false
check=false
wanted=
case ${1:-} in
--all) everything=true ;;
--check) check=true ;;
*) wanted=${1:-} ;;
esac

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# What was compiled stays here for the next run.
export CARGO_TARGET_DIR=$PWD/target/mutants
export RUST_BACKTRACE=0
# A mutant takes longer to compile than to kill.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=1
mutants=0 killed=0 harmless=0 wrong=0

# Separates two places of a file that change together.
and='
<and>
'

# apply NAME FILE OLD NEW: replaces OLD by NEW, which has to stand exactly once in FILE. Fails, and says so, if it does not.
apply() {
    python3 ../ci/lib/replace.py "${@:2}" || { echo "DOES NOT APPLY  $1"; return 1; }
}

# copy_engine: the engine and its models, as they are here, to where they are broken.
copy_engine() {
    rm -rf "$copy/core" "$copy/derive" "$copy/loom-tests"
    mkdir "$copy/loom-tests"
    cp -r ../Cargo.toml ../core ../derive "$copy"
    cp -r .cargo Cargo.toml Cargo.lock src tests "$copy/loom-tests"
}

# attack NAME FILE OLD NEW TEST…: leaves in killers which tests fail, and in how what the first one said. A TEST is the
# name of a file in tests/, or file::test. Fails, and says so, if there is no such result.
attack() {
    local name=$1 file=$2 log=$copy/log status target filter test
    local tests=("${@:5}")
    if $everything; then
        case $file in
        wait/*) tests=(several_are_waited_for interruptions_end_waits eventcount_loses_no_wake eventcount_wakes_one_of_many eventcount_wakes_all_if_one_asks
            channel_sleeps_and_wakes) ;;
        ring/slots/*) tests=(slots_deliver_once slots_survive_deaths slots_are_reaped_by_many) ;;
        ring/lanes/*) tests=(lanes_are_found lanes_are_all_looked_at) ;;
        ring/frames/*) tests=(frames_answer_once frames_survive_deaths) ;;
        ring/watch/*) tests=(watch_is_never_torn) ;;
        ring/permits/* | layout/permit.rs) tests=(permits_come_back) ;;
        ring/event/* | layout/event.rs) tests=(event_loses_nothing) ;;
        ring/broadcast/*) tests=(broadcast_keeps_what_is_unread broadcast_is_never_torn broadcast_sleeps_and_wakes) ;;
        liveness/*) tests=(rows_change_hands seats_are_handed_over names_are_kept_once probers_take_turns duties_are_filled slots_are_reaped_by_many) ;;
        *) tests=(lane_delivers_once_in_order lane_warms_lines_ahead lane_publishes_once_a_stretch
            lane_survives_a_dead_writer lane_survives_a_dead_reader lane_survives_both_deaths
            channel_sleeps_and_wakes) ;;
        esac
    fi
    copy_engine
    apply "$name" "$copy/core/src/$file" "$3" "$4" || return 1
    killers=() how=
    for test in "${tests[@]}"; do
        target=${test%%::*} filter=${test#"$target"}
        status=0
        (
            cd "$copy/loom-tests"
            cargo test --release --quiet --no-run --test "$target" || exit 100
            timeout "$seconds_max" cargo test --release --quiet --test "$target" -- "${filter#::}"
        ) >"$log" 2>&1 || status=$?
        case $status in
        0) continue ;;
        100) cat "$log"; echo "DOES NOT BUILD  $name"; return 1 ;;
        124) echo "TOOK TOO LONG   $name"; return 1 ;;
        esac
        mapfile -t -O "${#killers[@]}" killers < <(sed -n "s/^    \([a-z_]*\)$/$target::\1/p" "$log" | sort -u)
        how=${how:-$(grep -A1 -m1 'panicked at' "$log" | tail -n 1)}
    done
}

# mutant NAME FILE OLD NEW TEST…
mutant() {
    [[ $1 == *"$wanted"* ]] || return 0
    mutants=$((mutants + 1))
    if ! attack "$@"; then
        wrong=$((wrong + 1))
    elif ((${#killers[@]} == 0)); then
        echo "SURVIVED        $1"
        wrong=$((wrong + 1))
    else
        killed=$((killed + 1))
        echo "killed          $1"
        printf '                by %s\n' "${killers[@]}"
        echo "                ${how:0:120}"
    fi
}

# harmless NAME WHY FILE OLD NEW TEST…
harmless() {
    [[ $1 == *"$wanted"* ]] || return 0
    local name=$1 why=$2
    if ! attack "$name" "${@:3}"; then
        wrong=$((wrong + 1))
    elif ((${#killers[@]} == 0)); then
        harmless=$((harmless + 1))
        echo "harmless        $name"
        echo "                $why"
    else
        echo "NOT HARMLESS    $name: killed by ${killers[*]}"
        wrong=$((wrong + 1))
    fi
}

# check_only NAME FILE OLD NEW TEST…
check_only() {
    local name=$1 file=$copy/${2##*/} test target filter
    mutants=$((mutants + 1))
    { cp "../core/src/$2" "$file" && apply "$name" "$file" "$3" "$4"; } || wrong=$((wrong + 1))
    for test in "${@:5}"; do
        target=${test%%::*} filter=${test#"$target"}
        grep -qs "^fn [a-z_]*${filter#::}" "tests/$target.rs" || {
            echo "NO SUCH TEST    $name: $test"
            wrong=$((wrong + 1))
        }
    done
}

if $check; then
    mutant() { check_only "$@"; }
    harmless() { check_only "$1" "${@:3}"; }
fi

lane=lane_delivers_once_in_order
warms=lane_warms_lines_ahead
publishes=lane_publishes_once_a_stretch
dead_writer=lane_survives_a_dead_writer
dead_reader=lane_survives_a_dead_reader
both=lane_survives_both_deaths
eventcount=eventcount_loses_no_wake
one_of_many=eventcount_wakes_one_of_many
asks_for_all=eventcount_wakes_all_if_one_asks
channel=channel_sleeps_and_wakes
interruptions=interruptions_end_waits
several=several_are_waited_for
found=lanes_are_found
looked_at=lanes_are_all_looked_at

slots=slots_deliver_once
slot_deaths=slots_survive_deaths
many=slots_are_reaped_by_many
calls=frames_answer_once
call_deaths=frames_survive_deaths
rows=rows_change_hands
handed=seats_are_handed_over
probing=probers_take_turns
duties=duties_are_filled

writer_rs=ring/log/writer.rs
run_rs=ring/log/run.rs
queue_rs=ring/slots/queue.rs
append_rs=ring/slots/append.rs
found_rs=ring/lanes/found.rs
lanes_rs=ring/lanes/reader.rs
tell_rs=ring/lanes/tell.rs
frames_rs=ring/frames/access.rs
client_rs=ring/frames/client.rs
server_rs=ring/frames/server.rs
call_reap_rs=ring/frames/reap.rs
room_rs=ring/slots/room.rs
batch_rs=ring/slots/batch.rs
reap_rs=ring/slots/reap.rs
returned_rs=ring/slots/returned.rs
word_rs=liveness/word.rs
probing_rs=liveness/probing.rs
duty_rs=liveness/duty.rs
walk_rs=ring/log/walk.rs
reader_rs=ring/log/reader.rs
eventcount_rs=wait/eventcount.rs
sleepers_rs=wait/sleepers.rs
interrupt_rs=wait/interrupt.rs
several_rs=wait/several.rs

echo "--- the writer commits"
zero='    if next.0 >= warmed.0 || !next.0.is_multiple_of(LINE) {
        ring.header(next).store(RecordHeader::EMPTY.bits(), Relaxed);
    }
'
edge='    // EDGE commit→poll: pairs with the Acquire in `Reader::header`, `Reader::gather` and `walk`.
'
commit='    ring.header(record).store(header.bits(), Release);
'
commits='        commit_record(ring, record, header, next, self.warmed);
'
padding='        if reservation.padding != 0 {
            let length = reservation.padding.wrapping_sub(self.geometry.header_bytes());
            let padding = RecordHeader::padding(length as u32, self.count());
            // The record went to the beginning of the ring: the padding in front of it is what makes both visible.
            // EDGE commit→poll: pairs with the Acquire in `Reader::header`, `Reader::gather` and `walk`.
            ring.header(start).store(padding.bits(), Release);
            self.filling = self.filling.wrapping_add(reservation.padding);
        }
'

mutant "the next header is not zeroed" $writer_rs "$zero" "" $lane::over_the_end_of_the_ring
mutant "the next header is zeroed after the commit" $writer_rs "$zero$edge$commit" "$edge$commit$zero" $lane::over_the_end_of_the_ring
mutant "the commit is Relaxed" $writer_rs "$commit" "${commit/Release/Relaxed}" $lane::over_the_end_of_the_ring
mutant "the padding is Relaxed" $writer_rs 'store(padding.bits(), Release)' 'store(padding.bits(), Relaxed)' $lane::over_the_end_of_the_ring
mutant "the padding is visible before the record" $writer_rs "$commits$padding" "$padding$commits" $lane::over_the_end_of_the_ring
mutant "the padding is visible before the next header is zeroed" $writer_rs "$commits$padding" "    $commit$padding        ring.header(next).store(RecordHeader::EMPTY.bits(), Relaxed);
" $lane::over_the_end_of_the_ring
mutant "the shortest way goes beyond the frontier" $writer_rs 'self.cursor.allow(Position(last));' 'self.cursor.allow(Position(last).plus(4 * LINE));' $lane::a_run_ends_where_the_fast_path_does
mutant "the shortest way zeroes no next header" $run_rs 'if !spot.ends_a_line(LINE) {' 'if false {' $warms::where_stale_bytes_look_like_the_next_header_behind_a_run
mutant "the shortest way commits before the next header is zeroed" $run_rs 'if !spot.ends_a_line(LINE) {' 'spot.header().store(header.with_length(length as u32).bits(), Release);
    if !spot.ends_a_line(LINE) {' $warms::where_stale_bytes_look_like_the_next_header_behind_a_run
mutant "the shortest way commits Relaxed" $run_rs 'spot.header().store(header.with_length(length as u32).bits(), Release);' 'spot.header().store(header.with_length(length as u32).bits(), Relaxed);' $lane::a_batch_is_sent_and_gathered_before_the_frontier
mutant "a run gives all its records one number" $run_rs 'self.next_header = self.next_header.next();' '' $lane::a_batch_is_sent_and_gathered_before_the_frontier
mutant "a run forgets how many it sent" $run_rs '        *self.home.next_header = self.next_header;
' '' $lane::a_batch_is_sent_and_gathered_before_the_frontier
mutant "a header carries the published count" $writer_rs 'self.next_header.with_length(used as u32);' 'RecordHeader::message(used as u32, self.count);' $lane::over_the_end_of_the_ring

echo "--- the writer warms lines"
mutant "warming stores no zero" $writer_rs '        ring.zero_lines(first, warm);
' '' $warms::where_stale_bytes_look_like_the_next_header
mutant "warming leaves out the first line" $writer_rs 'Position(self.position().0 | (LINE - 1)).plus(1)' 'Position(self.position().0 | (LINE - 1)).plus(1 + LINE)' $warms::where_stale_bytes_look_like_the_next_header
mutant "warming begins one line too early" $writer_rs 'Position(self.position().0 | (LINE - 1)).plus(1)' 'Position(self.position().0 & !(LINE - 1))' $lane::over_the_end_of_the_ring
mutant "warming goes beyond the frontier" $writer_rs 'Position(self.frontier.0.wrapping_add(LINE - 1) & !(LINE - 1))' 'self.position().plus(self.geometry.until_end(self.position()))' $warms::beside_lines_that_were_not_given_back
mutant "more counts as warm than lies before the frontier" $writer_rs 'self.know_warmed(self.frontier);' 'self.know_warmed(self.frontier.plus(LINE));' $warms::up_to_the_end_of_the_ring $warms::where_stretches_end_in_the_middle_of_the_ring
mutant "what ends with the warm lines is not zeroed" $writer_rs 'if next.0 >= warmed.0' 'if next.0 > warmed.0' $warms::up_to_the_end_of_the_ring
mutant "the start of a line is never zeroed" $writer_rs 'if next.0 >= warmed.0 || !next.0.is_multiple_of(LINE)' 'if !next.0.is_multiple_of(LINE)' $warms::where_a_reservation_was_dropped
mutant "nothing before the frontier is zeroed" $writer_rs 'if next.0 >= warmed.0 || !next.0.is_multiple_of(LINE)' 'if next.0 >= warmed.0' $warms::where_stale_bytes_look_like_the_next_header
mutant "forgetting what was warmed forgets nothing" $writer_rs 'Warmed(self.forget_warmed_lines())' 'Warmed(self.warmed)' $warms::where_a_reservation_was_dropped $warms::where_less_was_used_than_reserved
mutant "forgetting what was warmed does not stop the shortest way" $writer_rs '        self.cursor.stop();
        let position = self.position();
' '        let position = self.position();
' $warms::where_a_reservation_was_dropped_before_a_run $warms::where_less_was_used_than_reserved_before_a_run
mutant "the shortest way counts on the start of a line that was not warmed" $writer_rs 'let last = if ends_a_line {' 'let last = if false {' $warms::where_stretches_end_in_the_middle_of_the_ring_behind_a_run
mutant "what was forgotten is more than was warmed" $writer_rs 'Warmed(self.forget_warmed_lines())' '{ self.forget_warmed_lines(); Warmed(self.frontier) }' $warms::where_warm_lines_were_forgotten
mutant "warm lines come back where less was used" $writer_rs 'if used >= reservation.length {
            self.know_warmed' 'if used <= reservation.length {
            self.know_warmed' $warms::where_less_was_used_than_reserved
mutant "a stretch counts as warm before it is" $writer_rs '        self.forget_warmed_lines();
        let payload' '        self.know_warmed(self.frontier);
        let payload' $warms::where_stale_bytes_look_like_the_next_header $warms::behind_a_large_record

echo "--- the writer finds room"
frontier='self.frontier = Position(lap_end.0.min(limit.0).min(stretch_end.0));'
mutant "no room is kept for the next header" $writer_rs 'if end.plus(next_header).since(self.consumed)' 'if end.since(self.consumed)' $lane::over_the_end_of_the_ring
mutant "no room is kept for the next header before the frontier" $writer_rs 'self.consumed.plus(self.geometry.capacity().wrapping_sub(next_header))' 'self.consumed.plus(self.geometry.capacity())' $warms::in_front_of_a_record_that_was_not_given_back
mutant "the frontier does not heed the reader" $writer_rs "$frontier" 'self.frontier = Position(lap_end.0.min(stretch_end.0));' $warms::beside_lines_that_were_not_given_back
mutant "the frontier does not heed the end of the ring" $writer_rs "$frontier" 'self.frontier = Position(limit.0.min(stretch_end.0));' $lane::over_the_end_of_the_ring
mutant "room is not asked for the padding" $writer_rs 'if end.plus(next_header).since(self.consumed)' 'if end.plus(next_header).since(self.consumed.plus(padding))' $warms::behind_padding_and_in_front_of_a_record_that_was_not_given_back
mutant "a patient writer takes the second time what it did not take" $writer_rs '            // Not noted, or' '            self.consumed = consumed; // Not noted, or' $lane::a_patient_writer_waits_for_an_eighth_of_the_ring
mutant "consumed is loaded Relaxed before its bytes are reused" $writer_rs 'let consumed = Position(self.memory.consumed().load(Acquire));' 'let consumed = Position(self.memory.consumed().load(Relaxed));' $lane::over_the_end_of_the_ring

echo "--- the writer publishes"
first='        // Before anything is overwritten beyond the old frontier: see invariant 5.
        self.publish();
'
count='        self.memory.count().store(self.count, Release);
'
committed='        self.memory.committed().store(self.position().0, Release);
'
mutant "a stretch is not published" $writer_rs "$first" '' $dead_writer::between_padding_and_record
mutant "a stretch is published after the next one was warmed" $writer_rs "$first$and            self.warm_stretch();" "$and            self.warm_stretch();
            self.publish();" $publishes::a_writer_dies_while_it_warms_the_last_stretch
mutant "count is stored after committed" $writer_rs "$count$committed" "$committed$count" $publishes::a_writer_dies_while_it_publishes
mutant "count is stored Relaxed" $writer_rs "$count" "${count/Release/Relaxed}" $publishes::observers_see_what_is_published_meanwhile
mutant "committed is stored Relaxed" $writer_rs "$committed" "${committed/Release/Relaxed}" $publishes::observers_see_what_is_not_published
mutant "no fence behind committed" $writer_rs '        fence(Release);
' '' $publishes::observers_see_through_warming_over_what_was_published
mutant "the count that is published is an old one" $writer_rs '        self.count = self.count();
' '' $publishes::a_writer_dies_while_it_publishes

echo "--- the writer's successor"
mutant "it does not walk over what is committed" $writer_rs 'let Walk { end, count, .. } = walk(&memory, &geometry, committed, memory.count().load(Relaxed))?;' 'let (end, count) = (committed, memory.count().load(Relaxed));' $dead_writer::between_padding_and_record
mutant "it does not learn the count from the headers" $walk_rs '            walk.count = header.sequence_not_above(count);
' '' $publishes::a_writer_dies_while_it_publishes
mutant "it stops at padding" $walk_rs 'RecordKind::Empty => return Ok(walk)' 'RecordKind::Empty | RecordKind::Padding => return Ok(walk)' $dead_writer::between_padding_and_record
mutant "it takes committed for consumed" $writer_rs '            consumed,
            frontier: end,' '            consumed: committed,
            frontier: end,' $dead_writer::between_padding_and_record
mutant "it loads consumed Relaxed" $writer_rs 'let consumed = Position(memory.consumed().load(Acquire));' 'let consumed = Position(memory.consumed().load(Relaxed));' $dead_writer::between_padding_and_record
mutant "it takes what it does not know for warm" $writer_rs '            self.warm_stretch();
' '            self.warmed = self.frontier;
' $warms::a_writer_dies_among_warm_lines

echo "--- the observer"
loads='            let committed = memory.committed().load(Acquire);
            let count = memory.count().load(Acquire);
'
again='            if memory.committed().load(Relaxed) != committed {
                continue;
            }
'
mutant "it does not walk" $walk_rs 'let walk = walk(memory, geometry, Position(committed), count);' 'let walk: Result<_, Corruption> = Ok(Walk { end: Position(committed), count, messages: 0, bytes: 0 });' $publishes::observers_see_what_is_not_published
mutant "it does not look at committed again" $walk_rs "$again" '' $publishes::observers_see_through_warming_over_what_was_published
mutant "it looks at committed again before it walks" $walk_rs 'let walk = walk(memory, geometry, Position(committed), count);' 'if memory.committed().load(Relaxed) != committed { continue; }
            let walk = walk(memory, geometry, Position(committed), count);
            let committed = memory.committed().load(Acquire);' $publishes::observers_see_through_warming_over_what_was_published
mutant "it loads count before committed" $walk_rs "$loads" '            let count = memory.count().load(Acquire);
            let committed = memory.committed().load(Acquire);
' $publishes::observers_see_what_is_not_published
mutant "it loads count Relaxed" $walk_rs 'let count = memory.count().load(Acquire);' 'let count = memory.count().load(Relaxed);' $publishes::observers_see_what_is_published_meanwhile
mutant "it loads committed Relaxed" $walk_rs 'let committed = memory.committed().load(Acquire);' 'let committed = memory.committed().load(Relaxed);' $publishes::observers_see_what_is_not_published
mutant "it loads headers Relaxed" $walk_rs 'memory.ring().header(walk.end).load(Acquire)' 'memory.ring().header(walk.end).load(Relaxed)' $publishes::observers_see_through_warming_over_what_was_published

echo "--- the reader"
mutant "poll loads the header Relaxed" $reader_rs 'self.memory.ring().header(self.position()).load(Acquire)' 'self.memory.ring().header(self.position()).load(Relaxed)' $lane::over_the_end_of_the_ring
mutant "consumed is stored Relaxed" $reader_rs 'store(position.0, Release)' 'store(position.0, Relaxed)' $lane::over_the_end_of_the_ring
mutant "consumed is published before the copy, before the frontier" $reader_rs '        read(spot);
        way.go();
' '        way.go();
        self.memory.consumed().store(way.position().0, Release);
        read(spot);
' $warms::beside_lines_that_were_not_given_back
mutant "the shortest way loads the header Relaxed" $reader_rs 'RecordHeader::from_bits(spot.header().load(Acquire))' 'RecordHeader::from_bits(spot.header().load(Relaxed))' $warms::where_stale_bytes_look_like_the_next_header
mutant "a batch loads headers Relaxed" $reader_rs 'RecordHeader::from_bits(way.here().header().load(Acquire))' 'RecordHeader::from_bits(way.here().header().load(Relaxed))' $lane::a_batch_is_sent_and_gathered_before_the_frontier
mutant "a batch forgets the numbers" $reader_rs '(self.expected, self.filling) = (likely.without_length(), self.filling.wrapping_add(filling));' 'let _ = filling;' $lane::a_batch_is_sent_and_gathered_before_the_frontier
mutant "consumed is published before the copy, beyond the frontier" $reader_rs '        let payload = self.position().plus(self.geometry.header_bytes());
        Ok(Record {' '        let payload = self.position().plus(self.geometry.header_bytes());
        self.memory.consumed().store(self.position().plus(bytes).0, Release);
        Ok(Record {' $lane::over_the_end_of_the_ring
mutant "what is released is not told" $reader_rs '        // keep its writer from the room.
        tell(&self.memory, way.position());
' '        // keep its writer from the room.
' $dead_reader::before_the_frontier
mutant "a guess is not compared with the header" $reader_rs 'if header != self.expected.with_length(self.likely_length) {' 'if header != self.expected.with_length(self.likely_length) && header.is_after(self.expected) {' $warms::where_lengths_are_guessed
mutant "rewinding forgets the number" $reader_rs '        self.expected = RecordHeader::message(0, mark.sequence);
' '' $dead_reader::after_second_thoughts

mutant "it loads committed Relaxed to see what is gone" $reader_rs 'let committed = Position(self.memory.committed().load(Acquire));' 'let committed = Position(self.memory.committed().load(Relaxed));' $publishes::a_reader_misses_nothing_that_is_only_on_its_way

echo "--- the reader's successor"
mutant "it takes the count for the number of the next message" $reader_rs 'sequence_known: false,' 'sequence_known: true,' $dead_reader::between_padding_and_record
mutant "it learns the number from a count that is too old" $reader_rs 'self.memory.count().load(Relaxed).wrapping_add(self.geometry.records_max())' 'self.memory.count().load(Relaxed)' $publishes::a_reader_dies_behind_what_is_published
mutant "it does not learn the number from padding" $reader_rs 'matches!(header.kind(), RecordKind::Message | RecordKind::Padding)' 'matches!(header.kind(), RecordKind::Message)' $dead_reader::between_padding_and_record
mutant "it starts at committed" $reader_rs 'let consumed = Position(memory.consumed().load(Acquire));' 'let consumed = Position(memory.committed().load(Acquire));' $dead_reader::between_padding_and_record

echo "--- the eventcount"
mutant "no heavy fence" $eventcount_rs '    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `seen_asleep`
' '' $eventcount::one_sleeper_and_one_waker
mutant "no light fence" $eventcount_rs '    parking.light_fence(); // FENCE waker: pairs with FENCE sleeper in `prepare`
' '' $eventcount::one_sleeper_and_one_waker
mutant "the flag is set after the heavy fence" $eventcount_rs '    let ticket = announce(word, wakes);
    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `seen_asleep`
' '    parking.heavy_fence();
    let ticket = announce(word, wakes);
' $eventcount::one_sleeper_and_one_waker
mutant "the flag is cleared without a step of the sequence" $eventcount_rs 'let cleared = seen.wrapping_add(STEP) & !FLAGS;' 'let cleared = seen & !FLAGS;' $eventcount::two_sleepers_and_one_waker
mutant "the wake comes before the flag is cleared" $eventcount_rs '    match word.compare_exchange(seen, cleared, Relaxed, Relaxed) {
        Ok(_) => {}' '    parking.unpark_all(word);
    match word.compare_exchange(seen, cleared, Relaxed, Relaxed) {
        Ok(_) => return true,' $eventcount::one_sleeper_and_one_waker
mutant "the sleeper does not use its ticket" $eventcount_rs 'parking.park(word, ticket, until);' 'parking.park(word, Ticket { expected: word.load(Relaxed), ..ticket }, until);' $eventcount::one_sleeper_and_one_waker

echo "--- waking one of many"
mutant "a waker that finds nobody asleep takes back the flag of a later sleeper" $eventcount_rs 'let _ = word.compare_exchange(told, told & !OTHERS, Relaxed, Relaxed);' 'word.fetch_and(!FLAGS, Relaxed);' $one_of_many::one_taker_in_two_rounds
mutant "a waker of some leaves no flag for the others" $eventcount_rs '& !FLAGS | OTHERS;' '& !FLAGS;' $one_of_many::two_takers_and_two_givers
mutant "a waker that finds nobody asleep leaves its flag" $eventcount_rs 'if woken < count && is_ours {' 'if false {' $one_of_many::one_taker_in_two_rounds
mutant "one is woken for two changes" $eventcount_rs 'parking.unpark(word, count)' 'parking.unpark(word, 1)' $one_of_many::two_takers_and_one_giver_of_two
mutant "a waker of all gives up where another woke one" $eventcount_rs '        Err(_) => {
            word.fetch_add(STEP, Relaxed);
        }
' '        Err(_) => return false,
' $one_of_many::a_waker_of_all_is_not_mistaken_for_one
mutant "no light fence before some are woken" $eventcount_rs '    parking.light_fence(); // FENCE waker: pairs with FENCE sleeper in `prepare`
' '' $one_of_many::one_taker_in_two_rounds

echo "--- waking all where one asks for it"
mutant "a sleeper that takes only wake-ups of all does not say so" $eventcount_rs 'Wakes::All => SLEEPERS | ALL' 'Wakes::All => SLEEPERS' $asks_for_all::a_watcher_misses_no_change_that_one_is_woken_for
mutant "a waker of one does not look at the word again" $eventcount_rs '    let now = word.load(Relaxed);' '    let now = 0;' $asks_for_all::a_wake_up_that_comes_to_the_wrong_one_is_not_lost
mutant "a waker of one only tells the sequence of all" $eventcount_rs '        notify_sleepers(parking, word, now);' '        word.fetch_add(STEP, Relaxed);' $asks_for_all::a_wake_up_that_comes_to_the_wrong_one_is_not_lost
mutant "on semaphores, a sleeper that takes only wake-ups of all sleeps among the others" $sleepers_rs 'place_of(semaphores, ticket.wakes, row)' 'place_of(semaphores, Wakes::One, row)' $asks_for_all::a_wake_up_that_comes_to_the_wrong_one_is_not_lost_while_all_are_woken
mutant "on semaphores, a wake-up of all is one of those that take any" $sleepers_rs '    fence(SeqCst); // FENCE word: pairs with FENCE bit in `park`
    for wakes in [Wakes::One, Wakes::All] {' '    fence(SeqCst);
    for wakes in [Wakes::One] {' $asks_for_all::a_watcher_misses_no_change_that_one_is_woken_for

echo "--- waiting for several things"
mutant "the sleeper of several has no heavy fence" $several_rs '    several.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `seen_asleep`
' '' $several::one_of_two_comes
mutant "the sleeper of several looks before it has announced itself" $several_rs '    tickets.extend((0..several.count()).map(|at| announce(several.word(at), Wakes::All)));
    several.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `seen_asleep`
    if let Some(found) = several.look() {
        return Some(found);
    }
' '    if let Some(found) = several.look() {
        return Some(found);
    }
    tickets.extend((0..several.count()).map(|at| announce(several.word(at), Wakes::All)));
    several.heavy_fence();
' $several::one_of_two_comes
mutant "the sleeper of several announces itself on one word" $several_rs 'announce(several.word(at), Wakes::All)' 'announce(several.word(0), Wakes::All)' $several::both_of_two_come
mutant "the sleeper of several takes wake-ups of one" $several_rs 'announce(several.word(at), Wakes::All)' 'announce(several.word(at), Wakes::One)' $several::what_wakes_it_is_left_to_another_one

echo "--- interrupting a wait"
mutant "the interrupter has no fence" $interrupt_rs '        fence(SeqCst); // FENCE interrupter: pairs with FENCE sleeper in `prepare`
' '' $interruptions::a_wait_in_vain_ends
mutant "an interruption does not step the word" $eventcount_rs '    word.fetch_add(STEP, Relaxed);
    parking.unpark_all(word);
}

#[cold]' '    parking.unpark_all(word);
}

#[cold]' $interruptions::a_wait_in_vain_ends
mutant "an interruption wakes nobody" $eventcount_rs '    word.fetch_add(STEP, Relaxed);
    parking.unpark_all(word);
}

#[cold]' '    word.fetch_add(STEP, Relaxed);
}

#[cold]' $interruptions::a_wait_in_vain_ends
mutant "an interruption steps the word before it raises the flag" $interrupt_rs '        self.0.fetch_or(1, Release);
        fence(SeqCst); // FENCE interrupter: pairs with FENCE sleeper in `prepare`
        for word in words {
            eventcount::wake_all_now(parking, word);
        }' '        for word in words {
            eventcount::wake_all_now(parking, word);
        }
        fence(SeqCst);
        self.0.fetch_or(1, Release);' $interruptions::a_wait_in_vain_ends
mutant "an interruption stays" $interrupt_rs 'self.is_raised() && self.0.compare_exchange(1, 0, Acquire, Relaxed).is_ok()' 'self.0.load(Acquire) != 0' $interruptions::what_comes_at_that_moment_and_the_interruption_stay_for_the_next_wait
mutant "what came before an interruption is not seen" $interrupt_rs 'self.0.fetch_or(1, Release);' 'self.0.fetch_or(1, Relaxed);' $interruptions::a_wait_in_vain_ends

echo "--- sleeping on semaphores"
mutant "the sleeper has no fence" $sleepers_rs '    fence(SeqCst); // FENCE bit: pairs with FENCE word in `unpark_all` and `unpark`
' '' $eventcount::one_sleeper_and_one_waker
mutant "a waker of all has no fence" $sleepers_rs 'rows: Range<u32>) {
    fence(SeqCst); // FENCE word: pairs with FENCE bit in `park`
' 'rows: Range<u32>) {
' $eventcount::one_sleeper_and_one_waker
mutant "a waker of some has no fence" $sleepers_rs 'turn: u32) -> u32 {
    fence(SeqCst); // FENCE word: pairs with FENCE bit in `park`
' 'turn: u32) -> u32 {
' $one_of_many
mutant "the sleeper does not look at the word" $sleepers_rs 'if word.load(Relaxed) == ticket.expected {' 'if word.load(Relaxed) == ticket.expected || true {' $eventcount::one_sleeper_and_one_waker
mutant "the sleeper sets its bit after the look" $sleepers_rs '    sleepers.fetch_or(bit, Relaxed);
<and>
        semaphores.wait(row, until);' '
<and>
        sleepers.fetch_or(bit, Relaxed);
        semaphores.wait(row, until);' $eventcount::one_sleeper_and_one_waker
mutant "who does not sleep after all leaves its bit" $sleepers_rs '        semaphores.wait(row, until);
    }
    take(sleepers, bit);' '        semaphores.wait(row, until);
        take(sleepers, bit);
    }' $one_of_many
mutant "the bit is taken and nobody posted" $sleepers_rs '        semaphores.post(row);' '        let _ = row;' $eventcount::one_sleeper_and_one_waker
# With one preemption more than the suite explores.
LOOM_DEEP=1 mutant "the search ends with the first who was awake" $sleepers_rs '            left.get() > 0
        })' '            false
        })' $one_of_many::two_takers_and_two_givers

echo "--- the slot queue"
mutant "no second look at head" $queue_rs 'self.memory.head(ring).load(Relaxed) != position {' 'false {' $slots::two_receivers_and_a_loan
mutant "who takes does not pass head" $queue_rs '                    self.pass(ring, position);
                    Ok(Attempt::Taken' '                    Ok(Attempt::Taken' $slots::two_receivers_and_a_loan
mutant "the cell is stored Relaxed" $append_rs 'compare_exchange(cell.bits(), ours.bits(), Release, Relaxed)' 'compare_exchange(cell.bits(), ours.bits(), Relaxed, Relaxed)' $slots::one_sender_one_receiver
mutant "acknowledging is not Release" $queue_rs 'word.store(delivery.word.next_of_owner(SlotState::Free).bits(), Release);' 'word.store(delivery.word.next_of_owner(SlotState::Free).bits(), Relaxed);' $slots::one_sender_one_receiver
mutant "giving back is not Release" $queue_rs 'compare_exchange(from.bits(), to.bits(), AcqRel, Relaxed)' 'compare_exchange(from.bits(), to.bits(), Acquire, Relaxed)' $slots::a_message_given_back_goes_to_another
mutant "who takes the straight way does not pass head" $queue_rs '        self.pass(0, position);
' '' $slots::one_sender_one_receiver
mutant "taking on loan is not Acquire" $queue_rs 'compare_exchange(from.bits(), to.bits(), AcqRel, Relaxed)' 'compare_exchange(from.bits(), to.bits(), Release, Relaxed)' $slots::one_sender_one_receiver
mutant "a taker loads the cell Relaxed" $queue_rs 'self.geometry.index(position)).load(Acquire)' 'self.geometry.index(position)).load(Relaxed)' $slots $slot_deaths
mutant "a batch loads the cell Relaxed" $batch_rs 'self.geometry.index(position)).load(Acquire)' 'self.geometry.index(position)).load(Relaxed)' $slots::a_batch_takes_what_was_sent_one_by_one
mutant "the slot's word is loaded Relaxed" $queue_rs 'self.memory.slot(slot).load(Acquire)' 'self.memory.slot(slot).load(Relaxed)' $slots $slot_deaths
mutant "a batch looks at head for its first cell only" $batch_rs 'if self.memory.head(ring).load(Relaxed) > position {' 'if false {' $slots::batches
mutant "a batch moves head once" $batch_rs 'Err(moved) => head = moved,' 'Err(_) => return Ok(()),' $slots::batches
mutant "a batch moves tail beyond what it filled" $batch_rs 'tail.compare_exchange(seen, batch.position, Relaxed, Relaxed)' 'tail.compare_exchange(seen, batch.position + 1, Relaxed, Relaxed)' $slots::a_batch_goes_out_beside_another_sender
mutant "a batch commits where its last message stands" $batch_rs 'batch.position = filled.wrapping_add(1);' 'batch.position = filled.wrapping_add(2);' $slots::a_batch_goes_out_beside_another_sender
mutant "no second look at more urgent rings" $queue_rs 'self.higher_has_news(ring)? || ' '' $slots::what_was_sent_before_and_is_more_urgent_comes_before

echo "--- the slot queue's reaper"
mutant "its search ends at a cell that looks unfilled" $reap_rs '                if cell.stamp() < Cell::stamp_of(position, cells) {
                    continue;' '                if cell.stamp() < Cell::stamp_of(position, cells) {
                    break;' $slot_deaths::a_sender_dies_in_the_middle_of_a_batch
mutant "it does not settle" $reap_rs '            self.settle(ring)?;
' '            let _ = ring;
' $slot_deaths::a_slot_whose_taker_died_before_it_passed_head_is_not_handed_out_on_loan
mutant "it takes no slot for queued" $reap_rs '>> (slot % 64) & 1 == 1' '>> (slot % 64) & 1 == 2' $slot_deaths::a_sender_dies
mutant "it hands back a slot that it did not take" $reap_rs '*count += u32::from(self.replace(slot, word, word.next(state, word.owner())));' 'self.memory.slot(slot).store(word.next(state, word.owner()).bits(), Release);
                *count += 1;' $many::one_of_two_helpers_dies
mutant "no second look at the row" $reap_rs '&& dead.still_holds(word.owner()) => held' '=> held' $many::a_late_helper_leaves_the_successor_of_the_seat_alone
mutant "a row looks the same that changed hands" $word_rs 'row.load(Acquire) == word' 'RowState::from_bits(row.load(Acquire)).map(|now| now.state) == RowState::from_bits(word).map(|then| then.state)' $many::a_late_helper_leaves_the_successor_of_the_seat_alone
mutant "a newer cell is not looked at" $reap_rs 'if cell.stamp() < Cell::stamp_of(position, cells) {' 'if cell.stamp() != Cell::stamp_of(position, cells) {' $slot_deaths::a_sender_dies_that_committed_laps_later
mutant "it counts before it returns anything" $reap_rs '        let held = self.held_by(dead)?;
<and>
        // EDGE reap→returned: pairs with the Acquire in `Queue::search_if_returned`; the slots'"'"' words were replaced before.
        self.memory.returned().fetch_add(1, Release);
' '        self.memory.returned().fetch_add(1, Release);
        let held = self.held_by(dead)?;
<and>
' $many::two_reap_a_receiver_while_a_third_one_receives
mutant "it does not count where it changed nothing" $reap_rs '        self.memory.returned().fetch_add(1, Release);
' '        if report != ReapReport::default() {
            self.memory.returned().fetch_add(1, Release);
        }
' $many::one_of_two_helpers_dies
mutant "it counts Relaxed" $reap_rs 'self.memory.returned().fetch_add(1, Release);' 'self.memory.returned().fetch_add(1, Relaxed);' $many::two_reap_a_receiver_while_a_third_one_receives
mutant "it takes no slot that was given back for queued" $reap_rs 'Some(SlotState::Redeliver) if !is_queued(slot) => {' 'Some(SlotState::Redeliver) => {' $slot_deaths::a_receiver_of_two_priorities_dies

echo "--- what was returned"
mutant "the count is loaded Relaxed" $returned_rs 'self.memory.returned().load(Acquire)' 'self.memory.returned().load(Relaxed)' $many::two_reap_a_receiver_while_a_third_one_receives
mutant "one search is enough" $returned_rs 'if returned != search.seen {' 'if search.seen == 0 && returned != 0 {' $many::a_slot_is_returned_behind_a_search
mutant "a search that is on is not begun again" $returned_rs 'search.left = self.geometry.slots();' 'search.left = if search.left > 0 { search.left } else { self.geometry.slots() };' $many::a_slot_is_returned_behind_a_search
mutant "a search ends for what was counted meanwhile" $returned_rs 'searched().store(search.seen, Relaxed);' 'searched().store(search.seen.max(self.memory.returned().load(Relaxed)), Relaxed);' $many::a_search_begins_while_another_one_ends
mutant "a search ends with what it takes" $returned_rs '            self.note_searched(search);
            if taken {' '            if taken {
                self.memory.searched().store(search.seen, Relaxed);' $many::what_was_returned_comes_to_two_receivers
mutant "what was returned is taken by a store" $returned_rs '&& self.replace(slot, word, ours);' '&& { self.memory.slot(slot).store(ours.bits(), crate::sync::Ordering::Release); true };' $many::what_was_returned_comes_to_two_receivers
mutant "a delivery that died uncounted counts for nothing" $returned_rs '.delivered_again();' '.delivered_once_more();' $slot_deaths::a_message_that_comes_out_of_order_says_that_it_comes_again

echo "--- rows"
mutant "a row is taken by a store" $word_rs 'row.compare_exchange(seen, new.bits(), AcqRel, Relaxed).is_ok()' '{ row.store(new.bits(), crate::sync::Ordering::Release); seen != 0 || true }' $rows::a_seat_goes_from_hand_to_hand
mutant "the dead are buried by a store" $word_rs '    over(row, proved, ParticipantState::Dead)' '    let holder = RowState::from_bits(proved).expect("a row is sound");
    row.store(RowState { state: ParticipantState::Dead, ..holder }.bits(), crate::sync::Ordering::Release); true' $rows::a_late_helper_buries_nobody_else
mutant "a row changes without Release" $word_rs 'new.bits(), AcqRel, Relaxed' 'new.bits(), Acquire, Relaxed' $rows $many::a_late_helper_leaves_the_successor_of_the_seat_alone
mutant "a row changes without Acquire, and is looked at Relaxed" $word_rs 'let word = row.load(Acquire);
<and>
new.bits(), AcqRel, Relaxed' 'let word = row.load(Relaxed);
<and>
new.bits(), crate::sync::Ordering::Release, Relaxed' $rows

mutant "a joiner takes any row that nobody has" $word_rs 'for (index, row) in rows.enumerate() {' 'for (index, row) in rows.enumerate().collect::<Vec<_>>().into_iter().rev() {' $rows::no_seat_that_was_told_of_is_behind_a_vacant_one
mutant "a seat is taken back by a store" $word_rs '    let ours = RowState { offered: false, ..RowState::from_bits(offered)? };
    replace(row, offered, ours).then(|| ours.bits())' '    let ours = RowState { offered: false, ..RowState::from_bits(offered)? };
    row.store(ours.bits(), crate::sync::Ordering::Release);
    Some(ours.bits())' $handed::one_cas_decides_wherever_the_holder_dies
mutant "a seat is offered before its holder has published" $word_rs '    publish();
    let offered = RowState { offered: true, ..RowState::from_bits(ours)? };
    replace(row, ours, offered).then(|| offered.bits())' '    let offered = RowState { offered: true, ..RowState::from_bits(ours)? };
    let done = replace(row, ours, offered).then(|| offered.bits());
    publish();
    done' $handed::one_cas_decides_wherever_the_holder_dies
mutant "a seat is taken over that nobody offers" $word_rs '.filter(|row| row.offered)?' '?' $handed::one_cas_decides_wherever_the_holder_dies
mutant "a seat is taken over by a store" $word_rs '    let ours = RowState { life, offered: false, ..offered };
    replace(row, seen, ours).then(|| ours.bits())' '    let ours = RowState { life, offered: false, ..offered };
    row.store(ours.bits(), crate::sync::Ordering::Release);
    Some(ours.bits())' $handed::one_of_two_successors_gets_it_and_nobody_sees_it_empty
mutant "a seat that is kept for a name loses it to a successor" $word_rs 'RowState { life, offered: false, ..offered }' 'RowState { life, offered: false, naming: Naming::Unnamed, ..offered }' $handed::a_named_seat_keeps_its_name

echo "--- several lanes"
changes='            let changes = self.memory.changes(group as u32).load(Acquire);
            if self.changes[group] != changes {
'
seen='        let membership = self.memory().membership().load(Acquire);
        self.found.look(&mut self.turns)?;
        self.seen = membership;
'
at_last='        self.poll_active(&mut emptied)
    }
'
told_first='    membership.fetch_add(1, Release);
    for group in changes {'

mutant "a receiver clears what changed" $found_rs "$changes" "            let changes = self.memory.changes(group as u32).fetch_and(0, crate::sync::Ordering::AcqRel);
            if changes != 0 {
" $found::a_receiver_dies_with_messages
mutant "the end needs no second look" $lanes_rs 'Ok(nothing_is_there && self.memory().membership().load(Relaxed) == self.seen)' 'Ok(nothing_is_there)' $found::a_handover_is_not_the_end
mutant "a lane is polled before its row is looked at" $lanes_rs 'if !self.found.is_over(lane) {' 'if self.memory().row(lane).load(Acquire) & 0x7f == 1 {' $found::the_last_message_comes_before_the_end
mutant "what is noted as seen is from behind the look" $lanes_rs "$seen" '        self.found.look(&mut self.turns)?;
        self.seen = self.memory().membership().load(Acquire);
' $found::a_receiver_does_not_sleep_through_a_new_sender
mutant "the last look at the rows is behind the last poll" $lanes_rs "$at_last" "        Ok(None)
    }
" $looked_at
mutant "a life that is over attaches no lane" $found_rs 'let is_new = known.life != life;' 'let is_new = known.life != life && state == ParticipantState::Live;' $found::a_sender_that_comes_and_goes_between_two_looks_loses_nothing
mutant "membership is told before the counter" $tell_rs "    membership.fetch_add(1, Release);${and}    for group in changes {" "$and$told_first" $found::a_receiver_does_not_sleep_through_a_new_sender
mutant "a counter is told Relaxed" $tell_rs 'if group.fetch_add(1, Release) ==' 'if group.fetch_add(1, crate::sync::Ordering::Relaxed) ==' $found
mutant "membership is told Relaxed" $tell_rs 'membership.fetch_add(1, Release);' 'membership.fetch_add(1, crate::sync::Ordering::Relaxed);' $found
mutant "a counter is looked at Relaxed" $found_rs 'changes(group as u32).load(Acquire)' 'changes(group as u32).load(crate::sync::Ordering::Relaxed)' $found
mutant "membership is looked at Relaxed" $lanes_rs 'let membership = self.memory().membership().load(Acquire);' 'let membership = self.memory().membership().load(Relaxed);' $found
mutant "a sender's row is looked at Relaxed" $found_rs 'let word = self.memory.row(lane).load(Acquire);' 'let word = self.memory.row(lane).load(crate::sync::Ordering::Relaxed);' $found::the_last_message_comes_before_the_end

echo "--- the latest value"
watched=watch_is_never_torn
watch_writer_rs=ring/watch/writer.rs watch_reader_rs=ring/watch/reader.rs
mutant "a value has no fence in front" $watch_writer_rs '        fence(Release);
' '' $watched::a_value_is_complete_or_it_does_not_count
mutant "a copy has no fence behind" $watch_reader_rs '        fence(Acquire);
' '' $watched::a_value_is_complete_or_it_does_not_count
mutant "a copy is not looked at again" $watch_reader_rs 'self.slot.sequence().load(Relaxed) == complete(self.version)' 'true' $watched::a_value_is_complete_or_it_does_not_count
mutant "a slot does not say that it is being written" $watch_writer_rs 'sequence.store(begun(version), Release);' 'let _ = begun(version);' $watched::a_value_is_complete_or_it_does_not_count
mutant "a slot says Relaxed that it is being written" $watch_writer_rs 'sequence.store(begun(version), Release);' 'sequence.store(begun(version), Relaxed);' $watched::a_value_is_complete_or_it_does_not_count
mutant "the length is stored before the slot says so" $watch_writer_rs '        sequence.store(begun(version), Release);
<and>
        }
        slot.length().store(length, Relaxed);
' '        slot.length().store(length, Relaxed);
        sequence.store(begun(version), Release);
<and>
        }
' $watched::a_value_is_complete_or_it_does_not_count
mutant "a value is complete without Release" $watch_writer_rs 'sequence.store(complete(version), Release);
<and>
self.memory.root().store(version, Release);' 'sequence.store(complete(version), Relaxed);
<and>
self.memory.root().store(version, Relaxed);' $watched::a_value_is_complete_or_it_does_not_count
mutant "the root is stored first" $watch_writer_rs '        sequence.store(begun(version), Release);
<and>
        sequence.store(complete(version), Release);
        self.memory.root().store(version, Release);
' '        self.memory.root().store(version, Release);
        sequence.store(begun(version), Release);
<and>
        sequence.store(complete(version), Release);
' $watched::what_a_dead_writer_leaves_is_the_last_complete_value
mutant "a successor goes on from what a slot says" $watch_writer_rs 'possible(memory.root().load(Relaxed))?' 'possible((0..memory.slots()).map(|slot| memory.slot_of(slot).sequence().load(Relaxed)).max().unwrap_or(0).div_ceil(2))?' $watched::a_writer_dies_and_another_one_goes_on
mutant "a successor sets the last version again" $watch_writer_rs 'Ok(Self { memory, version })' 'Ok(Self { memory, version: version.saturating_sub(1) })' $watched::a_writer_dies_and_another_one_goes_on
mutant "a slot that is being written is damage" $watch_reader_rs 'let stays = self.memory.root().load(Relaxed) == version;' 'let stays = true;' $watched::a_slot_that_is_being_written_is_no_damage
echo "--- semaphores and events"
come_back=permits_come_back loses_nothing=event_loses_nothing
permits_rs=ring/permits/semaphore.rs permits_reap_rs=ring/permits/reap.rs permit_rs=layout/permit.rs event_rs=ring/event/mod.rs
mutant "permits: one is taken without Acquire" $permits_rs 'free.bits(), held.bits(), AcqRel, Relaxed' 'free.bits(), held.bits(), Release, Relaxed' $come_back::one_permit_is_one_holders
mutant "permits: one is taken without Release" $permits_rs 'free.bits(), held.bits(), AcqRel, Relaxed' 'free.bits(), held.bits(), Acquire, Relaxed' $come_back::a_late_helper_takes_nothing_from_the_seats_next_holder
mutant "permits: one is put down Relaxed" $permits_rs 'held.bits(), next.bits(), Release, Relaxed' 'held.bits(), next.bits(), Relaxed, Relaxed' $come_back::one_permit_is_one_holders
mutant "permits: a helper loads Relaxed" $permits_reap_rs 'self.memory.place(place).load(Acquire)' 'self.memory.place(place).load(Relaxed)' $come_back::a_late_helper_takes_nothing_from_the_seats_next_holder
mutant "permits: a helper does not look at the row again" $permits_reap_rs 'dead.contains(owner) && dead.still_holds(owner)' 'dead.contains(owner)' $come_back::a_late_helper_takes_nothing_from_the_seats_next_holder
mutant "permits: a dead one's come back Relaxed" $permits_reap_rs 'word.bits(), free.bits(), Release, Relaxed' 'word.bits(), free.bits(), Relaxed, Relaxed' $come_back::what_the_dead_did_is_seen
mutant "permits: a helper stores" $permits_reap_rs 'let freed = self.memory.place(place).compare_exchange(word.bits(), free.bits(), Release, Relaxed);' 'self.memory.place(place).store(free.bits(), Release);
                    let freed = Ok::<(), ()>(());' $come_back::two_helpers_bring_a_permit_back_once $come_back::a_late_helper_takes_nothing_from_the_seats_next_holder
mutant "permits: they are added Relaxed" $permits_rs 'compare_exchange(seen, more.bits(), Release, Relaxed)' 'compare_exchange(seen, more.bits(), Relaxed, Relaxed)' $come_back::what_came_before_a_signal_is_seen_behind_it
mutant "permits: one that is on its way is left there" $permits_rs '                self.arrive(pool)?;
                return Ok(Refill::Came(pool.place()));' '                return Ok(Refill::Impossible);' $come_back::a_permit_comes_back_wherever_its_holder_dies
mutant "permits: one comes to a place without a look at its tag" $permits_rs 'if word.next_tag() == sent.tag() {' 'if word.state() == Some(PermitState::Vacant) {' $come_back
mutant "permits: the pool says the tag that the place had before" $permit_rs '((self.0 >> GENERATION_SHIFT) as u32).wrapping_add(1) & TAG_MAX' '((self.0 >> GENERATION_SHIFT) as u32) & TAG_MAX' $come_back::each_signal_wakes_one
mutant "permits: the pool forgets where one came to" $permit_rs 'Self(self.0 & !ON_WAY)' 'Self::fresh(self.count())' $come_back
mutant "permits: a generation stays" $permit_rs 'let generation = (self.0 >> GENERATION_SHIFT).wrapping_add(1);' 'let generation = (self.0 >> GENERATION_SHIFT) | 1;' $come_back
mutant "permits: those that were too few stay taken" $permits_rs '                        self.release(holding)?;' '                        let _ = holding;' $come_back::two_at_once_and_one_both_come
mutant "event: a set is Relaxed" $event_rs 'compare_exchange(seen.bits(), next.bits(), AcqRel, Relaxed)' 'compare_exchange(seen.bits(), next.bits(), Relaxed, Relaxed)' $loses_nothing::what_came_before_a_set_is_seen_behind_it
mutant "event: a look is Relaxed" $event_rs 'EventWord::from_bits(word.load(Acquire))' 'EventWord::from_bits(word.load(Relaxed))' $loses_nothing::what_came_before_a_set_is_seen_behind_it
mutant "event: a set is stored" $event_rs '        match word.compare_exchange(seen.bits(), next.bits(), AcqRel, Relaxed) {' '        word.store(next.bits(), crate::sync::Ordering::SeqCst);
        match Ok::<u64, u64>(0) {' $loses_nothing
mutant "event: a set does not count" layout/event.rs 'self.0.wrapping_add(1 << COUNT_SHIFT) | u64::from(bits)' 'self.0 | u64::from(bits)' $loses_nothing
mutant "event: a clear does not look at the count" $event_rs 'if seen.count() != seen_count {' 'if false {' $loses_nothing::nothing_is_cleared_that_was_not_seen
mutant "event: a clear is stored" $event_rs '        match word.compare_exchange(seen.bits(), seen.clear(bits).bits(), AcqRel, Relaxed) {' '        word.store(seen.clear(bits).bits(), crate::sync::Ordering::SeqCst);
        match Ok::<u64, u64>(0) {' $loses_nothing::nothing_is_cleared_that_was_not_seen
echo "--- broadcast"
keeps=broadcast_keeps_what_is_unread torn=broadcast_is_never_torn sleeps=broadcast_sleeps_and_wakes
room_of_all_rs=ring/broadcast/writer.rs gates_rs=ring/broadcast/gates.rs joining_rs=ring/broadcast/joining.rs
entries_rs=ring/broadcast/entries.rs lossy_rs=ring/broadcast/lossy.rs intact_rs=ring/broadcast/memory.rs
joins_while=$keeps::a_reader_joins_while_the_writer_takes_room
mutant "broadcast: the writer's fence is none" $room_of_all_rs '            fence(SeqCst);
            if evicts || self.memory().joins()' '            fence(crate::sync::Ordering::Release);
            if evicts || self.memory().joins()' $joins_while
mutant "broadcast: the joiner's fence is none" $joining_rs 'fence(SeqCst);' 'fence(Release);' $joins_while
mutant "broadcast: joins is not looked at again" $room_of_all_rs 'if evicts || self.memory().joins().load(Relaxed) == joins {' 'if true {' $joins_while
mutant "broadcast: a joiner does not look at reserved" $joining_rs 'if needed <= gate {' 'if needed <= u64::MAX {' $joins_while
mutant "broadcast: a joiner's second turn is not told" $joining_rs 'for _ in 0..TURNS {
<and>
memory.joins().fetch_add(1, Release);' 'for turn in 0..TURNS {
<and>
if turn == 0 { memory.joins().fetch_add(1, Release); }' $joins_while $keeps::a_reader_joins_beside_another_one
mutant "broadcast: joins is told Relaxed" $joining_rs 'memory.joins().fetch_add(1, Release);' 'memory.joins().fetch_add(1, crate::sync::Ordering::Relaxed);' $joins_while
mutant "broadcast: joins is looked at Relaxed" $room_of_all_rs 'let joins = self.memory().joins().load(Acquire);' 'let joins = self.memory().joins().load(Relaxed);' $joins_while
mutant "broadcast: room is reserved after it is used" $room_of_all_rs '            self.reserve_up_to(new);
            // A joiner whose
<and>
                self.use_up_to(new);
' '            // A joiner whose
<and>
                self.use_up_to(new);
                self.reserve_up_to(new);
' $joins_while
mutant "broadcast: who is evicted is not told" $room_of_all_rs '            self.reserve_up_to(new);' '            if !evicts { self.reserve_up_to(new); }' $torn::a_reader_is_evicted
mutant "broadcast: a successor goes by reserved" $room_of_all_rs 'Position(Survey::of(&lane, &geometry).committed.0.max(capacity))' 'Position(lane.memory.reserved().load(Relaxed).max(capacity))' $keeps::a_writer_dies_while_a_reader_joins
mutant "broadcast: gates count by reserved" $room_of_all_rs 'let places = (position, self.used, target);' 'let places = (position, self.reserved, target);' $joins_while $keeps::a_writer_dies_while_a_reader_joins
mutant "broadcast: a gate counts that nobody has" $gates_rs 'if holds_back && !row_of(memory, reader)?.is_somebodys() {' 'if false {' $keeps::a_reader_dies
mutant "broadcast: the rows are looked at once" $gates_rs 'if self.seen == Some(joins) {' 'if self.seen.is_some() {' $keeps::a_row_changes_hands $joins_while
mutant "broadcast: what was read has no fence behind" $intact_rs '    fence(Acquire);
' '' $torn::payload_is_not_taken_for_a_header
mutant "broadcast: nothing is believed unchecked" $lossy_rs 'if !self.is_intact() {' 'if !matches!(found, Ok(None)) && !self.is_intact() {' $torn::a_zero_is_not_taken_for_the_end
mutant "broadcast: damage is believed unchecked" $lossy_rs 'let found = self.log.poll();' 'let found = self.log.poll()?; let found: Result<_, Corruption> = Ok(found);' $torn::what_was_lost_is_counted
mutant "broadcast: a record is believed unchecked" $lossy_rs 'if !self.is_intact() {' 'if !matches!(found, Ok(Some(_))) && !self.is_intact() {' $torn::what_was_lost_from_the_beginning_is_counted
mutant "broadcast: the next header is not reserved" $room_of_all_rs 'self.reserve_up_to(target);' 'self.reserve_up_to(Position(target.0.wrapping_sub(8)));' $torn::a_zero_is_not_taken_for_the_end
mutant "broadcast: reserved goes back" $room_of_all_rs 'if new.0 > self.reserved.0 {' 'if new.0 != self.reserved.0 {' $torn::a_writer_dies
mutant "broadcast: an entry has the number that is published" $entries_rs 'Ok(Some(header.sequence_not_above(not_above)))' 'Ok(Some(not_above.wrapping_sub(geometry.records_max())))' $torn::what_was_lost_is_counted
mutant "broadcast: an entry is believed unchecked" $entries_rs 'if is_intact(memory, geometry, entry) {' 'if is_intact(memory, geometry, entry) || geometry.capacity() > 0 {' $torn::an_entry_is_overwritten_while_its_number_is_read
mutant "broadcast: the writer sleeps for a reader that it has just named" $room_of_all_rs 'let is_named = self.named == blocker && blocker.is_some();' 'let is_named = blocker.is_some();' $sleeps::the_reader_that_holds_the_writer_back_wakes_it

echo "--- named readers"
names_rs=liveness/names.rs once=names_are_kept_once
two_join=$once::of_two_that_join_by_one_name_one_has_it renamed=$once::a_name_is_not_taken_for_that_of_the_holder_before
mutant "names: the claimer's fence is none" $names_rs '    fence(SeqCst);' '    fence(Release);' $two_join
mutant "names: a claimer in the lower row goes on beside a claim" $names_rs '        next = other.index;
        if rows.rows().nth(other.index).is_some_and(|row| word::strike(row, other.word)) {' '        next = other.index + 1;
        if false {' $two_join
mutant "names: a row is kept that was struck" $names_rs 'let Some(kept) = word::keep(row, *ours) else { break };' 'let kept = *ours + 1; row.store(kept, Release);' $two_join
mutant "names: a name is written without a fence" $names_rs '    fence(Release);
' '' $renamed
mutant "names: a name is read without a fence" $names_rs '        fence(Acquire);
' '' $renamed
mutant "names: a row is not looked at again behind its name" $names_rs 'if word::still_says(row, seen) {' 'if true {' $renamed
mutant "rows: a row that is kept is given away" $word_rs 'if holder.naming == Naming::Named { ParticipantState::Away } else { or_else }' 'or_else' $keeps::a_named_reader_dies
mutant "broadcast: one that is away holds nothing back" $gates_rs '!row_of(memory, reader)?.is_somebodys()' 'row_of(memory, reader)?.state != ParticipantState::Live' $keeps::a_named_reader_comes_back
mutant "broadcast: one that is away is overlooked" $gates_rs 'ParticipantState::Live | ParticipantState::Away => self.readers.push(reader),
                ParticipantState::Closed' 'ParticipantState::Live => self.readers.push(reader),
                ParticipantState::Away | ParticipantState::Closed' $keeps::a_reader_joins_while_a_named_one_is_away $keeps::a_writer_dies_while_a_named_reader_is_away
mutant "broadcast: one that comes back counts by what is published" $walk_rs '                    return Ok(survey.count);' '                    return Ok(memory.count().load(Relaxed));' $keeps::a_named_reader_dies

echo "--- calls"
mutant "calls: a server answers by a store" $server_rs 'match self.replace(given.frame, given.word, given.word.next(state, given.caller.row())) {' 'self.memory().slot(given.frame).store(given.word.next(state, given.caller.row()).bits(), crate::sync::Ordering::Release);
        match Ok::<(), FrameWord>(()) {' $calls::a_late_answer_never_reaches_a_later_call
mutant "calls: giving up frees what a server has" $client_rs '(word.next(FrameState::Abandoned, word.owner()), Cancelled::Abandoned)' '(word.next(FrameState::Free, self.me()), Cancelled::Abandoned)' $calls::a_late_answer_never_reaches_a_later_call
mutant "calls: a cancelled frame is freed directly" $frames_rs 'let ours = word.next(FrameState::Abandoned, self.me());' 'self.queue.pass(0, position);
        let ours = word.next(FrameState::Abandoned, self.me());' $call_deaths::one_that_clears_a_cancelled_call_dies $calls::a_client_and_a_server_clear_what_was_cancelled
mutant "calls: an answer is told Relaxed" $frames_rs 'compare_exchange(from.bits(), to.bits(), AcqRel, Acquire)' 'compare_exchange(from.bits(), to.bits(), Acquire, Acquire)' $calls::a_late_answer_never_reaches_a_later_call
mutant "calls: a frame is looked at Relaxed" $frames_rs 'FrameWord::from_bits(self.memory().slot(frame).load(Acquire))' 'FrameWord::from_bits(self.memory().slot(frame).load(Relaxed))' $calls::a_late_answer_never_reaches_a_later_call
mutant "calls: a frame is freed Relaxed" $client_rs 'place.store(ended.word.next(FrameState::Free, self.me()).bits(), Release);' 'place.store(ended.word.next(FrameState::Free, self.me()).bits(), Relaxed);' $calls::a_frame_goes_from_client_to_client
mutant "calls: who called is written behind the commit" $client_rs '        memory.caller(frame).store(Caller::new(self.me(), deadline_us).bits(), Relaxed);
        self.queue.append(0, frame)' '        self.queue.append(0, frame)?;
        memory.caller(frame).store(Caller::new(self.me(), deadline_us).bits(), Relaxed);
        Ok(())' $calls::a_late_answer_never_reaches_a_later_call
mutant "calls: head is not passed" $server_rs '                        self.queue.pass(0, position);
                        take.given' '                        take.given' $calls::a_late_answer_never_reaches_a_later_call
mutant "calls: a reaper does not settle" $call_reap_rs '        self.settle()?;
' '' $call_deaths::a_server_dies $call_deaths::no_client_waits_for_a_dead_server
mutant "calls: a helper that lost a race leaves the frame" $call_reap_rs 'held = self.held_in(frame, dead)?;' 'held = None;' $call_deaths::a_client_dies
mutant "calls: a row is not looked at again" $call_reap_rs 'dead.contains(row) && dead.still_holds(row)' 'dead.contains(row)' $call_deaths::a_client_dies_and_another_one_takes_its_seat
mutant "calls: who called is read before the word" $call_reap_rs '        let word = self.word(frame);
        let client = Caller::from_bits(self.memory().caller(frame).load(Relaxed)).row();' '        let client = Caller::from_bits(self.memory().caller(frame).load(Relaxed)).row();
        let word = self.word(frame);' $call_deaths::a_late_helper_leaves_the_frames_next_client_alone
mutant "calls: what a dead client asked is freed though it is queued" $call_reap_rs 'Some(FrameState::Asked) if is_queued => FrameState::Cancelled,' 'Some(FrameState::Asked) if is_queued => FrameState::Free,' $call_deaths::a_client_dies
mutant "calls: a reaping is not counted" $call_reap_rs '        self.memory().returned().fetch_add(1, Release);
' '' $call_deaths::a_server_dies_and_another_one_answers $call_deaths::no_client_waits_for_a_dead_server

echo "--- probing"
mutant "a look is claimed without a comparison" $probing_rs 'last.compare_exchange(seen, now, Relaxed, Relaxed).is_ok()' '{ last.store(now, Relaxed); true }' $probing
mutant "a look is claimed by nobody" $probing_rs 'last.compare_exchange(seen, now, Relaxed, Relaxed).is_ok()' 'last.compare_exchange(seen, seen, Relaxed, Relaxed).is_ok()' $probing
mutant "a look of long ago is an excuse" $probing_rs 'now.abs_diff(seen) < slice - slice / 8' 'seen != 0' $probing

echo "--- the guardians' duties"
mutant "a duty is taken by a store" $duty_rs 'word.compare_exchange(seen, life, Relaxed, Relaxed).is_ok()
            })' '{ word.store(life, Relaxed); true }
            })' $duties::of_three_that_come_at_once_two_are_on_duty
mutant "one that has a duty takes the other one, too" $duty_rs '        self.has(life)
            || self' '        self' $duties::one_on_duty_goes_or_dies_on_the_way
mutant "one that goes calls nobody" $duty_rs 'Relaxed, Relaxed).is_ok());
        self.fill(parking, is_over);' 'Relaxed, Relaxed).is_ok());
        let _ = (parking, is_over);' $duties::the_only_one_on_duty_goes
mutant "one that was called and goes does not pass the call on" $duty_rs 'let _ = self.words.iter().any(|word| word.compare_exchange(life, VACANT, Relaxed, Relaxed).is_ok());
        self.fill(parking, is_over);' 'if self.words.iter().any(|word| word.compare_exchange(life, VACANT, Relaxed, Relaxed).is_ok()) {
            self.fill(parking, is_over);
        }' $duties::the_one_that_is_called_goes
mutant "the duty of a dead guardian stays its own" $duty_rs 'word == VACANT || is_over(word)' 'word == VACANT && !is_over(word)' $duties::one_on_duty_goes_or_dies_on_the_way $duties::both_die_at_once
mutant "one is called however many duties are vacant" $duty_rs 'self.calls, vacant as u32' 'self.calls, 1.min(vacant as u32)' $duties::both_die_at_once

echo "--- harmless"
harmless "broadcast: a gate is looked at Relaxed" "the full fence that follows comes before anything is written" $gates_rs 'Position(memory.gate(reader).load(Acquire))' 'Position(memory.gate(reader).load(crate::sync::Ordering::Relaxed))' $keeps::nothing_is_overwritten_that_a_reader_has_not_passed
harmless "broadcast: a row is looked at Relaxed" "the full fence that follows comes before anything is written" $gates_rs 'let word = memory.row(reader).load(Acquire);' 'let word = memory.row(reader).load(crate::sync::Ordering::Relaxed);' $keeps::a_reader_leaves
harmless "broadcast: a lossy writer has no fence of its own" "publishing has one; what it holds back, streaming stores, no model has" $room_of_all_rs '            fence(SeqCst);
            self.use_up_to(target);' '            self.use_up_to(target);' $torn
death="the proof of its predecessor's death comes in between"
harmless "a writer's successor loads committed Relaxed" "$death" $writer_rs 'let committed = Position(memory.committed().load(Acquire));' 'let committed = Position(memory.committed().load(Relaxed));' $dead_writer $both $publishes
harmless "a writer's successor does not publish at once" "its first reservation does, and everybody walks until then" $writer_rs '        writer.publish();
' '' $dead_writer $both $publishes
harmless "what opens a stretch leaves what is warm as it is" "it ends beyond the frontier, and so beyond everything that was warmed" $writer_rs '        self.forget_warmed_lines();
        let payload' '        let payload' $warms
harmless "warm lines do not come back" "it only costs time" $writer_rs 'if used >= reservation.length {
            self.know_warmed' 'if false {
            self.know_warmed' $warms
harmless "a reader's successor loads consumed Relaxed" "$death" $reader_rs 'let consumed = Position(memory.consumed().load(Acquire));' 'let consumed = Position(memory.consumed().load(Relaxed));' $dead_reader $both
harmless "rewinding leaves the frontier in a later lap" "only what no writer writes could stand before it" $reader_rs '        self.frontier = mark.position;
        self.cursor.stop();
' '' $dead_reader::after_second_thoughts
harmless "the reader's frontier does not heed the end of the ring" "only a damaged lane holds a record that reaches beyond it, and no model does" $reader_rs 'self.frontier = Position(lap_end.0.min(publish_at.0));' 'self.frontier = publish_at;' $lane $warms $dead_reader
harmless "the reader's frontier does not heed what is to be published" "it only counts later, and wakes a writer that sleeps later" $reader_rs 'self.frontier = Position(lap_end.0.min(publish_at.0));' 'self.frontier = lap_end;' $dead_reader $warms
harmless "what is due is published late" "it only counts later, and wakes a writer that sleeps later" $reader_rs '>= self.geometry.publish_after()' '> 2 * self.geometry.publish_after()' $dead_reader $warms
harmless "publishing leaves the reader's frontier where it is" "it only sends the reader the careful way, which moves it" $reader_rs '        self.published = position;
        self.move_frontier();
' '        self.published = position;
' $lane $warms $dead_reader
harmless "the reaper loads cells Relaxed" "$death, and only the dead one's slots are asked for" $reap_rs 'self.geometry.index(position)).load(Acquire)' 'self.geometry.index(position)).load(Relaxed)' $slot_deaths
harmless "the reaper walks over the cells before it loads the words" "the dead queue nothing any more; it would walk where nothing needs it" $reap_rs '        let held = self.held_by(dead)?;
        let mut report = ReapReport::default();
        let needs_cells = |(_, word): &(u16, SlotWord)| word.state() != Some(SlotState::Consumed);
        let queued = if held.iter().any(needs_cells) { self.queued_slots()? } else { Vec::new() };
' '        let queued = self.queued_slots()?;
        let held = self.held_by(dead)?;
        let mut report = ReapReport::default();
' $many::two_reap_a_nack_that_was_cut_short $many::two_reap_where_the_ring_wraps

echo
if $check; then
    # A crate that the copy does not have would keep every mutant from being built.
    copy_engine
    cargo metadata --quiet --locked --format-version 1 --manifest-path "$copy/loom-tests/Cargo.toml" >"$copy/metadata" ||
        { echo "THE COPY IS NOT WHOLE"; wrong=$((wrong + 1)); }
    echo "$mutants mutants; $wrong of them or of their tests are not as they have to be"
else
    echo "$mutants mutants, $killed killed; $harmless changes that are harmless, as they have to be"
fi
((wrong == 0))
