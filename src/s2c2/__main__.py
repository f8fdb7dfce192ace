"""``python -m s2c2``: the command line, as ``torchrun -m s2c2`` starts it."""

from s2c2.cli import main

if __name__ == "__main__":
    main()
