"""The one exception tree of leakguard.

    LeakguardError            one sentence and the next step; exit status 2
    |- UsageError             the command line asks for something impossible
    |- ConfigError            a setting is wrong: names file and key
    |- RuleError              a rule is wrong: names file, rule and field
    `- RepositoryError        not a repository, or one that cannot be opened at all

What cannot be read *inside* of a repository is no exception: it is a `model.Skipped` value that reaches the report.
"""


class LeakguardError(Exception):
    """Base of everything that leakguard raises on purpose; its text is fit to be shown to the user."""


class UsageError(LeakguardError):
    """The command line asks for something that cannot be done."""


class ConfigError(LeakguardError):
    """A configuration file holds a wrong key, type, glob or expression."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")


class RuleError(LeakguardError):
    """A rule file holds something that cannot become a rule."""

    def __init__(self, file: str, rule: str, field: str, problem: str) -> None:
        super().__init__(f"{file}: rule {rule}: {field}: {problem}")
        self.file, self.rule, self.field, self.problem = file, rule, field, problem

    def __reduce__(self) -> tuple[type["RuleError"], tuple[str, str, str, str]]:
        return (RuleError, (self.file, self.rule, self.field, self.problem))


class RepositoryError(LeakguardError):
    """A path is no git repository, or its layout cannot be opened."""
