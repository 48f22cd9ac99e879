"""torch-fidelity, pytorch-fid and clean-fid on weights of one's choice, by their own code: what ours is compared with.

Each reads image files, resizes, runs its graph and computes FID with its own functions; only the source of its weights
is changed. The last two are extras ("test"): asking for one that isn't installed raises ImportError.
"""

import io
import tempfile
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np

from dgan_core.metrics.checks import as_feature_pair, as_images
from dgan_core.metrics.features.inception import loaded
from dgan_core.metrics.torch_setup import import_torchvision

BATCH = 4


def _torch_fidelity(state):
    import torch
    from torch_fidelity.datasets import ImagesPathDataset
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    from torch_fidelity.utils import get_featuresdict_from_dataset

    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=file)
    return lambda files: get_featuresdict_from_dataset(
        ImagesPathDataset(files), network, BATCH, cuda=False, save_cpu_ram=True, verbose=False
    )["2048"]


def _pytorch_fid(state):
    import torch
    from pytorch_fid import inception
    from pytorch_fid.fid_score import ImagePathDataset
    from torchvision.transforms import ToTensor

    with patch.object(inception, "load_state_dict_from_url", lambda url, progress: state):
        network = inception.InceptionV3([3]).eval()

    def features(files):  # `get_activations` without its progress bar
        dataset = ImagePathDataset(files, transforms=ToTensor())
        with torch.no_grad():
            batches = [network(batch)[0] for batch in torch.utils.data.DataLoader(dataset, BATCH)]
        return torch.cat(batches).flatten(1)

    return features


def _clean_fid(state):
    """Its resize, its scaling and its PyTorch graph: its TorchScript file can't hold other weights."""
    import torch
    from cleanfid import fid, inception_pytorch, inception_torchscript

    class Scaled(inception_torchscript.InceptionV3W):
        def __init__(self, graph):
            torch.nn.Module.__init__(self)
            self.layers, self.resize_inside = graph, False

    class First(torch.nn.Sequential):
        def forward(self, x):
            return super().forward(x)[0]

    with patch.object(inception_pytorch, "load_state_dict_from_url", lambda url, progress: state):
        with warnings.catch_warnings():  # torchvision's `pretrained` is called `weights` by now
            warnings.filterwarnings("ignore", "The parameter 'pretrained' is deprecated", UserWarning)
            warnings.filterwarnings("ignore", "Arguments other than a weight enum", UserWarning)
            graph = inception_pytorch.InceptionV3([3], resize_input=False, normalize_input=False)
    network = Scaled(First(graph)).eval()
    return lambda files: fid.get_files_features(
        files, network, num_workers=0, batch_size=BATCH, device="cpu", mode="clean", verbose=False
    )


PEERS = {"torch-fidelity": _torch_fidelity, "pytorch-fid": _pytorch_fid, "clean-fid": _clean_fid}


def peer(name, weights=None, seed=0):
    """A function images (N, H, W, 1 or 3) uint8 → (N, 2048) float64, the features of the package `name`.

    weights, seed: as for `features` with "inception" and with "random-inception".
    """
    from PIL import Image

    import_torchvision()  # all three import it
    extract = PEERS[name](loaded(weights, seed).state_dict())

    def features(images):
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder) / f"{i:06}.png") for i in range(len(images))]
            for file, image in zip(files, as_images(images), strict=True):
                Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file)
            return np.asarray(extract(files), dtype=np.float64)

    return features


def peer_frechet(name, x, y, ddof=1):
    """FID by the function of the package `name`, from float64 statistics that divide by N − ddof.

    Its cost is that of a D×D root, so the features are first turned into coordinates of their joint span: an isometry,
    which leaves N + M of D dimensions and every distance as it is.
    """
    x, y = as_feature_pair(x, y)
    if len(x) + len(y) < x.shape[1]:
        basis, _ = np.linalg.qr(np.concatenate([x, y]).T)
        x, y = x @ basis, y @ basis
    statistics = [part for z in (x, y) for part in (z.mean(0), np.cov(z, rowvar=False, ddof=ddof))]
    import_torchvision()
    if name == "torch-fidelity":
        from torch_fidelity.metric_fid import fid_statistics_to_metric

        both = [{"mu": statistics[k], "sigma": statistics[k + 1]} for k in (0, 2)]
        return float(fid_statistics_to_metric(*both, verbose=False)["frechet_inception_distance"])
    if name == "pytorch-fid":
        from pytorch_fid.fid_score import calculate_frechet_distance as distance
    else:
        from cleanfid.fid import frechet_distance as distance
    from scipy.linalg import LinAlgWarning

    with warnings.catch_warnings():
        # Both pass sqrtm an argument that SciPy 1.18 will lack. Where N < D the product is singular, and where it is 0
        # SciPy's estimate of its own error, which neither reads, is 0 / 0.
        warnings.filterwarnings("ignore", "The `disp` argument is deprecated", DeprecationWarning)
        warnings.filterwarnings("ignore", "Matrix is singular", LinAlgWarning)
        warnings.filterwarnings("ignore", "invalid value encountered in scalar divide", RuntimeWarning)
        return float(distance(*statistics))
