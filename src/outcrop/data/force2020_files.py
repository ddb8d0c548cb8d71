"""The files of the FORCE 2020 set: name, size and SHA-256 (wells: of the unpacked LAS), and the published address."""

ADDRESS = (
    "https://raw.githubusercontent.com/bolgebrygg/Force-2020-Machine-Learning-competition/"
    "c8d01ee92c1c8e1ecba36f96cca6ea7b689338a1/lithology_competition/data"
)
FILES = (
    ("las/16_1-6_A.las", 3177080, "9cb737087e346905977f9cbdf9534aad1631596ca822d0bb16e8894c54d607ee"),
    ("las/16_2-11_A.las", 4021754, "90cc63cd0af062c0aa38ae4c469b450cc6942a26ea607d7ef21f267f5659e026"),
    ("las/16_2-16.las", 3383532, "41c7c8814e79b281d2d3b451104d6fa22eb4ac99e192010cfd3e8a53ab1ded70"),
    ("las/16_2-6.las", 3419116, "bc5fea712ce9a28ac507394a67edc43a0757f9b5af98e01a52f202a3d38e5f08"),
    ("las/16_5-3.las", 3361134, "277a8e62661c95abc0ef4b5ca1718fe20097830654dc77a898ae253992dbab9f"),
    ("las/16_8-1.las", 3618869, "1fbc900c081233571e2266745f260c91d0080380f43046993530a1e071611899"),
    ("las/25_11-15.las", 3238505, "83a28d797b96bfa1c5fc4a9b4a484de0af2243cc307fe15e5512fb7de3ff3981"),
    ("las/25_11-19_S.las", 3419747, "0e9081952b1bc8d83e30c8ce10fced6c94c1ec89940a6e9b9aff55af30195fd8"),
    ("las/25_11-5.las", 3482543, "17e2252ad662f9bdb4c98dd7dec1adb3b036ac891c3d8d2642c5a586db41f407"),
    ("las/25_8-7.las", 2782078, "d033a6a7a01f6cfb15e517a691dbb177c00a1ae2c29884686307ca1ab711d14d"),
    ("las/31_2-1.las", 3978223, "f4b30ee9c2d776a2344a8e9882fc0958d1cddb98811365f255f42e283f967969"),
    ("las/31_2-7.las", 2258434, "70f16a59e06b9535ca1dea4344d16fc321b6bfa610d57ff22d08c3e15ea347a4"),
    ("las/31_2-9.las", 2455489, "02eda57791f52ddee968fb5cdb87d08299c0e17f22558bd4ad8e5483d9b352d9"),
    ("las/31_3-1.las", 3315063, "3e938f51a8e032f3d1a1a46c6d96af9f7d0680b5a9484d9194648c2002f8a8f6"),
    ("las/31_3-2.las", 3132324, "ac86b7b87c0d2682a5e0243c98f724b12acaddb49a33e9c0842dbfbd85822b62"),
    ("las/31_3-3.las", 3448482, "dfcc55e771361203ffc115c8628da1a6cadf7614c6d073125e31a939cb3083e7"),
    ("las/31_3-4.las", 3277164, "bd164fce6ed741be23dd6113454e78cabc3935cfcbbdda84627dba8188342861"),
    ("las/31_4-10.las", 3418730, "9455f07aa4d4bf2adb5c56e0f1c1a5c054229dd7381b8a7c9b60620da997f6cd"),
    ("las/31_5-4_S.las", 2696252, "0428bf656cfd22877e4be914efc54fd73ec0109319dd22b2f5d18c9436f12f83"),
    ("las/31_6-5.las", 2726797, "1b69ac954412b94fff746d4ab1d22bef2b2b205828b772c04e4851226c3dcb1d"),
    ("las/31_6-8.las", 2413830, "6351c4920aaa839ae7ee6ad76f430a6018aeee630af30538c705737d38107c4b"),
    ("las/32_2-1.las", 1661766, "a673fa4ff93e16371bd845a1eae4e0c454c702dc7e0ea59f632a3472d1757f2a"),
    ("las/33_9-1.las", 4138912, "352332682e7b9fb58dbe4270696945e5bec7853e2ea316249f50b7aca138b4f8"),
    ("las/34_10-19.las", 3112437, "bd77113c26915105bb213af593de6c64649fc91a3cc3c94810699e780a7a681c"),
    ("las/34_7-13.las", 3970889, "428c212569d9851fa59e11c7a8d0882075f63568c1e763aaf05c8d1d8c659f1d"),
    ("las/34_7-20.las", 4040319, "43c21ef9733401eb227848b4135870771c6e687d5b67f6d8ad4a3f49393b5fc4"),
    ("las/35_11-7.las", 4105192, "7ebe2a4eb729b58b8d3be2d0495807c3a21b4e775589a356c4d15e3ae431d83c"),
    ("las/36_7-3.las", 3764372, "e26b9799357c3cc5194b153fddd55eddb59a1ea092603428eb4f4caa41f6efc1"),
    ("penalty_matrix.npy", 1280, "c312481af94d3557616b7ed79b5d1a12afee380fd471188785ab31874f159d43"),
)


def published_path(file: str) -> str:
    """Path of a file below the published address.

    >>> published_path("las/16_1-6_A.las")
    'las_files_Lithostrat_data/16_1-6%20A.las'
    """
    if not file.startswith("las/"):
        return file
    block, well = file.removeprefix("las/").split("_", 1)
    return f"las_files_Lithostrat_data/{block}_{well.replace('_', '%20')}"
