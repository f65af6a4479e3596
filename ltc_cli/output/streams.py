"""Streams as the shell hands them over: closed, on a full disk, or with nobody at the other end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def usable(stream: TextIO | None) -> TextIO:
    """The stream; where it was closed before we began (`>&-`), one that takes everything and keeps nothing."""
    return stream if stream is not None else open(os.devnull, "w", encoding="utf-8")


def silence(stream: TextIO) -> None:
    """Let the stream lead nowhere, so that what is left in its buffer does not fail once more at exit."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)
    except (OSError, ValueError):  # it is no file, or is closed already
        return
