"""Small LAS files for the tests of this folder."""

from pathlib import Path

HEADER = """~Version
VERS.   2.0 : CWLS LOG ASCII STANDARD
WRAP.   NO  :
~Well
STRT.{unit}  {start} : START
STOP.{unit}  {stop} : STOP
STEP.{unit}  {step} : STEP
NULL.   {null} : NULL
WELL.   {well} : WELL
FLD .   {field} : FIELD
~Curve
DEPT.{unit}     : Depth
GR  .GAPI  : Gamma ray
RHOB.G/C3  : Bulk density
~Ascii
"""


def las_text(
    rows=None, *, well="A-1", unit="M", null="-999.25", field="Alpha", start=100.0, step=0.5, stop=None, header=HEADER
):
    """A LAS 2.0 text with depth, GR and RHOB; three rows where none are given."""
    rows = rows or [[start + i * step, 50.0 + i, 2.0 + 0.1 * i] for i in range(3)]
    stop = rows[-1][0] if stop is None else stop
    head = header.format(unit=unit, start=start, stop=stop, step=step, null=null, well=well, field=field)
    return head + "".join(" ".join(f"{value:12.4f}" for value in row) + "\n" for row in rows)


def write_las(folder: Path, name: str = "a.las", text: str | None = None, **options) -> Path:
    """Such a file in a folder."""
    path = folder / name
    path.write_text(las_text(**options) if text is None else text, encoding="utf-8")
    return path
