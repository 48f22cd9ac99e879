"""Radiomics: texture and intensity statistics by name, with no trained network at all ("radiomics").

The Fréchet Radiomics Distance (FRD, version 1; Konz, Osuala et al., Medical Image Analysis 2026) is the logarithm of
the Fréchet distance between such features, each scaled by the mean and deviation that it has in the real set. First
order, GLCM, GLRLM, GLSZM and NGTDM features of the image and its wavelet decompositions, and what PyRadiomics tells of
the image itself: 398 numbers. (The reference asks for Laplacian-of-Gaussian images too; PyRadiomics makes none of an
image of one slice, so they are left out here.) The extra `radiomics` installs pyradiomics-bhklab 3.1.4.
Equal to frd-score 1.0.1 on the same images.
"""

import functools
from contextlib import suppress

import numpy as np

SETTINGS = dict(  # frd-score's configuration for images of two dimensions
    normalize=True, normalizeScale=100, interpolator="sitkBSpline", resampledPixelSpacing=[2, 2, 0], padDistance=10,
    preCrop=True, force2D=True, force2Ddimension=0, binWidth=5, voxelArrayShift=300, label=1,
)  # fmt: skip
GLCM = (
    "Autocorrelation JointAverage ClusterProminence ClusterShade ClusterTendency Contrast Correlation "
    "DifferenceAverage DifferenceEntropy DifferenceVariance JointEnergy JointEntropy Imc1 Imc2 Idm Idmn Id Idn "
    "InverseVariance MaximumProbability SumEntropy SumSquares"
).split()


@functools.cache
def extractor():
    try:
        import radiomics
        from radiomics.featureextractor import RadiomicsFeatureExtractor
    except ImportError as error:
        raise ImportError(
            "radiomics needs the package pyradiomics-bhklab 3.1.4: install this project with its extra [radiomics]"
        ) from error
    radiomics.setVerbosity(60)  # it would tell of every image that it is small
    new = RadiomicsFeatureExtractor(**SETTINGS)
    new.disableAllImageTypes()
    new.enableImageTypes(Original={}, Wavelet={})
    new.disableAllFeatures()
    new.enableFeaturesByName(firstorder=[], glcm=GLCM, glrlm=[], glszm=[], ngtdm=[])
    return new


def _described(image):
    """{name: number} of one image.  (H, W) uint8"""
    import SimpleITK

    mask = np.ones(image.shape, np.uint8)
    mask[0, 0] = 0  # PyRadiomics takes no mask that covers the whole image
    pair = (SimpleITK.GetImageFromArray(array[None]) for array in (image.astype(np.float32), mask))
    found = {}
    for name, value in extractor().execute(*pair).items():
        with suppress(TypeError, ValueError):  # of the diagnostics only numbers count, as in the reference
            found[name] = float(value)
    return found


@functools.cache
def names():
    """What each of the numbers is, such as "wavelet-HL_glcm_Contrast", in their order."""
    return tuple(_described(np.arange(32 * 32, dtype=np.uint8).reshape(32, 32)))


def build(path, identity, convention, seed, device):
    """A function (B, H, W, 1 or 3) uint8 → (B, 398), colour as luma.  No argument applies."""
    from dgan_core.io.images import to_grey

    extractor()

    def extract(batch):
        values = [list(_described(to_grey(image)[..., 0]).values()) for image in batch]
        return np.array(values).astype(np.float32).astype(np.float64)  # the reference rounds them so

    return extract


def standardised(real, fake):
    """Both sets scaled by the mean and the deviation of the real one; features that don't vary there are left out.

    real (N, D), fake (M, D) → (N, D'), (M, D'), and which of the D are kept.  ValueError where nothing varies.
    """
    mean, deviation = real.mean(0), real.std(0)
    kept = deviation > 1e-12 * np.abs(mean)
    if not kept.any():
        raise ValueError("real images must differ from one another: none of their radiomics features varies")
    return (real[:, kept] - mean[kept]) / deviation[kept], (fake[:, kept] - mean[kept]) / deviation[kept], kept
