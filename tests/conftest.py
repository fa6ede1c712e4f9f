"""Options and fixtures of all tests."""

from importlib.util import find_spec

import pytest


def pytest_collection_modifyitems(items):
    """Tests that run under every engine leave out `sdd` where its extra is not installed."""
    if find_spec("pysdd") is not None:
        return
    missing = pytest.mark.skip(reason="engine `sdd` needs the extra `sdd`")
    for item in items:
        if "sdd" in getattr(getattr(item, "callspec", None), "params", {}).values():
            item.add_marker(missing)


def pytest_addoption(parser):
    parser.addoption(
        "--update-snapshots",
        action="store_true",
        help="write the expected output of snapshot tests anew; review the diff",
    )


@pytest.fixture
def update_snapshots(request):
    return request.config.getoption("--update-snapshots")
