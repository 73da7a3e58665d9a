"""The errors that a bench expects and explains."""


class Explained(Exception):
    """Something that a person can act on: shown as one line, without a traceback.

    `hint` tells what to do next, as the gateway's own errors do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BenchError(Explained):
    """Something could not be measured; where it is one part of several, the others go on."""


class OutOfTime(Explained):
    """The whole bench took too long: nothing goes on."""
