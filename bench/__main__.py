"""The load tests of the app: ``python -m bench annotate scroll cold``; ``s2c2 bench`` measures the rest."""

import sys
from importlib import import_module

if __name__ == "__main__":
    for name in sys.argv[1:] or ["annotate"]:
        import_module(f"bench.{name}").main()
