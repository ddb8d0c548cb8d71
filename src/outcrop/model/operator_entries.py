"""The entries of families that learn operators: a whole field goes in, a field comes out, at any resolution."""

from __future__ import annotations

from outcrop.model.family import Family

_FNO = {
    "width_size": 64,
    "modes": 16,
    "depth": 4,
    "padding": 0.25,
    "factorisation": "none",
    "expansion": 0.0,
    "dropout": 0.0,
}
_FNO_2D = _FNO | {"width_size": 32, "modes": 8}
_FNO_3D = _FNO | {"width_size": 16, "modes": 4}
_DEEPONET = {
    "size": (32,),
    "latent_size": 64,
    "width_size": 128,
    "depth": 2,
    "variant": "unstacked",
    "dropout": 0.0,
}

OPERATORS: tuple[Family, ...] = (
    Family(
        name="fno1d",
        architecture="outcrop.model.fno:FNO",
        views=("patches", "windows", "sequences"),
        help="a Fourier neural operator along one dimension: the lowest frequencies, each times its own matrix",
        defaults=_FNO,
        convolutional=False,
        axes=1,
    ),
    Family(
        name="fno2d",
        architecture="outcrop.model.fno:FNO",
        views=("patches", "sequences"),
        help="a Fourier neural operator on maps and sections: trained on a coarse grid, asked on a finer one",
        defaults=_FNO_2D,
        convolutional=False,
        axes=2,
        fixed={"num_spatial_dims": 2},
    ),
    Family(
        name="fno3d",
        architecture="outcrop.model.fno:FNO",
        views=("patches", "sequences"),
        help="a Fourier neural operator on cubes and fields in time",
        defaults=_FNO_3D,
        convolutional=False,
        axes=3,
        fixed={"num_spatial_dims": 3},
    ),
    Family(
        name="ufno2d",
        architecture="outcrop.model.ufno:UFNO",
        views=("patches", "sequences"),
        help="a Fourier neural operator with a small U-Net beside its last layers, for sharp fronts (U-FNO)",
        defaults=_FNO_2D,
        convolutional=True,
        axes=2,
        fixed={"num_spatial_dims": 2},
    ),
    Family(
        name="ufno3d",
        architecture="outcrop.model.ufno:UFNO",
        views=("patches", "sequences"),
        help="the same on cubes and fields in time",
        defaults=_FNO_3D,
        convolutional=True,
        axes=3,
        fixed={"num_spatial_dims": 3},
    ),
    Family(
        name="deeponet1d",
        architecture="outcrop.model.deeponet:DeepONet",
        views=("patches", "windows"),
        help="a deep operator network: coefficients from a curve, basis functions of the place that is asked",
        defaults=_DEEPONET,
        convolutional=False,
        axes=1,
    ),
    Family(
        name="deeponet2d",
        architecture="outcrop.model.deeponet:DeepONet",
        views=("patches",),
        help="a deep operator network: coefficients from a map, basis functions of the place that is asked",
        defaults=_DEEPONET | {"size": (16, 16)},
        convolutional=False,
        axes=2,
        fixed={"num_spatial_dims": 2},
    ),
)
