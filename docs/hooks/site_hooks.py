"""What MkDocs calls while it builds: pages from outside of docs/, links to source files, tables, equations.

The README, the changelog, every example with its figures, and every source file that a page links to become pages; a
comment such as `<!-- results 08 -->` in a page becomes the table of that example's results.json.
"""

from __future__ import annotations

import html
import re
from pathlib import Path, PurePosixPath
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files
from site_tables import filled

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#\s]+)((?:#[^)]*)?\))")
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}
LANGUAGES = {".py": "python", ".toml": "toml", ".json": "json", ".cff": "yaml", ".csv": "text", ".html": "html"}
MATH = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_config(config: Any) -> Any:
    """Fills the list of examples, and names pages of docs/ that the list of pages does not know yet."""
    listed = [page for entry in config.nav for page in _pages(entry)]
    others = [path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in listed]
    for entry in config.nav:
        if "Project" in entry:
            entry["Project"] += [{_title(path): path.name} for path in others]
        if "Examples" in entry:
            entry["Examples"] = [
                {_title(path): path.relative_to(ROOT).as_posix()} for path in sorted(ROOT.glob("examples/*/README.md"))
            ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Adds pages and figures from outside of docs/, then the source files that any page links to."""
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text("utf-8")))
    for folder in sorted(path.parent for path in ROOT.glob("examples/*/README.md")):
        for path in sorted(folder.iterdir()):
            if path.suffix in (".md", ".png", ".svg", ".json"):
                files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    waiting = [file for file in files if file.is_documentation_page()]
    while waiting:
        file = waiting.pop()
        for _, link, _ in LINK.findall(filled(file.content_string, file.src_uri)):
            path = _target(file.src_uri, link)
            if path is not None and (page := _page(path)).startswith("source/") and page not in files.src_uris:
                files.append(File.generated(config, page, content=_source(path)))
                waiting.append(files.src_uris[page])
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fills the tables, and points links at the pages of this site."""
    here = page.file.src_uri

    def moved(found: re.Match[str]) -> str:
        path = _target(here, found[2])
        if path is None and here.startswith("examples/") and re.fullmatch(r"[\w-]+\.(json|png|svg)", found[2]):
            return found[1].strip("![](")  # an example that was not run yet
        if path is None:
            return found[0]
        up = "../" * (len(PurePosixPath(here).parts) - 1)
        return f"{found[1]}{up}{_page(path)}{found[3]}"

    text = filled(markdown, here)
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)  # code is left as it is
    return "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts)


def on_page_content(content: str, **_: Any) -> str:
    """Equations as MathML, which browsers draw by themselves."""

    def drawn(found: re.Match[str]) -> str:
        return convert(html.unescape(found[3]), display="block" if found[2] == "[" else "inline")

    return MATH.sub(drawn, content)


def _pages(entry: dict[str, Any]) -> list[str]:
    """The pages of one entry of the list of pages."""
    return [
        page for value in entry.values() for row in (value if isinstance(value, list) else [{"": value}])
        for page in row.values()
    ]  # fmt: skip


def _title(readme: Path) -> str:
    return readme.read_text("utf-8").splitlines()[0].lstrip("# ")


def _repository(page: str) -> PurePosixPath:
    """Where the text of a page stands in the repository."""
    back = {site: name for name, site in PAGES.items()}
    if page in back:
        return PurePosixPath(back[page])
    if page.startswith("source/"):
        return PurePosixPath(page.removeprefix("source/").removesuffix(".md"))
    return PurePosixPath(page) if page.startswith("examples/") else PurePosixPath("docs") / page


def _target(page: str, link: str) -> Path | None:
    """The file or folder of the repository that a link of a page leads to; None for anything else."""
    if re.match(r"[a-z]+:", link):
        return None
    path = (ROOT / _repository(page).parent / link).resolve()
    if path.is_dir():
        path = path / "README.md"
    return path if path.is_relative_to(ROOT) and path.is_file() else None


def _page(path: Path) -> str:
    """The page or file of this site that shows a file of the repository."""
    name = path.relative_to(ROOT).as_posix()
    if name in PAGES:
        return PAGES[name]
    if name.startswith("docs/"):
        return name.removeprefix("docs/")
    shown = path.suffix in (".md", ".png", ".svg", ".json") and name.startswith("examples/")
    return name if shown and path.parent.joinpath("README.md").is_file() else f"source/{name}.md"


def _source(path: Path) -> str:
    """A page that shows a source file."""
    name, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    head = "---\nsearch: {{exclude: true}}\nhide: [toc]\n---\n"
    if path.suffix == ".md":
        return head + text
    return f"{head}# {name}\n\n````{LANGUAGES.get(path.suffix, 'text')}\n{text}````\n"
