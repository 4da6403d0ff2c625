"""`python -m tafadi` is the program."""

from tafadi.cli.main import run

if __name__ == "__main__":
    run()
