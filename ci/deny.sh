#!/usr/bin/env bash
# Proves that every dependency has an allowed licence, comes from crates.io, is asked for by version, and (where the
# advisory database can be had) is neither yanked nor under an advisory.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob

workspaces=()
for workspace in . loom-tests fuzz; do
    if [[ -f $workspace/Cargo.toml ]]; then workspaces+=("$workspace"); fi
done

# deny WORKSPACE ARGUMENT…
deny() {
    cargo deny --manifest-path "$1/Cargo.toml" --config deny.toml "${@:2}"
}

for workspace in "${workspaces[@]}"; do
    echo "bans, licences and sources of $workspace"
    # The allow-list fits the top-level workspace exactly; the others may need less of it.
    if [[ $workspace == . ]]; then unused=--deny; else unused=--allow; fi
    deny "$workspace" check --hide-inclusion-graph "$unused" license-not-encountered bans licenses sources
done

# The database is a git repository on another host, which a build machine may not reach.
offline=()
if ! GIT_TERMINAL_PROMPT=0 timeout 20 cargo deny --config deny.toml fetch db >/dev/null 2>&1; then
    cached=("${CARGO_HOME:-$HOME/.cargo}"/advisory-dbs/*/.git)
    if ((${#cached[@]} == 0)); then
        echo "ADVISORIES WERE NOT CHECKED: their database cannot be fetched here, and none is cached"
        exit 0
    fi
    echo "the advisory database cannot be fetched here: using the cached one"
    offline=(--offline)
fi
for workspace in "${workspaces[@]}"; do
    echo "advisories for $workspace"
    deny "$workspace" "${offline[@]}" check --hide-inclusion-graph advisories
done
