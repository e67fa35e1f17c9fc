"""Reading the file that `env_file` names."""

from __future__ import annotations

from flowcron.config.small_files import NoSmallFileError, read_small
from flowcron.domain.env_file import EnvFileError, parse_env_file
from flowcron.errors import FlowcronError


class EnvironmentFileError(FlowcronError):
    """The file of variables cannot be used; names the file, and the line where there is one."""


def read_env_file(path: str) -> dict[str, str]:
    """Return the variables in a file; raises EnvironmentFileError."""
    try:
        text = read_small(path).decode("utf-8-sig")
        return parse_env_file(text)
    except EnvFileError as error:
        message = f"env_file {path}, line {error.line}: {error.message}"
        raise EnvironmentFileError(message, hint=error.hint) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"env_file {path}, line {line}: it is not UTF-8"
        raise EnvironmentFileError(message, hint="save it as UTF-8") from None
    except FileNotFoundError:
        message, hint = f"env_file {path} does not exist", "create it, or leave env_file out"
        raise EnvironmentFileError(message, hint=hint) from None
    except NoSmallFileError as error:
        message, hint = f"env_file {path} {error}", "name a file with NAME=value lines"
        raise EnvironmentFileError(message, hint=hint) from None
    except OSError as error:
        message = f"env_file {path} cannot be read: {error.strerror}"
        raise EnvironmentFileError(message, hint="let the scheduler's user read it") from None
