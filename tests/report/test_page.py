"""The page: complete, self-contained, in order, repeatable, and only about what the folder holds."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from make_folder import facies, write_json

from outcrop import report
from outcrop.errors import DataError


class Reader(HTMLParser):
    """Collects ids, addresses, images and unclosed tags."""

    VOID = frozenset({"meta", "img", "br", "hr", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append(tag)
        self.ids += [told["id"]] if told.get("id") else []
        self.addresses += [value for key in ("src", "href") if (value := told.get(key))]
        self.images += [told] if tag == "img" else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(path: Path) -> tuple[str, Reader]:
    text = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return text, reader


FACIES_ORDER = [
    "questions", "findings", "ladder", "records", "map", "classes", "wells", "learning", "distance", "audit", "gap",
    "effective", "provenance",
]  # fmt: skip


@pytest.fixture(scope="module")
def facies_page(facies_folder: Path) -> tuple[str, Reader]:
    return read(report.write(facies_folder))


@pytest.fixture(scope="module")
def forecast_page(forecast_folder: Path) -> tuple[str, Reader]:
    return read(report.write(forecast_folder))


def test_sections_in_order(facies_page, forecast_page):
    assert facies_page[1].ids == FACIES_ORDER
    assert forecast_page[1].ids == ["questions", "ladder", "records", "learning", "audit", "effective", "provenance"]


@pytest.mark.parametrize("page", ["facies_page", "forecast_page"])
def test_self_contained(page, request):
    text, reader = request.getfixturevalue(page)
    assert "script" not in reader.tags and "link" not in reader.tags
    assert all(address.startswith(("data:", "#")) for address in reader.addresses)
    assert "@import" not in text and "url(" not in text
    assert len(text) < 5e6


@pytest.mark.parametrize("page", ["facies_page", "forecast_page"])
def test_every_figure_has_a_text(page, request):
    _, reader = request.getfixturevalue(page)
    assert len(reader.images) >= 4
    assert all(len(image["alt"] or "") > 20 for image in reader.images)


def test_verdict_names_the_strongest_baseline(facies_page):
    verdict = re.search(r'<p class="verdict">(.*?)</p>', facies_page[0]).group(1)
    assert verdict.startswith("On 8 wells never seen in training, the mean penalty is ")
    assert "boosted trees" in verdict and verdict.count(".") >= 2


def test_best_median_and_worst_well_are_shown_with_the_reason(facies_page):
    for why in ("best", "median", "worst"):
        assert re.search(rf"<h3>[^<]+: {why} of 8 by mean penalty \(\d", facies_page[0])


def test_accepted_reason_is_printed(facies_page):
    assert "Infill wells at this spacing are what the model is for." in facies_page[0]


def test_missing_parts_leave_no_section(facies_folder, tmp_path):
    folder = tmp_path / "part"
    folder.mkdir()
    shutil.copy(facies_folder / "metrics.json", folder)
    _, reader = read(report.write(folder))
    assert reader.ids == ["ladder", "classes", "wells", "gap", "effective", "provenance"]


def test_same_folder_same_bytes(tmp_path):
    first, second = (facies(tmp_path / name / "run", wells=5, samples=120, folds=5) for name in ("a", "b"))
    assert report.write(first).read_bytes() == report.write(second).read_bytes()
    assert not list(first.glob(".report*"))


def test_text_from_files_is_escaped(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    write_json(folder, "data", {"records": [{"name": "<script>alert(1)</script>", "sha256": "0", "samples": 1}]})
    write_json(folder, "findings", [{"id": "x", "sentence": "a < b & c"}])
    text, reader = read(report.write(folder))
    assert "script" not in reader.tags and "a &lt; b &amp; c" in text


def test_not_a_run_folder(tmp_path):
    with pytest.raises(DataError, match=r"Fix: give the folder that `outcrop run"):
        report.write(tmp_path)


def test_damaged_file_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"metrics\.json\nFix: repeat the run"):
        report.write(tmp_path)
    (tmp_path / "metrics.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match=r"must hold an object(.|\n)*Fix: repeat the run"):
        report.write(tmp_path)


def test_headline_finding_is_the_verdict_and_is_not_repeated(facies_folder, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(facies_folder, folder)
    write_json(folder, "findings", [{"id": "headline", "sentence": "It works."}, {"id": "ladder", "sentence": "More."}])
    text, _ = read(report.write(folder))
    assert '<p class="verdict">It works.</p>' in text and text.count("It works.") == 1 and "<li>More.</li>" in text
