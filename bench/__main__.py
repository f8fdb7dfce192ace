"""Run benchmarks: ``python -m bench`` those of training, ``python -m bench annotate`` that of the server."""

import sys
from importlib import import_module

if __name__ == "__main__":
    for name in sys.argv[1:] or ["step", "views"]:
        import_module(f"bench.{name}").main()
