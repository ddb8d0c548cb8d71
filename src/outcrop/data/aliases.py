"""Curve names by what they measure: only for the inventory and the run file it drafts, never for reading.

A guess from this table is written into the draft as `from = [...]`, where a person sees and corrects it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Curves that measure one thing.

    Attributes:
        name: usual mnemonic.
        aliases: other mnemonics, upper case.
        unit: usual unit.
        valid_range: values outside are tool or processing faults, in `unit`; None where nothing can be said.
        transform: for the run file.
        help: what it is.
        proposed: False for curves that describe the drilling rather than the rock.
    """

    name: str
    aliases: tuple[str, ...]
    unit: str
    valid_range: tuple[float, float] | None
    help: str
    transform: str = "none"
    proposed: bool = True


def _family(
    name: str, aliases: str, unit: str, valid_range: tuple[float, float] | None, help: str, **options: object
) -> Family:
    return Family(name, tuple(aliases.split()), unit, valid_range, help, **options)  # type: ignore[arg-type]


FAMILIES = (
    _family("GR", "ECGR SGR HSGR EHGR GRC GRD GAM GAMMA CGR HCGR GR_EDTC", "gAPI", (0, 400), "gamma ray"),
    _family("RHOB", "RHOZ ZDEN DEN RHOM HRHOB RHO8 DENS", "g/cm3", (1.0, 3.3), "bulk density"),
    _family("NPHI", "TNPH NPOR CNC CNCF NEUT HNPO APLC TNPL NPHZ", "m3/m3", (-0.15, 1.0), "neutron porosity"),
    _family("DTC", "DT DTCO AC DT24 DTLN DT4P DTP DTCOMP", "us/ft", (30, 260), "compressional slowness"),
    _family("DTS", "DTSM DTSH DTSHEAR", "us/ft", (60, 700), "shear slowness"),
    _family(
        "RDEP",
        "RT ILD LLD RD AT90 RLA5 RLLD HDRS RESD LL7 RT90 DEEPRES",
        "ohm.m",
        (0.01, 20000),
        "deep resistivity",
        transform="log10",
    ),
    _family(
        "RMED", "ILM LLM RM AT30 RLA3 HMRS RESM AHT30", "ohm.m", (0.01, 20000), "medium resistivity", transform="log10"
    ),
    _family(
        "RSHA", "SFL LLS RS AT10 RLA1 SFLU RESS AHT10", "ohm.m", (0.01, 20000), "shallow resistivity", transform="log10"
    ),
    _family("RXO", "MSFL RXOZ RMIC MLL RMLL", "ohm.m", (0.01, 20000), "flushed-zone resistivity", transform="log10"),
    _family("PEF", "PE PEFZ PDPE PEF8 HPEF", "b/e", (0, 30), "photoelectric factor"),
    _family("SP", "SPC SPR SSP", "mV", None, "spontaneous potential"),
    _family("CALI", "CAL HCAL CALX CALS C1 C13 LCAL", "in", (2, 40), "caliper"),
    _family("DRHO", "HDRA DCOR ZCOR DRH", "g/cm3", (-1, 1), "density correction"),
    _family("URAN", "U HURA", "ppm", (0, 60), "uranium"),
    _family("THOR", "TH HTHO", "ppm", (0, 100), "thorium"),
    _family("POTA", "K HFK", "%", (0, 15), "potassium"),
    _family("BS", "BIT", "in", None, "bit size", proposed=False),
    _family("ROP", "ROPA ROP5 ROPAVG", "m/h", None, "rate of penetration", proposed=False),
    _family("MUDWEIGHT", "MW MWIN", "g/cm3", None, "mud weight", proposed=False),
    _family("DCAL", "DCALI", "in", None, "differential caliper", proposed=False),
)
_BY_NAME = {alias: family for family in FAMILIES for alias in (family.name, *family.aliases)}

EASTING = ("X_LOC", "EASTING", "UTM_X", "X_UTM", "UTMX", "XCOORD", "X_COORD", "EAST", "XUTM", "X")
NORTHING = ("Y_LOC", "NORTHING", "UTM_Y", "Y_UTM", "UTMY", "YCOORD", "Y_COORD", "NORTH", "YUTM", "Y")
LONGITUDE = ("LONGITUDE", "LON", "LONG")
LATITUDE = ("LATITUDE", "LAT", "LAT")
DEPTHS = ("DEPTH_MD", "DEPT", "DEPTH", "MD", "TVD", "TVDSS", "Z_LOC", "TVDMSL", "TVDKB", "ELEVATION")
TARGET_WORDS = ("LITH", "FACIES", "ROCK", "LABEL", "CLASS")
QUALITY_WORDS = ("CONF", "QUALITY", "FLAG", "PROB", "_PRED", "WEIGHT", "SCORE")
GROUP_COLUMNS = ("WELL", "WELL_NAME", "WELLNAME", "WELL_ID", "UWI", "BOREHOLE", "HOLE", "HOLE_ID", "STATION", "SITE")
AXIS_COLUMNS = ("DEPTH_MD", "DEPT", "DEPTH", "MD", "TVD", "TIME", "DATE", "DATETIME", "TIMESTAMP")

FORCE_LITHOLOGY = {
    30000: "Sandstone",
    65030: "Sandstone/Shale",
    65000: "Shale",
    80000: "Marl",
    74000: "Dolomite",
    70000: "Limestone",
    70032: "Chalk",
    88000: "Halite",
    86000: "Anhydrite",
    99000: "Tuff",
    90000: "Coal",
    93000: "Basement",
}
"""Lithology codes of the FORCE 2020 competition, used as class names when all codes of a target are among them."""


def family_of(curve: str) -> Family | None:
    """What a curve measures by its mnemonic, or None.

    >>> family_of("ild").name, family_of("x_loc")
    ('RDEP', None)
    """
    return _BY_NAME.get(curve.upper().split(":")[0])
