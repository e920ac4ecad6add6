"""Giving memory back."""


def trim() -> None:
    """Has the C library give back to the system what was freed between what is still in use, where it can: by itself it
    keeps that. For the moments when much was let go; takes under a millisecond. The twin cannot."""
