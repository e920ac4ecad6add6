"""leakguard finds secrets in git history, working trees and config files, and says what to do about each."""

__version__ = "0.1.0"
