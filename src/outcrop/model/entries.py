"""The families of networks, one entry each; a new family is one file with its class, and one entry here.

Holds import strings only, so that help texts and the check of a run file need no JAX.
"""

from __future__ import annotations

from outcrop.model.family import Family

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            name="mlp",
            architecture="outcrop.model.mlp:MLP",
            views=("points",),
            help="fully connected layers on the features of one sample and its neighbours",
            defaults={
                "width_size": 128,
                "depth": 3,
                "activation": "gelu",
                "residual": False,
                "norm": "none",
                "dropout": 0.0,
                "output": "linear",
            },
            convolutional=False,
            axes=0,
        ),
        Family(
            name="resnet1d",
            architecture="outcrop.model.resnet1d:ResNet1d",
            views=("windows", "sequences"),
            help="residual blocks of dilated convolutions along depth or time, at full resolution",
            defaults={
                "width_size": 64,
                "dilations": (1, 2, 4, 8, 16),
                "kernel_size": 3,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=1,
        ),
        Family(
            name="unet1d",
            architecture="outcrop.model.unet:UNet",
            views=("windows", "sequences"),
            help="a U-Net along depth or time: coarse levels see far, skips keep boundaries sharp",
            defaults={
                "widths": (32, 64, 128),
                "blocks": 1,
                "kernel_size": 3,
                "patch": 1,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=1,
        ),
        Family(
            name="unet2d",
            architecture="outcrop.model.unet:UNet",
            views=("patches",),
            help="a U-Net on patches of two dimensions: sections, maps, images",
            defaults={
                "widths": (16, 32, 64),
                "blocks": 1,
                "kernel_size": 3,
                "patch": 1,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=2,
            fixed={"num_spatial_dims": 2},
        ),
        Family(
            name="unet3d",
            architecture="outcrop.model.unet:UNet",
            views=("patches", "sequences"),
            help="a U-Net on patches of three dimensions: cubes, fields in time",
            defaults={
                "widths": (8, 16, 32),
                "blocks": 1,
                "kernel_size": 3,
                "patch": 1,
                "activation": "gelu",
                "dropout": 0.1,
            },
            convolutional=True,
            axes=3,
            fixed={"num_spatial_dims": 3},
        ),
    )
}
