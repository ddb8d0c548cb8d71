"""Fixtures for all tests: where the acceptance data are."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with the acceptance data; without it a test is skipped, in CI it fails."""
    folder = os.environ.get("OUTCROP_DATA_DIR")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = "set OUTCROP_DATA_DIR to the folder with the acceptance data (force2020 and others)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
