"""`python -m leakguard`."""

from leakguard.cli.main import run

if __name__ == "__main__":
    run()
