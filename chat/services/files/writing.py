"""What the stores share: the description of a file, its parts, and the writer that limits its size."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .errors import FileTooLarge


@dataclass(frozen=True)
class Info:
    """A file in a store: its name, its size in bytes, the time of its last change, and whether it is complete."""

    name: str
    size: int
    changed_at: datetime
    is_complete: bool


class Parts(Protocol):
    """The parts of a file, one after the other. `close` ends the reading early."""

    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...
    def close(self) -> None: ...


class Writer(ABC):
    """
    Writes one new file of at most `most_bytes`. `size` is the number of bytes so far.

    `finish` or `discard` ends the writing. The writer of a killed process leaves a file that the sweep deletes.
    """

    def __init__(self, name: str, most_bytes: float) -> None:
        self.name = name
        self.size = 0
        self._most_bytes = most_bytes

    def write(self, data: bytes) -> None:
        """Append a part. Raise FileTooLarge, NoSpace, or FileLost if the file was deleted meanwhile."""
        if self.size + len(data) > self._most_bytes:
            raise FileTooLarge(self.name)
        self._write(data)
        self.size += len(data)

    @abstractmethod
    def _write(self, data: bytes) -> None: ...

    @abstractmethod
    def finish(self) -> None:
        """Make the file complete, and durable: it survives a power cut. Raise NoSpace or FileLost."""

    @abstractmethod
    def discard(self) -> None:
        """Delete the file, also after `finish`. Do nothing if it was deleted meanwhile."""
