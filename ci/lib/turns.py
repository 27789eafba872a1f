"""Reads pipes evenly: none gets ahead of another one by more than a turn, until standard input ends. What came from PIPE is
then in PIPE.out."""

import os
import selectors
import sys

TURN_BYTES = 16 * 1024

selector = selectors.DefaultSelector()
got = {}
outputs = {}
for path in sys.argv[1:]:
    # Opening one waits for its writer.
    pipe = os.open(path, os.O_RDONLY)
    got[pipe] = 0
    outputs[pipe] = open(path + ".out", "wb")
selector.register(sys.stdin, selectors.EVENT_READ)
in_turns = True
while got:
    ahead = min(got.values()) + TURN_BYTES if in_turns else float("inf")
    for pipe, count in got.items():
        listens, may = pipe in selector.get_map(), count < ahead
        if may and not listens:
            selector.register(pipe, selectors.EVENT_READ)
        elif listens and not may:
            selector.unregister(pipe)
    for key, _ in selector.select():
        if key.fileobj is sys.stdin:
            selector.unregister(sys.stdin)
            in_turns = False
        elif part := os.read(key.fd, TURN_BYTES):
            outputs[key.fd].write(part)
            got[key.fd] += len(part)
        else:
            selector.unregister(key.fd)
            outputs.pop(key.fd).close()
            del got[key.fd]
