"""Errors that a person can act on: each message is one sentence with what, where and what to do."""


class LungsegError(Exception):
    """Base of every error that this project raises on purpose."""


class UsageError(LungsegError):
    """Wrong use: missing input, output in the way, unknown name. Commands exit with 2."""


class UnreadableError(LungsegError):
    """A file that cannot be decoded into slices. Commands give it a row and go on."""


class CheckpointError(UsageError):
    """Weights and card that are missing, foreign, damaged or do not fit together."""


class DataWarning(UserWarning):
    """What must be known of data that are read nevertheless. Commands print it as one line."""
