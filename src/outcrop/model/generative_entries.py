"""Families that generate examples: networks of diffusion and flows, and pairs of generator and critic."""

from __future__ import annotations

from typing import Any

from outcrop.model.family import Family

_DENOISE: dict[str, Any] = {"losses": ("denoising", "flow"), "generates": "noise"}
_TIME_UNET = {
    "widths": (16, 32, 64),
    "blocks": 1,
    "kernel_size": 3,
    "patch": 1,
    "activation": "silu",
    "dropout": 0.0,
}
_DIT = {"width_size": 64, "depth": 4, "num_heads": 4, "patch": 4, "dropout": 0.0}
_DCGAN = {
    "size": (32,),
    "latent_size": 32,
    "widths": (16, 32, 64),
    "kernel_size": 3,
    "norm": "group",
    "spectral_norm": False,
}

GENERATIVE = (
    Family(
        name="time_mlp",
        architecture="outcrop.model.time_mlp:TimeMLP",
        views=("points",),
        help="generates points and vectors: a residual MLP on noisy data that knows the noise level",
        defaults={"width_size": 128, "depth": 3, "activation": "silu", "dropout": 0.0},
        convolutional=False,
        axes=0,
        **_DENOISE,
    ),
    Family(
        name="time_unet1d",
        architecture="outcrop.model.time_unet:TimeUNet",
        views=("windows", "sequences"),
        help="generates series and logs: a U-Net on noisy data that knows the noise level",
        defaults=_TIME_UNET | {"widths": (32, 64, 128)},
        convolutional=True,
        axes=1,
        **_DENOISE,
    ),
    Family(
        name="time_unet2d",
        architecture="outcrop.model.time_unet:TimeUNet",
        views=("patches",),
        help="generates maps, sections and images: a U-Net on noisy data that knows the noise level",
        defaults=_TIME_UNET,
        convolutional=True,
        axes=2,
        fixed={"num_spatial_dims": 2},
        **_DENOISE,
    ),
    Family(
        name="time_unet3d",
        architecture="outcrop.model.time_unet:TimeUNet",
        views=("patches",),
        help="generates cubes and fields in time: a U-Net on noisy data that knows the noise level",
        defaults=_TIME_UNET | {"widths": (8, 16, 32)},
        convolutional=True,
        axes=3,
        fixed={"num_spatial_dims": 3},
        **_DENOISE,
    ),
    Family(
        name="dit1d",
        architecture="outcrop.model.dit:DiT",
        views=("windows", "sequences"),
        help="generates series and logs: attention between patches of noisy data",
        defaults=_DIT,
        convolutional=False,
        axes=1,
        **_DENOISE,
    ),
    Family(
        name="dit2d",
        architecture="outcrop.model.dit:DiT",
        views=("patches",),
        help="generates maps, sections and images: attention between patches of noisy data",
        defaults=_DIT,
        convolutional=False,
        axes=2,
        fixed={"num_spatial_dims": 2},
        **_DENOISE,
    ),
    Family(
        name="dit3d",
        architecture="outcrop.model.dit:DiT",
        views=("patches",),
        help="generates cubes and fields in time: attention between patches of noisy data",
        defaults=_DIT | {"width_size": 48},
        convolutional=False,
        axes=3,
        fixed={"num_spatial_dims": 3},
        **_DENOISE,
    ),
    Family(
        name="gan_mlp",
        architecture="outcrop.model.gan_mlp:DenseGAN",
        views=("points",),
        help="generates points and vectors: a dense generator against a dense critic",
        defaults={
            "latent_size": 16,
            "width_size": 128,
            "depth": 2,
            "activation": "leaky_relu",
            "spectral_norm": False,
        },
        convolutional=False,
        axes=0,
        losses=("adversarial",),
        generates="latent",
    ),
    Family(
        name="dcgan1d",
        architecture="outcrop.model.dcgan:DCGAN",
        views=("windows",),
        help="generates series and logs of one size: a convolutional generator against a convolutional critic",
        defaults=_DCGAN,
        convolutional=True,
        axes=1,
        losses=("adversarial",),
        generates="latent",
    ),
    Family(
        name="dcgan2d",
        architecture="outcrop.model.dcgan:DCGAN",
        views=("patches",),
        help="generates maps, sections and images of one size: a convolutional generator against such a critic",
        defaults=_DCGAN | {"size": (32, 32)},
        convolutional=True,
        axes=2,
        losses=("adversarial",),
        generates="latent",
    ),
)
