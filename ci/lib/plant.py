"""plant.py FOLDER: makes FOLDER a copy of the sources with all bugs of ci/planted in them, each switched off until the variable
MEMLANE_PLANTED names it. A file that is the same as last time is not written, so that cargo does not compile it again.

A bug's patch, BUG.patch, says first what the bug does. Then come the files that it changes, each behind `---`, and in each of
them the places, each behind `@@`: lines that stay begin with a blank, lines that go with `-`, lines that come with `+`. The lines
that were there before have to stand exactly once in the file, and those that are there afterwards have to ask `planted("BUG")`.
"""

import os
import sys
from pathlib import Path

from replace import replace

PATCHES = Path("ci/planted")
# Defines `planted`; and the end of which file it is added to: the patches call `crate::sync::planted`.
SWITCH, SWITCHED = PATCHES / "switch.rs", Path("core/src/sync/mod.rs")
# What no build of the copy reads.
LEFT_OUT = {".git", "target", "fuzz"}


def files_below(folder):
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in files:
            if name not in LEFT_OUT:
                yield Path(path, name).relative_to(folder)


def places(patch):
    """The places that a patch changes: of each, the file, the old text and the new one."""
    path, found = None, []
    for line in patch.splitlines():
        if line.startswith("--- "):
            path = Path(line.removeprefix("--- "))
        elif path is None:
            continue
        elif line == "@@":
            found.append((path, [], []))
        elif line[:1] in (" ", "-", "+") and found:
            _, old, new = found[-1]
            if line[0] != "+":
                old.append(line[1:] + "\n")
            if line[0] != "-":
                new.append(line[1:] + "\n")
        else:
            raise ValueError(f"this is no line of a patch: {line!r}")
    if not found:
        raise ValueError("it changes nothing")
    return [(path, "".join(old), "".join(new)) for path, old, new in found]


def plant(patch, text_of):
    """Changes what a patch changes. `text_of` holds the files that the patches before it changed, and then those of this one."""
    for path, old, new in places(patch.read_text()):
        if f'planted("{patch.stem}")' not in new:
            raise ValueError(f"what it does to {path} is there without being asked for")
        try:
            text_of[path] = replace(text_of.get(path) or path.read_text(), old, new)
        except (OSError, ValueError) as refusal:
            raise ValueError(f"{path}: {refusal}") from None


def main(copy):
    text_of = {SWITCHED: SWITCHED.read_text() + "\n" + SWITCH.read_text()}
    refusals = []
    for patch in sorted(PATCHES.glob("*.patch")):
        try:
            plant(patch, text_of)
        except ValueError as refusal:
            refusals.append(f"{patch} does not apply: {refusal}")
    if refusals:
        sys.exit("\n".join(refusals))

    sources = set(files_below("."))
    for path in set(files_below(copy)) - sources:
        (copy / path).unlink()
    for path in sources:
        wanted = text_of[path].encode() if path in text_of else path.read_bytes()
        target = copy / path
        if not target.exists() or target.read_bytes() != wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
