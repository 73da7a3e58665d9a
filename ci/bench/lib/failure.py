"""The one error that a bench expects and explains."""


class BenchError(Exception):
    """Something that a person can act on: shown as one line, without a traceback.

    `hint` tells what to do next, as the gateway's own errors do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
