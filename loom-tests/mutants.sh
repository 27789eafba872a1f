#!/usr/bin/env bash
# Proves that the models see: breaks the engine in one place at a time, in a copy, and requires that a model fails.
#
#   ./mutants.sh            each mutant against the test that is meant to kill it
#   ./mutants.sh --all      each mutant against every model of what it breaks: prints all tests that fail
#   ./mutants.sh WORD       only mutants whose name contains WORD
#
# The mutants of the last section take away what is not needed, and say why. They have to survive: should a model kill
# one, the engine has come to depend on it.
set -euo pipefail
cd "$(dirname "$0")"

# No mutant takes as long as this; one that does counts as a survivor.
seconds_max=900
everything=false
wanted=
case ${1:-} in
--all) everything=true ;;
*) wanted=${1:-} ;;
esac

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# What was compiled stays here for the next run.
export CARGO_TARGET_DIR=$PWD/target/mutants
export RUST_BACKTRACE=0
mutants=0 killed=0 harmless=0 wrong=0

# Replaces OLD by NEW, which must stand exactly once in FILE.
replace() {
    python3 - "$@" <<'EOF'
import sys

path, old, new = sys.argv[1:]
with open(path) as file:
    text = file.read()
if text.count(old) != 1:
    sys.exit(f"{path}: what is to be replaced stands there {text.count(old)} times:\n{old}")
with open(path, "w") as file:
    file.write(text.replace(old, new))
EOF
}

# attack NAME FILE OLD NEW TEST…: leaves in killers which tests fail, and in how what the first one said. A TEST is the
# name of a file in tests/, or file::test. Fails, and says so, if there is no such result.
attack() {
    local name=$1 file=$2 log=$copy/log status target filter test
    local tests=("${@:5}")
    if $everything; then
        case $file in
        wait/*) tests=(eventcount_loses_no_wake channel_sleeps_and_wakes) ;;
        *) tests=(lane_delivers_once_in_order lane_survives_a_dead_writer lane_survives_a_dead_reader
            lane_survives_both_deaths channel_sleeps_and_wakes) ;;
        esac
    fi
    rm -rf "$copy/core" "$copy/loom-tests"
    mkdir "$copy/loom-tests"
    cp -r ../Cargo.toml ../core "$copy"
    cp -r .cargo Cargo.toml Cargo.lock src tests "$copy/loom-tests"
    replace "$copy/core/src/$file" "$3" "$4" || { echo "DOES NOT APPLY  $name"; return 1; }
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

lane=lane_delivers_once_in_order
dead_writer=lane_survives_a_dead_writer
dead_reader=lane_survives_a_dead_reader
both=lane_survives_both_deaths
eventcount=eventcount_loses_no_wake
channel=channel_sleeps_and_wakes

writer_rs=ring/log/writer.rs
reader_rs=ring/log/reader.rs
eventcount_rs=wait/eventcount.rs

echo "--- the writer"
zero='        self.memory.header(self.geometry.offset(next)).store(RecordHeader::EMPTY.bits(), Relaxed);
'
commit='        self.memory.header(self.geometry.offset(record)).store(header.bits(), Release);
'
padding='        if record != self.position {
            self.commit_padding();
        }
'
count='        self.memory.count().store(self.count, Relaxed);
'
committed='        // EDGE committed→observe: pairs with the Acquire of observers; also keeps the order header → count → committed.
        self.memory.committed().store(next.0, Release);
'
rest='        self.position = next;
        self.count = self.count.wrapping_add(1);
'
edge='        // EDGE commit→poll: pairs with the Acquire in `Reader::poll`.
'
header='        let header = RecordHeader::message(used as u32, self.count);
'

mutant "the next header is not zeroed" $writer_rs "$zero" "" $lane::over_the_end_of_the_ring
mutant "the next header is zeroed after the commit" $writer_rs "$zero$header$edge$commit" "$header$edge$commit$zero" $lane::over_the_end_of_the_ring
mutant "the commit is Relaxed" $writer_rs "$commit" "${commit/Release/Relaxed}" $lane::over_the_end_of_the_ring
mutant "the padding is Relaxed" $writer_rs 'store(padding.bits(), Release)' 'store(padding.bits(), Relaxed)' $lane::over_the_end_of_the_ring
mutant "the padding is visible before the record" $writer_rs "$zero$header$edge$commit$padding" "$zero$padding$header$edge$commit" $lane::over_the_end_of_the_ring
mutant "the padding is visible before the next header is zeroed" $writer_rs "$zero$header$edge$commit$padding" "$header$edge$commit$padding$zero" $lane::over_the_end_of_the_ring
mutant "committed is stored before the header" $writer_rs "$zero$header$edge$commit" "$committed$zero$header$edge$commit" $dead_writer::between_padding_and_record
mutant "count is stored before the header" $writer_rs "$zero$header$edge$commit" "        self.memory.count().store(self.count.wrapping_add(1), Relaxed);
$zero$header$edge$commit" $dead_writer::between_padding_and_record
mutant "count is stored after committed" $writer_rs "$count$committed" "$committed$count" $dead_writer::between_padding_and_record
mutant "committed is Relaxed" $writer_rs "$committed" "${committed/Release/Relaxed}" $lane::observers_see_only_what_is_there
mutant "no room is kept for the next header" $writer_rs 'if end.plus(next_header).since(self.consumed)' 'if end.since(self.consumed)' $lane::over_the_end_of_the_ring
mutant "no room is kept for the next header before the frontier" $writer_rs 'self.consumed.plus(self.geometry.capacity() - next_header)' 'self.consumed.plus(self.geometry.capacity())' $lane::up_to_the_end_of_the_ring
mutant "the frontier does not heed the reader" $writer_rs 'self.frontier = Position(lap_end.0.min(limit.0));' 'self.frontier = lap_end;' $lane::up_to_the_end_of_the_ring
mutant "the frontier does not heed the end of the ring" $writer_rs 'self.frontier = Position(lap_end.0.min(limit.0));' 'self.frontier = limit;' $lane::over_the_end_of_the_ring
mutant "room is not asked for the padding" $writer_rs 'if end.plus(next_header).since(self.consumed)' 'if end.plus(next_header).since(self.consumed.plus(padding))' $lane::over_the_end_of_the_ring
mutant "consumed is loaded Relaxed before its bytes are reused" $writer_rs 'let consumed = Position(self.memory.consumed().load(Acquire));' 'let consumed = Position(self.memory.consumed().load(Relaxed));' $lane::over_the_end_of_the_ring

echo "--- the writer's successor"
mutant "it does not walk over what is committed" $writer_rs '        writer.walk_to_end()?;
' '' $dead_writer::between_padding_and_record
mutant "it does not learn the count from the headers" $writer_rs '                    self.count = sequence.wrapping_add(1);
' '' $dead_writer::between_padding_and_record
mutant "it stops at padding" $writer_rs 'RecordKind::Empty => return Ok(())' 'RecordKind::Empty | RecordKind::Padding => return Ok(())' $dead_writer::between_padding_and_record
mutant "it takes committed for consumed" $writer_rs 'count, consumed, frontier: committed }' 'count, consumed: committed, frontier: committed }' $dead_writer::between_padding_and_record
mutant "it loads consumed Relaxed" $writer_rs 'let consumed = Position(memory.consumed().load(Acquire));' 'let consumed = Position(memory.consumed().load(Relaxed));' $dead_writer::between_padding_and_record
mutant "it does not tell observers the count" $writer_rs '        writer.memory.count().store(writer.count, Relaxed);
' '' $dead_writer::between_padding_and_record
mutant "it does not tell observers the position" $writer_rs '        writer.memory.committed().store(writer.position.0, Release); // EDGE committed→observe
' '' $dead_writer::between_padding_and_record

mutant "it tells observers the position Relaxed" $writer_rs 'writer.memory.committed().store(writer.position.0, Release)' 'writer.memory.committed().store(writer.position.0, Relaxed)' $dead_writer::and_observers_see_only_what_is_there

echo "--- the reader"
mutant "poll loads the header Relaxed" $reader_rs 'self.memory.header(self.position).load(Acquire)' 'self.memory.header(self.position).load(Relaxed)' $lane::over_the_end_of_the_ring
mutant "consumed is stored Relaxed" $reader_rs 'store(self.position.0, Release)' 'store(self.position.0, Relaxed)' $lane::over_the_end_of_the_ring
mutant "consumed is published before the copy" $reader_rs '            Some(record) => Ok(Some(record)),
' '            Some(record) => {
                self.memory.consumed().store(record.end.0, Release);
                Ok(Some(record))
            }
' $lane::over_the_end_of_the_ring
mutant "the frontier does not heed what is to be published" $reader_rs 'self.frontier = Position(lap_end.0.min(publish_at.0));' 'self.frontier = lap_end;' $dead_reader::before_the_frontier
mutant "rewinding forgets the number" $reader_rs '        self.sequence = mark.sequence;
' '' $dead_reader::after_second_thoughts

echo "--- the reader's successor"
mutant "it takes the count for the number of the next message" $reader_rs 'sequence_known: false,' 'sequence_known: true,' $dead_reader::between_padding_and_record
mutant "it learns the number from a count that is too old" $reader_rs 'header.sequence_not_above(self.memory.count().load(Relaxed))' 'header.sequence_not_above(self.sequence)' $dead_reader::between_padding_and_record
mutant "it starts at committed" $reader_rs 'let consumed = Position(memory.consumed().load(Acquire));' 'let consumed = Position(memory.committed().load(Acquire));' $dead_reader::between_padding_and_record

echo "--- the eventcount"
mutant "no heavy fence" $eventcount_rs '    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `notify`
' '' $eventcount::one_sleeper_and_one_waker
mutant "no light fence" $eventcount_rs '    parking.light_fence(); // FENCE waker: pairs with FENCE sleeper in `prepare`
' '' $eventcount::one_sleeper_and_one_waker
mutant "the flag is set after the heavy fence" $eventcount_rs '    let seen = word.fetch_or(SLEEPERS, Relaxed) | SLEEPERS;
    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `notify`
' '    parking.heavy_fence();
    let seen = word.fetch_or(SLEEPERS, Relaxed) | SLEEPERS;
' $eventcount::one_sleeper_and_one_waker
mutant "the flag is cleared without a step of the sequence" $eventcount_rs 'seen.wrapping_add(STEP) & !SLEEPERS' 'seen & !SLEEPERS' $eventcount::two_sleepers_and_one_waker
mutant "the wake comes before the flag is cleared" $eventcount_rs '    if word.compare_exchange(seen, cleared, Relaxed, Relaxed).is_err() {
        return false;
    }
    parking.unpark_all(word);
' '    parking.unpark_all(word);
    if word.compare_exchange(seen, cleared, Relaxed, Relaxed).is_err() {
        return false;
    }
' $eventcount::one_sleeper_and_one_waker
mutant "the sleeper does not use its ticket" $eventcount_rs 'parking.park(word, ticket.0, until);' 'parking.park(word, word.load(Relaxed), until);' $eventcount::one_sleeper_and_one_waker

echo "--- harmless"
death="the proof of its predecessor's death comes in between"
harmless "a writer's successor loads committed Relaxed" "$death" $writer_rs 'let committed = Position(memory.committed().load(Acquire));' 'let committed = Position(memory.committed().load(Relaxed));' $dead_writer $both
harmless "a writer's successor loads headers Relaxed" "$death" $writer_rs 'self.memory.header(position).load(Acquire)' 'self.memory.header(position).load(Relaxed)' $dead_writer $both
harmless "a reader's successor loads consumed Relaxed" "$death" $reader_rs 'let consumed = Position(memory.consumed().load(Acquire));' 'let consumed = Position(memory.consumed().load(Relaxed));' $dead_reader $both
harmless "rewinding leaves the frontier in a later lap" "only what no writer writes could stand before it" $reader_rs '        self.frontier = mark.position;
' '' $dead_reader::after_second_thoughts

echo
echo "$mutants mutants, $killed killed; $harmless changes that are harmless, as they have to be"
((wrong == 0))
