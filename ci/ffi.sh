#!/usr/bin/env bash
# Proves that the C interface is what its header says: the header is the sources', an installed library is found and used
# by C and C++ programs without a warning, exports what the header declares and nothing else, and carries a whole feed
# between C and the command, in both directions, byte for byte and without an error or leak under valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."

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

echo "installing"
cargo build --quiet --release --bin memlane
prefix=$folder/usr
make --silent --no-print-directory -C ffi install PREFIX="$prefix"
make --silent --no-print-directory -C ffi install PREFIX=/opt/memlane DESTDIR="$folder/stage"
diff -r --exclude=memlane.pc --no-dereference "$prefix" "$folder/stage/opt/memlane" || fail "DESTDIR changes more than places"
grep -qx 'prefix=/opt/memlane' "$folder/stage/opt/memlane/lib/pkgconfig/memlane.pc" || fail "DESTDIR is in memlane.pc"
make --silent --no-print-directory -C ffi uninstall PREFIX=/opt/memlane DESTDIR="$folder/stage"
[[ -z $(find "$folder/stage" -not -type d) ]] || fail "uninstall leaves $(find "$folder/stage" -not -type d)"

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
export LD_LIBRARY_PATH=$prefix/lib
version=$(sed -n 's/^#define MEMLANE_VERSION "\(.*\)"/\1/p' "$prefix/include/memlane.h")
[[ $(pkg-config --modversion memlane) == "$version" ]] || fail "memlane.pc and the header disagree about the version"
soname=libmemlane.so.${version%%.*}
readelf --dynamic "$prefix/lib/libmemlane.so" | grep -q "SONAME.*\[$soname\]" || fail "the SONAME is not $soname"

echo "what is exported is what is declared"
nm --dynamic --defined-only "$prefix/lib/libmemlane.so" | awk '{ print $3 }' | sort >"$folder/exported"
grep -o '\bmemlane_[a-z_]*(' "$prefix/include/memlane.h" | tr -d '(' | sort -u >"$folder/declared"
diff "$folder/declared" "$folder/exported" || fail "header (<) and library (>) disagree"

warnings=(-Wall -Wextra -Werror -pedantic -Wconversion -Wshadow)
# What a static library needs besides itself; what a shared one does not.
read -ra static < <(pkg-config --static --libs memlane)
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
    for source in ffi/tests/version.c ffi/tests/calls.c ffi/tests/feed.c ffi/examples/hello.c; do
        build "$cc" "$standard" "$language" "$source" "$folder/$cc.$(basename "$source" .c)" "${shared[@]}"
    done
    "$folder/$cc.version" || fail "header and library do not belong together (status $?)"
    [[ $("$folder/$cc.hello") == hello ]] || fail "the example does not say hello"
    "$memlane" rm hello
    "$folder/$cc.calls" "$MEMLANE_DIR/calls" || fail "calls.c, by $cc"
done
build gcc c99 c ffi/examples/hello.c "$folder/static" -Wl,-Bstatic -L"$prefix/lib" -lmemlane -Wl,-Bdynamic \
    $(printf '%s\n' "${static[@]}" | grep -v -e -lmemlane -e ^-L)
(unset LD_LIBRARY_PATH && [[ $("$folder/static") == hello ]]) || fail "the static library does not say hello"
"$memlane" rm hello

check=(timeout "$seconds_max" valgrind --quiet --error-exitcode=1 --leak-check=full)
echo "every call under valgrind"
"${check[@]}" "$folder/gcc.calls" "$MEMLANE_DIR/calls" || fail "calls.c under valgrind"

bash ci/lib/feed.sh "$folder/feed"
lines=$(wc -l <"$folder/feed")

# transfer KIND HOW DIRECTION: all of the feed, the C side under valgrind.
transfer() {
    local kind=$1 how=$2 direction=$3 name=$1-$2-$3 receiver
    local c=("${check[@]}" "$folder/gcc.feed") options=()
    if [[ $kind == mpmc ]]; then options=(--max-message 64K); fi
    "$memlane" create "$name" --kind "$kind" "${options[@]}" >"$folder/created"
    if [[ $direction == from-c ]]; then
        timeout "$seconds_max" "$memlane" recv "$name" >"$folder/out" &
        receiver=$!
        "${c[@]}" send "$kind" "$name" "$how" <"$folder/feed" || fail "$name: the sender's status is $?"
    else
        "${c[@]}" recv "$kind" "$name" "$how" >"$folder/out" &
        receiver=$!
        timeout "$seconds_max" "$memlane" send "$name" <"$folder/feed" || fail "$name: the sender's status is $?"
    fi
    wait "$receiver" || fail "$name: the receiver's status is $?"
    cmp "$folder/feed" "$folder/out" || fail "$name: what arrived differs from what was sent"
    "$memlane" rm "$name"
    echo "$name: $lines messages, identical"
}

for kind in spsc mpmc; do
    for how in copy place; do
        for direction in from-c to-c; do
            transfer "$kind" "$how" "$direction"
        done
    done
done
[[ -z $(ls -A "$MEMLANE_DIR") ]] || fail "left behind: $(ls -A "$MEMLANE_DIR")"
