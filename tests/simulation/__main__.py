"""Shows the world of one seed as a readable log: `make world SEED=17`."""

import sys

from simulation.memo import remembered
from simulation.seeded import live


def main() -> None:
    """Lives through the seed that was named."""
    seed = int(sys.argv[1])
    with remembered():
        world = live(seed, lambda line: sys.stdout.write(line + "\n"))
    sys.stdout.write(f"seed {seed} came to its end at {world.now_s:.1f} s; {world.plan}\n")


if __name__ == "__main__":
    main()
