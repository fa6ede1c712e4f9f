"""`emnesy fmt`: exit codes, streams, and files that stay whole."""

import io
import stat

import pytest

from emnesy.cli.main import main

MESSY, NEAT = "p:-q,r .\n", "p :- q, r.\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.nesy").write_text(MESSY)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.nesy").write_text(NEAT)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "c.nesy").write_text(MESSY)
    (tmp_path / "note.txt").write_text(MESSY)
    return tmp_path


def test_folders_are_formatted_and_the_summary_counts(folder, capsys):
    assert main(["fmt", str(folder), str(folder / "a.nesy")]) == 0
    assert capsys.readouterr().out == "1 file reformatted, 1 file left unchanged\n"
    assert (folder / "a.nesy").read_text() == NEAT
    assert (folder / ".hidden" / "c.nesy").read_text() == MESSY
    assert main(["fmt", str(folder)]) == 0
    assert capsys.readouterr().out == "2 files left unchanged\n"


def test_the_current_folder_without_arguments(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["fmt", "--check"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "Would reformat: a.nesy"


def test_check_writes_nothing(folder, capsys):
    assert main(["fmt", "--check", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "Would reformat" in out
    assert "1 file would be reformatted, 1 file already formatted" in out
    assert (folder / "a.nesy").read_text() == MESSY
    assert main(["fmt", "--check", str(folder / "sub")]) == 0


def test_diff(folder, capsys):
    assert main(["fmt", "--diff", str(folder / "a.nesy")]) == 1
    out, err = capsys.readouterr()
    assert "-p:-q,r .\n+p :- q, r.\n" in out
    assert "would be reformatted" in err
    assert (folder / "a.nesy").read_text() == MESSY


def test_syntax_errors_are_told_and_the_file_stays(folder, capsys):
    (folder / "bad.nesy").write_text("p :- q(.\n")
    assert main(["fmt", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert "error[E0103]" in err
    assert out == "1 file reformatted, 1 file left unchanged, 1 file with errors\n"
    assert (folder / "bad.nesy").read_text() == "p :- q(.\n"
    assert (folder / "a.nesy").read_text() == NEAT


@pytest.mark.parametrize(("name", "code"), [("nothing.nesy", "E0801"), ("bytes.nesy", "E0802")])
def test_files_that_cannot_be_read(tmp_path, capsys, name, code):
    (tmp_path / "bytes.nesy").write_bytes(b"p(\xff).")
    assert main(["fmt", str(tmp_path / name)]) == 2
    assert code in capsys.readouterr().err


def test_bytes_and_mode_are_kept(tmp_path):
    path = tmp_path / "dos.nesy"
    path.write_bytes(b"\xef\xbb\xbfp:-q. % \xc3\xa9\r\n/* a\r\n b */\r\n")
    path.chmod(0o640)
    link = tmp_path / "link.nesy"
    link.symlink_to(path)
    assert main(["fmt", str(link)]) == 0
    assert path.read_bytes() == b"\xef\xbb\xbfp :- q.  % \xc3\xa9\r\n/* a\r\n b */\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dos.nesy", "link.nesy"]


def standard_input(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_standard_input(monkeypatch, capsys):
    standard_input(monkeypatch, MESSY)
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == NEAT
    standard_input(monkeypatch, MESSY)
    assert main(["fmt", "--check", "-"]) == 1
    standard_input(monkeypatch, "p(")
    assert main(["fmt", "-"]) == 2
    assert capsys.readouterr().out == ""


def test_no_programs(tmp_path, capsys):
    assert main(["fmt", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no programs found\n"
