"""The benches of the line, one after another, as the makers printed them, into bench/last-line.md.

Run: python bench/all_line.py [ENTRIES]
"""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import flight
import line

OUT = Path(__file__).with_name("last-line.md")
LIBRARIES = ("cryptography", "pynacl", "msgspec", "uvicorn", "h11")


def main() -> None:
    """Measures, prints, and keeps what was printed."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else line.ENTRIES
    lines = [
        "# Measured last: the line",
        "",
        "`python bench/all_line.py`",
        "",
        f"* {os.cpu_count()} processors; {platform.system()}; Python {platform.python_version()}; "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "",
        "## Between two nodes",
        "",
        *flight.rows(flight.ROUNDS),
        "",
        "## The record",
        "",
        *line.rows(entries),
    ]
    OUT.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
