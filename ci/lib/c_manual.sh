#!/usr/bin/env bash
# c_manual.sh FOLDER: types what the console blocks of docs/c.md say, in a fresh shell, and compares what comes with what is
# printed there. The first block installs into the system: that happens in a mount namespace of its own, and is left out, with
# a word about it, where the system has none.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=$1/manual
mkdir -p "$folder/home"
# The programs are built beside the repository's folder, not in it.
ln -s "$repository/ffi" "$folder/ffi"

# Of the blocks of docs/c.md, number $1: what is typed.
typed() {
    awk -v wanted="$1" '/^```/ { inside = $0 == "```console" && ++block == wanted } inside && sub(/^\$ /, "")' "$repository/docs/c.md"
}

# What is printed there.
printed() {
    awk -v wanted="$1" '/^```/ { inside = $0 == "```console" && ++block == wanted; next } inside && !/^\$ /' "$repository/docs/c.md"
}

# As sudo does: without the user's own folders in PATH, so without cargo.
sudo() {
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# type_block BLOCK COMMAND…: in a shell that COMMAND starts.
type_block() {
    local block=$1
    echo "docs/c.md, block $block"
    typed "$block" >"$folder/typed"
    [[ -s $folder/typed ]] || { echo "docs/c.md has no block $block" >&2; return 1; }
    { declare -f sudo; cat "$folder/typed"; } >"$folder/script"
    (cd "$folder" && env -i HOME="$folder/home" PATH="$PATH" MEMLANE_DIR="$MEMLANE_DIR" \
        MAKEFLAGS="--silent --no-print-directory" \
        CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" \
        ${CARGO_TARGET_DIR+CARGO_TARGET_DIR="$CARGO_TARGET_DIR"} \
        "${@:2}" bash -euo pipefail script) >"$folder/came"
    diff <(printed "$block") "$folder/came"
}

# Folders of its own where `install` puts things, and a list of the loader's with what the compiler needs beside it.
own_system=(unshare --map-root-user --mount bash -euc '
    mount -t tmpfs memlane /usr/local/lib
    mount -t tmpfs memlane /usr/local/include
    mkdir etc
    cp --recursive --no-dereference /etc/ld.so* /etc/alternatives etc
    mount --bind etc /etc
    "$@"' own_system)

if unshare --map-root-user --mount true 2>/dev/null; then
    type_block 1 "${own_system[@]}"
else
    echo "docs/c.md, block 1: NOT RUN, this system has no mount namespaces"
fi
type_block 2
type_block 3
