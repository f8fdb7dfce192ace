"""Run every benchmark: ``python -m bench``."""

from bench import step

if __name__ == "__main__":
    step.main()
