#!/usr/bin/env bash
# Proves that the README's test command passes: unit, integration and property tests, and every example in the docs.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --workspace
