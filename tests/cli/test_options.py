"""Options that need no conversion: they are taken as they are, and what converts the others is not loaded for them."""

import subprocess
import sys
from pathlib import Path

ASKED = """
import sys
from tafadi.cli.main import run

sys.argv = ["tafadi", *{arguments}]
try:
    run()
except SystemExit as ended:
    print(ended.code, "pydantic" in sys.modules, file=sys.stderr)
"""


def told(*arguments: str) -> list[str]:
    """What the program says on standard error, and last its exit code and whether it loaded what converts options."""
    code = ASKED.format(arguments=arguments)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.splitlines()


def test_a_check_loads_nothing_to_convert_text_that_stays_text(tmp_path: Path) -> None:
    lines = told("check", str(tmp_path / "absent"), "--minima", "5 [NM] / 1000 [ft]", "--json", "--window", "now")
    assert "is not two times" in lines[0]
    assert lines[-1] == "2 False"


def test_a_number_and_a_word_of_a_list_are_converted_as_ever() -> None:
    for arguments, option in ((("scan", "absent", "--workers", "x"), "--workers"), (("check", "absent", "--format", "yards"), "--format")):
        lines = told(*arguments)
        assert option in "".join(lines)
        assert lines[-1] == "2 True"
