# Sourced, not run: `kinds MEMLANE` prints the names of the kinds of channels that this command `memlane` knows and whose messages go to
# one receiver each, which are those that its demo takes but broadcast, so that a new one joins the checks by itself.
kinds() {
    local names
    names=$("$1" demo --help | tr '\n' ' ' | sed 's/.*--kind <KIND>//; s/\[possible values: \([^]]*\)\].*/\n\1/' | sed -n '2s/,//gp')
    [[ $names == *spsc* ]] || { echo "FAILED: $1 does not say which kinds there are" >&2; return 1; }
    echo "${names//broadcast/}"
}
