#!/usr/bin/env bash
# Proves that what is known to be interesting, and as much as a minute finds beyond it, makes no fuzz target fail:
# damaged files end in typed errors, and calls do what a plain queue does. Under AddressSanitizer.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
. ../ci/nightly.sh

bash ../ci/install-tools.sh fuzz
cargo clippy --all-targets -- -D warnings

# fuzz.sh [SECONDS]: how long each target runs; they run side by side.
seconds=${1:-30}

logs=$(mktemp -d)
TMPDIR=$(mktemp -d /dev/shm/memlane-fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$logs" "$TMPDIR"' EXIT
cargo_nightly fuzz build
declare -A running
for target in open_image calls; do
    # What it finds goes into a folder that is not kept, next to the corpus that is.
    mkdir -p "corpus/$target"
    cargo_nightly fuzz run "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 -verbosity=0 -print_final_stats=1 >"$logs/$target" 2>&1 &
    running[$target]=$!
done

failed=0
for target in "${!running[@]}"; do
    wait "${running[$target]}" || failed=1
    echo "$target, $seconds s"
    tail -n 40 "$logs/$target"
done
exit "$failed"
