#!/usr/bin/env bash
# Proves that what is known to be interesting, and as much as a minute finds beyond it, makes no fuzz target fail:
# damaged files end in typed errors, and calls do what a plain queue does. Under AddressSanitizer.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
. ../ci/nightly.sh

bash ../ci/install-tools.sh fuzz
cargo clippy --all-targets -- -D warnings

# fuzz.sh [SECONDS]: how long each target runs.
seconds=${1:-60}

for target in open_image calls; do
    echo "$target, $seconds s"
    # What it finds goes into a folder that is not kept, next to the corpus that is.
    mkdir -p "corpus/$target"
    cargo_nightly fuzz run "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 -verbosity=0 -print_final_stats=1
done
