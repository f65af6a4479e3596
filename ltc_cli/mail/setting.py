"""What the settings say about mail, checked before anything is queued."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from ltc_cli.errors import ConfigError
from ltc_cli.mail.smtp import Server, is_loopback
from ltc_cli.rules.contact import is_carried, normalise_email, not_carried

if TYPE_CHECKING:
    from pathlib import Path

    from ltc_cli.settings import Mail, Settings

OTHERS_MAY_READ = 0o077
COMMAND_SECONDS = 60


def sender(settings: Settings) -> str:
    """The address that mails come from. Raises ConfigError where there is none."""
    key = "mail.from" if settings.mail.from_address else "company.email"
    address = settings.mail.from_address or settings.company.email
    if address is None:
        raise ConfigError("mail.from is not set: mails have no sender", "set mail.from or company.email in config.yaml")
    email_norm = normalise_email(address)
    if not is_carried(email_norm):
        raise ConfigError(f"{key}: {email_norm:.80} is no plain ASCII address", "no mail can come from it")
    return email_norm


def sender_name(settings: Settings) -> str:
    """The name beside that address. Raises ConfigError where no mail can carry it."""
    name = settings.company.name or ""
    why = not_carried(name)
    if why:
        raise ConfigError(f"company.name {why}", "no mail can carry it; other lines are for company.address")
    return name


def no_server() -> ConfigError:
    hint = "set it in config.yaml; dun, nurture --due, send and outbox send write files by --to-folder DIR"
    return ConfigError("there is no mail server: mail.host is not set", hint)


def server(mail: Mail) -> Server:
    """Where mails are handed in, with the password. Raises ConfigError where that is not set, or not safe."""
    if mail.host is None:
        raise no_server()
    refuse_plain_elsewhere(mail)
    tls = mail.tls or ("none" if _is_this_machine(mail.host) else "required")
    return Server(mail.host, mail.port, tls, mail.user, password(mail))


def missing(settings: Settings, *, writes: bool, sends: bool) -> str | None:
    """Why no mail can be written, or sent, as far as the settings tell; no server and no password is asked for."""
    try:
        if writes:
            sender(settings)
            sender_name(settings)
        if sends and settings.mail.host is None:
            raise no_server()
    except ConfigError as error:
        return error.message
    return None


def refuse_plain_elsewhere(mail: Mail) -> None:
    """Raise ConfigError where mails and the password would leave this machine for all to read."""
    if mail.host and mail.tls == "none" and not _is_this_machine(mail.host):
        raise ConfigError(f"mail.tls is none, but {mail.host} is another machine", "mail.tls: required")


def _is_this_machine(host: str) -> bool:
    """A name that cannot be looked up now may be another machine's."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(is_loopback(str(address[0])) for *_rest, address in found)


def password(mail: Mail) -> str | None:
    """What `mail.user` logs in with. Raises ConfigError where it cannot be had."""
    if mail.password_command:
        key, text = "mail.password_command", _from_command(mail.password_command)
    elif mail.password_file:
        key, text = "mail.password_file", _from_file(mail.password_file)
    elif mail.user:
        raise ConfigError("mail.user has no password", "set mail.password_file or mail.password_command")
    else:
        return None
    found = text.splitlines()[0] if text else ""
    if not (found and found.isascii() and found.isprintable()):
        raise ConfigError(f"{key}: the password is empty, or not plain ASCII", "its first line is the password")
    return found


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS_MAY_READ:
                raise ConfigError(f"mail.password_file: others may read {path}", f"chmod 600 {path}")
            return file.read().decode("utf-8", "replace")
    except OSError as error:
        raise ConfigError(
            f"mail.password_file {path} cannot be read: {error.strerror}", "it holds the password"
        ) from error


def _from_command(command: str) -> str:
    import shlex
    import subprocess

    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=True)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        hint = "run it by hand; it prints the password and ends with exit code 0"
        raise ConfigError(f"mail.password_command {_failure(error)}", hint) from error
    return done.stdout.decode("utf-8", "replace")


def _failure(error: Exception) -> str:
    """What became of a command, without a word of it: it may hold a secret."""
    import subprocess

    match error:
        case subprocess.TimeoutExpired():
            return f"did not end within {COMMAND_SECONDS} seconds"
        case subprocess.CalledProcessError(returncode=code) if code < 0:
            return f"was ended by signal {-code}"
        case subprocess.CalledProcessError(returncode=code):
            return f"ended with exit code {code}"
        case OSError(strerror=said):
            return f"cannot be run: {said}"
    return f"cannot be read: {error}"
