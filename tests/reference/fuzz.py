"""One parser under atheris, which follows the branches that its input takes. Ends with 0, or with the input that it failed on.

Run: python tests/reference/fuzz.py PARSER [SECONDS]
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
with atheris.instrument_imports(include=["tafadi.formats", "tafadi.measure", "tafadi.model"]):
    from reference import parsers

LONGEST_BYTES: Final = 4_096  # of an input; what only larger ones break is tried with files of 1 GB
SLOWEST_S: Final = 10  # one input may not take longer
MEMORY_MB: Final = 1_024
SECONDS: Final = 600


def main() -> None:
    """Runs the parser that the first argument names for so many seconds as the second says."""
    name, seconds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    with atheris.instrument_imports(include=["tafadi.formats"]):
        run = parsers.parser(name)
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(parsers.seeds(name)):
        (folder / f"{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST_BYTES}", f"-timeout={SLOWEST_S}", f"-rss_limit_mb={MEMORY_MB}"]
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", f"-artifact_prefix={folder}/found-", str(folder)], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
