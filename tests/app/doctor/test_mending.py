"""What doctor mends by itself."""

from __future__ import annotations

from pathlib import Path

from flowcron.app.doctor.examine import Found
from flowcron.app.doctor.finding import Chmod, warning
from flowcron.app.doctor.mending import mend, mends


def test_a_mode_is_set_and_the_one_before_is_told(tmp_path: Path) -> None:
    secret = tmp_path / "pw"
    secret.touch()
    secret.chmod(0o644)

    done = mend(Chmod(secret, 0o600))

    assert secret.stat().st_mode & 0o777 == 0o600
    assert str(done) == f"chmod 600 {secret}   (it was 644)"


def test_a_folder_can_be_mended_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    assert mend(Chmod(tmp_path, 0o700)).failure is None
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "of-somebody-else"
    target.touch()
    target.chmod(0o644)
    link = tmp_path / "pw"
    link.symlink_to(target)

    done = mend(Chmod(link, 0o600))

    assert done.failure == "Too many levels of symbolic links"
    assert target.stat().st_mode & 0o777 == 0o644


def test_a_file_with_another_name_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "of-somebody-else"
    other.touch()
    other.chmod(0o644)
    secret = tmp_path / "pw"
    secret.hardlink_to(other)

    assert mend(Chmod(secret, 0o600)).failure == "the file has other names (hard links)"
    assert other.stat().st_mode & 0o777 == 0o644


def test_what_is_gone_is_said(tmp_path: Path) -> None:
    assert mend(Chmod(tmp_path / "gone", 0o600)).failure == "No such file or directory"


def test_each_mode_is_mended_once(tmp_path: Path) -> None:
    finding = warning("open", fix=None, mend=Chmod(tmp_path, 0o700))

    assert finding.fix == f"chmod 700 {tmp_path}"
    assert mends([Found("a", finding), Found("b", finding)]) == [Chmod(tmp_path, 0o700)]
