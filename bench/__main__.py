"""Run every benchmark: ``python -m bench``."""

from bench import step, views

if __name__ == "__main__":
    step.main()
    views.main()
