"""The documentation: tables come from product and results, every family has its place, links lead on."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import outcrop
from outcrop.model.entries import FAMILIES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md"))
TOPICS = sorted((DOCS / "topics").glob("*.md"))
sys.path.insert(0, str(DOCS / "hooks"))
tables = importlib.import_module("site_tables")


def site(path: Path) -> str:
    """The text of a page with its tables filled in."""
    return tables.filled(path.read_text("utf-8"), path.relative_to(DOCS).as_posix())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tables_are_known_and_links_lead_somewhere(path):
    text = site(path)
    assert re.findall(r"^<!-- (?!numbers)[a-z]+.*-->$", text, flags=re.MULTILINE) == []
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)):
        assert re.match(r"https?:", link) or (path.parent / link).exists(), link


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_a_topic_says_idea_equation_file_and_pitfalls(path):
    text = site(path)
    assert text.startswith("# ") and "**The idea.**" in text and "## Pitfalls" in text
    assert "$$" in text
    assert re.search(r"\]\(\.\./\.\./src/outcrop/[\w/]+\.py\)", text)


def test_every_family_is_on_a_topic_page_and_in_the_tables():
    topics, reference = "".join(map(site, TOPICS)), site(DOCS / "reference/tables.md")
    for name in FAMILIES:
        assert f"| `{name}` |" in topics and f"| `{name}` |" in reference, name


def test_every_public_name_is_in_the_reference():
    text = site(DOCS / "reference/python.md")
    for name, target in outcrop._PUBLIC.items():
        assert f"## outcrop.{name}\n\n::: {target.replace(':', '.')}\n" in text


def test_results_are_those_of_the_example(tmp_path, monkeypatch):
    result = json.loads((ROOT / "examples/08_air_quality/results.json").read_text("utf-8"))["gru"]
    text = tables.filled("<!-- results 08 gru -->", "topics/recurrent.md")
    score = result["network"]
    assert f"| **network** | **{score['value']:.1f} ({score['low']:.1f} to {score['high']:.1f})** |" in text
    for name, other in result["baselines"].items():
        assert f"{other['value']:.1f} (" in text, name
    assert "](../../examples/08_air_quality/README.md)" in text
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    assert tables.filled("<!-- results 08 -->", "index.md") == tables.MISSING
    assert tables.filled("<!-- figures 08 -->", "index.md") == ""


def test_the_site_builds_strictly_and_reads_offline(tmp_path):
    pytest.importorskip("mkdocs", reason="pip install -e '.[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for page in tmp_path.rglob("*.html"):
        text = page.read_text("utf-8")
        loaded = re.findall(
            r"<(?:script|img|iframe)[^>]*src=\"([^\"]+)|<link[^>]*rel=\"stylesheet\"[^>]*href=\"([^\"]+)", text
        )
        assert [link for pair in loaded for link in pair if re.match(r"(https?:)?//", link)] == [], page
        assert 'class="arithmatex"' not in text, page
    for folder in (path.parent for path in ROOT.glob("examples/*/README.md")):
        assert (tmp_path / "examples" / folder.name / "index.html").is_file()
    assert "<math" in (tmp_path / "topics/recurrent.html").read_text("utf-8")
    assert "outcrop.records.Record" in (tmp_path / "reference/python.html").read_text("utf-8")
