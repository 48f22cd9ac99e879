"""What the StyleGANs cost, beside the same networks in plain PyTorch: python benchmarks/stylegan.py

Ours run as TensorFlow graphs; PyTorch's side is written out below in its usual layout: filters as grouped convolutions,
and in StyleGAN3's layers zeros inserted and all of them filtered. Both in one process, with the same threads, weights
and inputs. A row is a value and its gradients with respect to every weight; these are held against each other before
anything is timed, and compiling is in no time. A time is the best of five, both sides in turn. Prints a table and
writes results/benchmark-stylegan.json. About two minutes on one core; --quick checks the script on small networks.
"""

import argparse
import datetime
import math
import os
import time
from pathlib import Path

from metrics import machine, save  # the benchmark beside this one; it sets the number of threads, so it comes first

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

from dgan_core import Config, backend, rng  # noqa: E402
from dgan_core.losses import r1  # noqa: E402
from dgan_stylegan import filters, stylegan2, stylegan3  # noqa: E402
from dgan_stylegan.steps import path_length_penalty  # noqa: E402

from keras import ops  # noqa: E402

OUTPUT = Path(__file__).resolve().parent.parent / "results" / "benchmark-stylegan.json"
BAR = 0.77  # theirs over ours: no slower than 1.3 times
NETWORKS = ((64, 512, 32, 8), (256, 4096, 128, 4))  # image_size, channel_base, channel_max, batch
LAYERS = ((64, 2, 64, 8), (64, 10, 16, 8), (512, 7, 64, 1), (512, 9, 32, 1), (512, 11, 16, 1))  # layer, channels, batch
QUICK_NETWORKS, QUICK_LAYERS = ((32, 128, 8, 4),), ((64, 2, 8, 2), (64, 10, 4, 2))
FIR = torch.outer(*[torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8] * 2)


def seconds_of_both(ours, theirs, repetitions=5, long=20):
    """Best of the repetitions of each, taken in turn, so that a busy minute hits both; fewer where they are long."""
    best = np.full(2, np.inf)
    for _ in range(repetitions):
        for i, function in enumerate((ours, theirs)):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
        if best.sum() > long:
            break
    return best.tolist()


def row(what, size, ours, theirs, how):
    """One line of the table, printed as it is measured; ours and theirs → (value, gradients), which must agree."""
    assert_agree(ours(), theirs())
    mine, other = seconds_of_both(ours, theirs)
    ratio = other / mine
    print(f"{what:42}{size:5}²{mine:11.4g} s{other:11.4g} s{ratio:9.2f}×   bar {BAR:g}×", flush=True)
    facts = {"what": what, "size": size, "package": "plain PyTorch", "how": how, "bar": BAR, "met": ratio >= BAR}
    return facts | {"ours_seconds": mine, "theirs_seconds": other, "ratio": ratio}


def assert_agree(ours, theirs):
    """Equal to rounding: the value and each gradient within 0.3 % in norm; one that cancels to 0, 1e-6 of the largest.

    The gradients of single numbers, the noise's strengths, are compared as one vector: each sums a million terms of
    either sign, and may leave so little that float32 has lost its last three digits on both sides.
    """
    pairs, single = [(np.asarray(ours[0]), np.asarray(theirs[0]))], []
    for a, b in zip(ours[1], theirs[1], strict=True):
        a, b = (np.zeros(()) if v is None else np.asarray(v) for v in (a, b))
        if max(a.size, b.size) == 1:
            single.append((a.item(), b.item()))
        else:
            pairs.append((a, b))
    pairs.append(np.reshape(single, (-1, 2)).T)
    largest = max(np.linalg.norm(b) for _, b in pairs[1:])
    for a, b in pairs:
        gap, norm = np.linalg.norm(a - b), np.linalg.norm(b)
        assert gap <= 3e-3 * norm + 1e-6 * largest, f"a tensor of {b.shape} differs by {gap:.3g} of {norm:.3g}"


def leaf(array, image=False):
    """(tensor in PyTorch's layout whose gradient is wanted, axes that take its gradient back to ours or None)."""
    there, back = ((0, 3, 1, 2), (0, 2, 3, 1)) if image else ((3, 2, 0, 1), (2, 3, 1, 0))
    if array.ndim < 4:
        return torch.from_numpy(array.copy()).requires_grad_(), None
    return torch.from_numpy(array.transpose(there).copy()).requires_grad_(), back


def torch_weights(model):
    """{layer: {name: tensor}} and the leaves in the model's order."""
    named, leaves = {}, []
    for v in model.trainable_variables:
        leaves.append(leaf(ops.convert_to_numpy(v), image=v.name == "constant"))
        named.setdefault(v.path.split("/")[0], {})[v.name] = leaves[-1][0]
    return named, leaves


def with_gradients(value, leaves):
    """(value, gradients in our layout); a leaf that the value doesn't depend on has None."""
    gradients = torch.autograd.grad(value, [tensor for tensor, _ in leaves], allow_unused=True)
    pairs = zip(gradients, [axes for _, axes in leaves], strict=True)
    return value.detach(), [g if axes is None or g is None else g.permute(axes) for g, axes in pairs]


# StyleGAN2 in plain PyTorch


def leaky(x):
    return math.sqrt(2) * F.leaky_relu(x, 0.2)


def fir(x, gain, padding, stride=1):
    kernel = (gain * FIR).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(x, kernel, padding=padding, stride=stride, groups=x.shape[1])


def convolution(w, x, **options):
    kernel = w["kernel"]
    return F.conv2d(x, kernel / math.sqrt(kernel[0].numel()), w.get("bias"), **options)


def dense(w, x):
    return x @ (w["kernel"] / math.sqrt(len(w["kernel"]))) + w["bias"]


def styled(w, x, style, noise, up):
    kernel = w["kernel"] / math.sqrt(w["kernel"][0].numel())
    demodulation = torch.rsqrt(style.square() @ kernel.square().sum((2, 3)).T + 1e-8)
    x = x * style[:, :, None, None]
    if up:
        x = fir(F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2), 4, 1)
    else:
        x = F.conv2d(x, kernel, padding=1)
    return leaky(x * demodulation[:, :, None, None] + w["strength"] * noise + w["bias"][:, None, None])


def plain_synthesis(w, sizes, ws, noise):
    x = w["constant"]["constant"].expand(len(ws), -1, -1, -1)
    image, used = None, 0
    for r in sizes:
        for name in (f"conv{r}a", f"conv{r}b") if r > 4 else ("conv4",):
            x = styled(w[name], x, dense(w[f"style_{name}"], ws[:, used]), noise[used], name[-1] == "a")
            used += 1
        style = dense(w[f"style_image{r}"], ws[:, used])
        y = convolution(w[f"image{r}"], x * style[:, :, None, None])
        if image is not None:
            y = y + F.conv_transpose2d(image, 4 * FIR[None, None], stride=2, padding=1)
        image = y
    return image


def plain_critic(w, sizes, x):
    x = leaky(convolution(w["from_image"], x))
    for r in reversed(sizes[1:]):
        skip = convolution(w[f"skip{r}"], fir(x, 1, 1, stride=2))
        x = leaky(convolution(w[f"conv{r}a"], x, padding=1))
        x = (skip + leaky(convolution(w[f"conv{r}b"], fir(x, 1, 2), stride=2))) / math.sqrt(2)
    deviation = (x.reshape(4, -1, *x.shape[1:]).var(dim=0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    x = torch.cat([x, deviation.repeat(4)[:, None, None, None].expand(-1, 1, *x.shape[2:])], dim=1)
    x = leaky(convolution(w["conv4"], x, padding=1)).permute(0, 2, 3, 1).flatten(1)
    return dense(w["score"], leaky(dense(w["dense"], x)))


def plain_r1(critic, x):
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean()


def plain_path_length(synthesis, ws, y):
    ws = ws.clone().requires_grad_()
    (slope,) = torch.autograd.grad((synthesis(ws) * y / y.shape[-1]).sum(), ws, create_graph=True)
    lengths = (slope.square().sum(2).mean(1) + 1e-12).sqrt()
    return (lengths - 0.01 * lengths.mean()).square().mean()


def compiled(function, model, *inputs):
    """A call without arguments of the graph of function(parameters, *inputs) → value, and its gradients."""
    parameters = [tf.constant(ops.convert_to_numpy(v)) for v in model.trainable_variables]
    inputs = tf.nest.map_structure(tf.constant, inputs)

    def step(parameters, inputs):
        (value, _), gradients = backend.value_and_grad(lambda p: (function(p, *inputs), ()), parameters)
        return value, gradients

    step = backend.compile(step)
    return lambda: step(parameters, inputs)


def network_rows(size, base, most, batch):
    config = Config(
        model="stylegan2", image_size=size, channel_base=base, channel_max=most, latent_dim=64, w_dim=64, seed=0
    )
    generator, critic, sizes = stylegan2.synthesis(config), stylegan2.critic(config), stylegan2.resolutions(config)
    for layer in generator.layers:
        if hasattr(layer, "strength"):
            layer.strength.assign(0.1)  # as if learned: at 0 the noise could be wrong unseen
    ws = rng.normal(0, "ws", 0, (batch, stylegan2.n_styles(config), config.w_dim))
    noise = [rng.normal(0, "noise", i, (batch, *s, 1)) for i, s in enumerate(stylegan2.noise_shapes(config))]
    y, x = (rng.normal(0, name, 0, (batch, size, size, 1)) for name in ("y", "x"))
    weights_g, leaves_g = torch_weights(generator)
    weights_c, leaves_c = torch_weights(critic)
    ws_, *noise_ = map(torch.from_numpy, (ws, *noise))
    y_, x_, *noise_ = (torch.from_numpy(a).permute(0, 3, 1, 2).contiguous() for a in (y, x, *noise))

    def our_images(p, ws, noise):
        return generator.stateless_call(p, [], [ws, *noise])[0]

    def our_scores(p, x):
        return critic.stateless_call(p, [], x)[0]

    def images(ws):
        return plain_synthesis(weights_g, sizes, ws, noise_)

    def scores(x):
        return plain_critic(weights_c, sizes, x)

    how = f"batch of {batch}, channels {stylegan2.channels(config, size)} to {stylegan2.channels(config, 4)}"
    yield row(
        "StyleGAN2 generator, forward and backward",
        size,
        compiled(lambda p, ws, noise, y: ops.sum(our_images(p, ws, noise) * y), generator, ws, noise, y),
        lambda: with_gradients((images(ws_) * y_).sum(), leaves_g),
        how,
    )
    yield row(
        "StyleGAN2 critic, forward and backward",
        size,
        compiled(lambda p, x: ops.mean(ops.softplus(our_scores(p, x))), critic, x),
        lambda: with_gradients(F.softplus(scores(x_)).mean(), leaves_c),
        how,
    )
    yield row(
        "R1 and its gradient",
        size,
        compiled(lambda p, x: r1(lambda x: our_scores(p, x), x), critic, x),
        lambda: with_gradients(plain_r1(scores, x_), leaves_c),
        how,
    )

    def our_path_length(p, ws, noise, y):
        return path_length_penalty(lambda ws: our_images(p, ws, noise), ws, y, 0.0)[0]

    yield row(
        "path length and its gradient",
        size,
        compiled(our_path_length, generator, ws, noise, y),
        lambda: with_gradients(plain_path_length(images, ws_, y_), leaves_g),
        how,
    )


# A layer of StyleGAN3 in plain PyTorch


def along_both(x, line, stride=1, padding=0):
    """The filter down the columns, then along the rows."""
    for axis, shape in ((0, (-1, 1)), (1, (1, -1))):
        kernel = line.flip(0).reshape(shape).expand(x.shape[1], 1, -1, -1)
        steps, zeros = [1, 1], [0, 0]
        steps[axis], zeros[axis] = stride, padding
        x = F.conv2d(x, kernel, stride=steps, padding=zeros, groups=x.shape[1])
    return x


def zeros_between(x, factor):
    """(B, C, n, n) → (B, C, (n − 1)·factor + 1, …)."""
    batch, channels, n, _ = x.shape
    y = F.pad(x[:, :, :, None, :, None], (0, factor - 1, 0, 0, 0, factor - 1))
    return y.reshape(batch, channels, n * factor, n * factor)[..., : 1 - factor, : 1 - factor]


def plain_layer(layer, up_line, down_line, kernel, bias, x, style):
    """Padding, filters and rates are the layer's: full convolutions, of which the middle is kept."""
    kernel = kernel * torch.rsqrt(kernel.square().mean((1, 2, 3), keepdim=True))
    style = style * torch.rsqrt(style.square().mean())
    demodulation = torch.rsqrt(style.square() @ kernel.square().sum((2, 3)).T + 1e-8)
    x = F.conv2d(x * style[:, :, None, None], kernel, padding=2) * demodulation[:, :, None, None] + bias[:, None, None]
    x = along_both(zeros_between(x, layer.up), layer.up * up_line, padding=len(up_line) - 1)
    needed = (layer.after.size - 1) * layer.down + len(down_line)
    edge = (x.shape[-1] - needed) // 2
    x = x[..., edge : edge + needed, edge : edge + needed]
    return along_both(leaky(x), down_line, stride=layer.down)


def layer_row(size, i, channels, batch):
    stages = stylegan3.schedule(Config(model="stylegan3", image_size=size))
    before, after = (stage._replace(channels=channels) for stage in stages[i - 1 : i + 1])
    layer = stylegan3.FilteredConv(before, after, 3, radial=False, beta=0.5)
    shape = (batch, before.size, before.size, channels)
    layer.build([shape, (batch, channels)])
    x, style = rng.normal(0, "x", 0, shape), 1 + np.float32(0.3) * rng.normal(0, "style", 0, (batch, channels))
    kernel, bias = rng.normal(0, "kernel", 0, (3, 3, channels, channels)), rng.normal(0, "bias", 0, (channels,))
    y = rng.normal(0, "y", 0, (batch, after.size, after.size, channels))
    buffers = [v.value for v in layer.non_trainable_variables]

    parameters, target = [tf.constant(a) for a in (kernel, bias, x, style)], tf.constant(y)

    def ours(parameters, y):
        kernel, bias, x, style = parameters
        return ops.sum(layer.stateless_call([kernel, bias], buffers, [x, style])[0] * y), ()

    def our_step(parameters, y):
        (value, _), gradients = backend.value_and_grad(lambda p: ours(p, y), parameters)
        return value, gradients

    our_step = backend.compile(our_step)
    rate = layer.up * before.sampling_rate
    down_line = filters.low_pass(stylegan3.PERIODS * layer.down, after.cutoff, after.half_width, rate)
    lines = [torch.from_numpy(line.astype("float32")) for line in (layer.up_filter, down_line)]
    leaves = [leaf(kernel), leaf(bias), leaf(x, image=True), leaf(style)]
    y_ = torch.from_numpy(y).permute(0, 3, 1, 2).contiguous()

    def their_step():
        return with_gradients((plain_layer(layer, *lines, *(t for t, _ in leaves)) * y_).sum(), leaves)

    how = (
        f"batch of {batch}, {channels} channels, {before.size}² to {after.size}², filtered at {layer.up} times the rate"
    )
    return row(
        f"StyleGAN3 layer {i}, forward and backward", size, lambda: our_step(parameters, target), their_step, how
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="small networks, to check the script; writes only with --output"
    )
    parser.add_argument("--output", type=Path, help="default: results/benchmark-stylegan.json of the project")
    given = parser.parse_args()
    networks, layers = (QUICK_NETWORKS, QUICK_LAYERS) if given.quick else (NETWORKS, LAYERS)
    threads = int(os.environ["OMP_NUM_THREADS"])
    torch.set_num_threads(threads)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    started = time.perf_counter()
    print(f"{threads} threads")
    rows = [facts for network in networks for facts in network_rows(*network)]
    rows += [layer_row(*layer) for layer in layers]
    content = {
        "date": datetime.date.today().isoformat(),
        "quick": given.quick,
        "seconds": time.perf_counter() - started,
        "machine": machine(),
        "rows": rows,
    }
    save(content, given, OUTPUT)


if __name__ == "__main__":
    main()
