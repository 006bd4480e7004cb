"""Writes the peers' programs from our own template, so that all of them make the same resources.

    generate.py TEMPLATE ENVIRONMENTS FOLDER

TEMPLATE is one platform with a placeholder for every value of its environment, ENVIRONMENTS the list of the values, both as JSON.
What comes out is written as a person would write it: one function of a configuration, with a variable for every resource.
"""

import json
import re
import sys
from pathlib import Path

import to_cdk
import to_troposphere

# Numbers that `examples/platform.rs` puts in place of values.
NUMBERS = {
    900_000_001: "visibility_seconds",
    900_000_002: "log_days",
    900_000_003: "submit_rate",
    900_000_004: "submit_burst",
    900_000_005: "read_rate",
    900_000_006: "read_burst",
    900_000_007: "oldest_seconds",
    900_000_008: "memory_mb",
    900_000_009: "network",
}
PLACEHOLDER = re.compile("@([a-z_]+)@|(" + "|".join(map(str, NUMBERS)) + ")")


def field(value):
    """The field of the configuration that a number stands for, if any."""
    return NUMBERS.get(value) if isinstance(value, int) and not isinstance(value, bool) else None


def pieces(text):
    """A text as literal pieces and fields: [("text", "jobs-"), ("field", "name")]."""
    found, end = [], 0
    for match in PLACEHOLDER.finditer(text):
        if end < match.start():
            found.append(("text", text[end : match.start()]))
        found.append(("field", match[1] or NUMBERS[int(match[2])]))
        end = match.end()
    if end < len(text):
        found.append(("text", text[end:]))
    return found


def main():
    template, environments, folder = json.loads(Path(sys.argv[1]).read_text()), json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
    known = {"AWSTemplateFormatVersion", "Description", "Resources", "Outputs"}
    if unknown := template.keys() - known:
        sys.exit(f"sections that the generator does not know: {', '.join(sorted(unknown))}")
    (folder / "platform.py").write_text(to_troposphere.program(template, environments))
    (folder / "platform.js").write_text(to_cdk.program(template, environments))


if __name__ == "__main__":
    # The backends ask this very module about placeholders.
    sys.modules["generate"] = sys.modules["__main__"]
    main()
