"""Fabricated run folders, made once per session."""

from pathlib import Path

import pytest
from make_folder import facies
from make_forecast import forecast


@pytest.fixture(scope="session")
def facies_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return facies(tmp_path_factory.mktemp("runs") / "facies", wells=8, samples=240, folds=4)


@pytest.fixture(scope="session")
def forecast_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return forecast(tmp_path_factory.mktemp("runs") / "forecast", months=96)
