"""Options and fixtures of all tests."""

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--update-snapshots",
        action="store_true",
        help="write the expected output of snapshot tests anew; review the diff",
    )


@pytest.fixture
def update_snapshots(request):
    return request.config.getoption("--update-snapshots")
