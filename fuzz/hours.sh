#!/usr/bin/env bash
# Fuzzes every target for hours: hours.sh [HOURS], each. What was found that covers more is merged into the seeds, smallest
# first; look at it before you commit it.
set -euo pipefail
cd "$(dirname "$0")"
. ../ci/nightly.sh

hours=${1:-4}
bash ../ci/fuzz.sh $((hours * 3600))
for target in open_image calls; do
    cargo_nightly fuzz run "$target" "seeds/$target" "corpus/$target" -- -merge=1 -max_len=4096
done
