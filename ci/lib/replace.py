"""Replaces text that has to stand there exactly once: a change that was written for another state of the code is refused.

    replace.py FILE OLD NEW     Two places that change together are separated by a line that says <and>.
"""

import sys

AND = "\n<and>\n"


def replace(text, old, new):
    count = text.count(old)
    if count != 1:
        raise ValueError(f"what is to be replaced stands there {count} times:\n{old}")
    return text.replace(old, new)


def main(path, old, new):
    with open(path) as file:
        text = file.read()
    try:
        for old_part, new_part in zip(old.split(AND), new.split(AND), strict=True):
            text = replace(text, old_part, new_part)
    except ValueError as refusal:
        sys.exit(f"{path}: {refusal}")
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
