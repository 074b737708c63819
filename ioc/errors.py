"""Every error the project raises on purpose.

    IocError
     +-- ConfigError      the configuration cannot work: do not start
     +-- Rejected         one record cannot be accepted: keep it aside, never retry
     +-- Unstorable       the database cannot hold what some record of a batch says: find it, keep it aside
     +-- Transient        a server did not answer: back off and retry
     +-- Fenced           another process owns the partition now: drop the batch, claim again
     +-- OperatorError    a person must do something: say what, in one line
     +-- Unseen           it cannot be seen from here whether something is well

Driver errors are translated into these once, by class, in `ioc.store.connect`. Anything else is a bug: it ends the
process, and the supervisor starts it again.
"""


class IocError(Exception):
    """The root; never raised itself."""


class ConfigError(IocError):
    """The configuration cannot work; the text names the key and says what to do."""


class Rejected(IocError):
    """One record that cannot be accepted; ``reason`` is the machine-readable word of the contract."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Unstorable(IocError):
    """The database refused the values of a batch: the same call will fail again until the culprit is left out."""


class Transient(IocError):
    """A server did not answer or ended the connection; the same call may succeed later."""


class Fenced(IocError):
    """The claim on a partition was lost; what was read since must be dropped and read again by its new owner."""


class OperatorError(IocError):
    """A person must do something; the text is one line that says what."""


class Unseen(IocError):
    """It cannot be seen from here whether something is well; the text says where to look."""
