#!/usr/bin/env bash
# Proves that the C interface is what its header says: the header is the sources', what the manual tells a newcomer to type
# works, an installed library is found by the loader, pkg-config and CMake, is used by C and C++ programs without a warning,
# exports what the header declares and nothing else, and carries a whole feed between C and the command, in both directions,
# byte for byte and without an error or leak under valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/lib/kinds.sh

target=${CARGO_TARGET_DIR:-target}
memlane=$target/release/memlane
# A transfer that takes longer has hung.
seconds_max=120

folder=$(mktemp -d)
MEMLANE_DIR=$(mktemp -d /dev/shm/memlane-ffi.XXXXXX)
export MEMLANE_DIR
clean_up() {
    local pid
    for pid in $(jobs -p); do kill -KILL "$pid" 2>/dev/null || true; done
    rm -rf "$folder" "$MEMLANE_DIR"
}
trap clean_up EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

echo "the header is what the sources say"
make --silent --no-print-directory -C ffi header HEADER="$folder/memlane.h"
diff -u ffi/include/memlane.h "$folder/memlane.h" || fail "the header is out of date: make -C ffi header"

bash ci/lib/c_manual.sh "$folder" || fail "the manual's blocks do not do what they print"

echo "installing"
cargo build --quiet --release --bin memlane
prefix=$folder/usr
# Twice: the second time finds the first one's files.
for _ in 1 2; do make --silent --no-print-directory -C ffi install PREFIX="$prefix" 2>"$folder/notes"; done
grep -qF "link programs with -Wl,-rpath,$prefix/lib" "$folder/notes" || fail "nothing is said about $prefix/lib, where no loader looks"
make --silent --no-print-directory -C ffi install PREFIX=/opt/memlane DESTDIR="$folder/stage"
diff -r --exclude=*.pc --no-dereference "$prefix" "$folder/stage/opt/memlane" || fail "DESTDIR changes more than places"
for file in memlane memlane-static; do
    grep -qx 'prefix=/opt/memlane' "$folder/stage/opt/memlane/lib/pkgconfig/$file.pc" || fail "DESTDIR is in $file.pc"
done
make --silent --no-print-directory -C ffi uninstall PREFIX=/opt/memlane DESTDIR="$folder/stage"
left=$(find "$folder/stage" -not -type d -o -name '*memlane' -path '*/cmake/*')
[[ -z $left ]] || fail "uninstall leaves $left"
for library in libmemlane.so libmemlane.a; do
    [[ -z $(readelf --sections --wide "$prefix/lib/$library" | grep '\.debug_info') ]] || fail "$library is not stripped"
done

echo "CMake finds it"
cmake -S ci/lib/find_package -B "$folder/cmake" -DCMAKE_PREFIX_PATH="$prefix" >"$folder/cmake.log" || fail "see $(cat "$folder/cmake.log")"
cmake --build "$folder/cmake" >>"$folder/cmake.log" || fail "see $(cat "$folder/cmake.log")"
for program in hello hello-static; do
    [[ $("$folder/cmake/$program") == hello ]] || fail "$program, built by CMake, does not say hello"
done

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
export LD_LIBRARY_PATH=$prefix/lib
version=$(sed -n 's/^#define MEMLANE_VERSION "\(.*\)"/\1/p' "$prefix/include/memlane.h")
[[ $(pkg-config --modversion memlane) == "$version" ]] || fail "memlane.pc and the header disagree about the version"
soname=libmemlane.so.${version%%.*}
readelf --dynamic "$prefix/lib/libmemlane.so" | grep -q "SONAME.*\[$soname\]" || fail "the SONAME is not $soname"
readelf --dynamic "$prefix/lib/libmemlane.so" | grep -q NODELETE || fail "dlclose would unmap the handlers for forks"

echo "what is exported is what is declared"
nm --dynamic --defined-only "$prefix/lib/libmemlane.so" | awk '{ print $3 }' | sort >"$folder/exported"
grep -o '\bmemlane_[a-z_]*(' "$prefix/include/memlane.h" | tr -d '(' | sort -u >"$folder/declared"
diff "$folder/declared" "$folder/exported" || fail "header (<) and library (>) disagree"

warnings=(-Wall -Wextra -Werror -pedantic -Wconversion -Wshadow)
read -ra static < <(pkg-config --libs memlane-static)
read -ra flags < <(pkg-config --cflags memlane)
read -ra shared < <(pkg-config --libs memlane)

# build COMPILER STANDARD LANGUAGE SOURCE PROGRAM LIBRARIES…
build() {
    "$1" "-std=$2" -O2 -g "${warnings[@]}" -x "$3" "$4" -x none "${flags[@]}" -o "$5" "${@:6}"
}

compilers=("gcc c99 c" "g++ c++17 c++")
if command -v clang >/dev/null; then compilers+=("clang c99 c" "clang++ c++17 c++"); fi
for compiler in "${compilers[@]}"; do
    read -r cc standard language <<<"$compiler"
    echo "$cc, $standard"
    for source in ffi/tests/version.c ffi/tests/calls.c ffi/tests/interruptions.c ffi/tests/feed.c ffi/examples/*.c; do
        build "$cc" "$standard" "$language" "$source" "$folder/$cc.$(basename "$source" .c)" "${shared[@]}"
    done
    "$folder/$cc.version" || fail "header and library do not belong together (status $?)"
    [[ $("$folder/$cc.hello") == hello ]] || fail "the example does not say hello"
    for pair in "spsc_sender spsc_receiver 10" "mpsc_sender mpsc_receiver 10" "broadcast_sender broadcast_receiver 10" "mpmc_producer mpmc_worker 20"; do
        read -r sender receiver messages <<<"$pair"
        "$folder/$cc.$sender" || fail "the example $sender"
        [[ $("$folder/$cc.$receiver" | wc -l) == "$messages" ]] || fail "the example $receiver does not print what it should"
    done
    [[ -z $(ls -A "$MEMLANE_DIR") ]] || fail "an example leaves $(ls -A "$MEMLANE_DIR")"
    "$folder/$cc.calls" "$MEMLANE_DIR/calls" || fail "calls.c, by $cc"
    "$folder/$cc.interruptions" "$MEMLANE_DIR/interruptions" || fail "interruptions.c, by $cc"
done
build gcc c99 c ffi/examples/hello.c "$folder/static" "${static[@]}"
(unset LD_LIBRARY_PATH && [[ $("$folder/static") == hello ]]) || fail "the static library does not say hello"

# What is found by a pointer into its middle is no leak: Rust keeps the handle of the calling thread so.
check=(timeout "$seconds_max" valgrind --quiet --error-exitcode=1 --leak-check=full
    --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect)
echo "every call under valgrind"
"${check[@]}" "$folder/gcc.calls" "$MEMLANE_DIR/calls" || fail "calls.c under valgrind"

bash ci/lib/feed.sh "$folder/feed"
lines=$(wc -l <"$folder/feed")

# transfer KIND HOW DIRECTION: all of the feed, the C side under valgrind.
transfer() {
    local kind=$1 how=$2 direction=$3 name=$1-$2-$3 receiver
    local c=("${check[@]}" "$folder/gcc.feed")
    "$memlane" create "$name" --kind "$kind" --max-message 64K >"$folder/created"
    if [[ $direction == from-c ]]; then
        timeout "$seconds_max" "$memlane" recv "$name" >"$folder/out" &
        receiver=$!
        "${c[@]}" send "$name" "$how" <"$folder/feed" || fail "$name: the sender's status is $?"
    else
        "${c[@]}" recv "$name" "$how" >"$folder/out" &
        receiver=$!
        timeout "$seconds_max" "$memlane" send "$name" <"$folder/feed" || fail "$name: the sender's status is $?"
    fi
    wait "$receiver" || fail "$name: the receiver's status is $?"
    cmp "$folder/feed" "$folder/out" || fail "$name: what arrived differs from what was sent"
    "$memlane" rm "$name"
    echo "$name: $lines messages, identical"
}

kinds=$(kinds "$memlane")
for kind in $kinds; do
    for how in copy place; do
        for direction in from-c to-c; do
            transfer "$kind" "$how" "$direction"
        done
    done
done
[[ -z $(ls -A "$MEMLANE_DIR") ]] || fail "left behind: $(ls -A "$MEMLANE_DIR")"
