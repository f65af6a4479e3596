"""Mail for people without a server: one `.eml` file each; and letters to be printed, one `.txt` file each."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ltc_cli.errors import FailedError
from ltc_cli.mail.transport import NotTakenError, TakenError, UnreachableError
from ltc_cli.store import flush_folder, sha256

if TYPE_CHECKING:
    from pathlib import Path

    from ltc_cli.mail.transport import Envelope, Steps


def refuse_unfit(folder: Path) -> None:
    """Make the folder where there is none. Raises FailedError where nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise FailedError(f"cannot write to the folder {folder}: {error.strerror}", "name another one") from error


class Folder:
    """A transport that writes `M1.eml`: first under a hidden name, and its own only at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part: Path | None = None
        self._target = folder

    def offer(self, mail: Envelope) -> Steps:
        self._write(mail)
        yield
        return f"written to {self._part}"

    def _write(self, mail: Envelope) -> None:
        self._target = self.folder / mail.name
        # What another file of ltc writes there under the same name is another text.
        part = self.folder / f".{mail.name}.{sha256(mail.message)[:16]}.part"
        try:
            if self._target.exists():
                raise TakenError(f"{self._target} is there already")
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            self._part = part
            with open(descriptor, "wb") as file:
                file.write(mail.message)
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            self.abandon()
            raise UnreachableError(f"{self._target}: {error.strerror}") from error

    def finish(self) -> Steps:
        self._put_in_place()
        yield
        return f"written to {self._target}"

    def _put_in_place(self) -> None:
        assert self._part
        try:
            os.link(self._part, self._target)  # a rename would replace what somebody else has put there since
        except FileExistsError as error:
            raise TakenError(f"{self._target} is there already") from error
        except OSError as error:
            raise NotTakenError(f"{self._target}: {error.strerror}") from error
        finally:
            self.abandon()
        with suppress(OSError):  # it is there; not every file system keeps a folder that is asked to
            flush_folder(self.folder)

    def abandon(self) -> None:
        if self._part:
            self._part.unlink(missing_ok=True)
        self._part = None

    def close(self) -> None:
        """Nothing is held open."""
