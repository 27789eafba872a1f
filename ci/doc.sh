#!/usr/bin/env bash
# Proves that the documentation builds without a warning, private items included: no broken link, no malformed markup.
set -euo pipefail
cd "$(dirname "$0")/.."

RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items
