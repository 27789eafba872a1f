#!/usr/bin/env bash
# Proves that no hot path takes more instructions than its budget says: on a noisy machine, nothing else tells as much.
set -euo pipefail
cd "$(dirname "$0")/.."

benches/instructions.sh
