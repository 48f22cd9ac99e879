"""JAX's convolutions in steps of 2: Keras's values, JAX's own derivatives of both orders, in a form fit for cuDNN."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from dgan_core.backend.jax import LAYOUT, double, halve

RNG = np.random.default_rng(0)
IMAGES, HALF = RNG.normal(size=(2, 16, 16, 3)), RNG.normal(size=(2, 8, 8, 5))
KERNEL = RNG.normal(size=(4, 4, 3, 5))
PLAIN = {  # as Keras calls them
    halve: partial(lax.conv_general_dilated, window_strides=(2, 2), padding="SAME", dimension_numbers=LAYOUT),
    double: partial(
        lax.conv_transpose, strides=(2, 2), padding=[(2, 2)] * 2, dimension_numbers=LAYOUT, transpose_kernel=True
    ),
}
CASES = [(halve, IMAGES), (double, HALF)]


@pytest.fixture(autouse=True)
def exact():
    with jax.enable_x64(True):
        yield


def slopes(function, images, argument):
    """∂/∂argument of Σ w sin(function(images, kernel)), as a function of both."""
    shape = jax.eval_shape(function, images, KERNEL).shape
    weights = np.random.default_rng(1).normal(size=shape)
    return jax.grad(lambda *given: jnp.sum(weights * jnp.sin(function(*given))), argument)


def of_slopes(function, images, first, second):
    """∂/∂second of Σ v cos(∂/∂first …): a gradient of a gradient, as the penalty's is."""
    slope = slopes(function, images, first)
    weights = np.random.default_rng(2).normal(size=(images, KERNEL)[first].shape)
    return jax.grad(lambda *given: jnp.sum(weights * jnp.cos(slope(*given))), second)


@pytest.mark.parametrize(("function", "images"), CASES, ids=["halve", "double"])
def test_values_and_derivatives_are_those_of_the_plain_convolution(function, images):
    plain = PLAIN[function]
    np.testing.assert_array_equal(function(images, KERNEL), plain(images, KERNEL))
    for first in (0, 1):
        ours, theirs = (slopes(f, images, first)(images, KERNEL) for f in (function, plain))
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
        for second in (0, 1):
            ours, theirs = (of_slopes(f, images, first, second)(images, KERNEL) for f in (function, plain))
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


def unknown_to_cudnn(function, *given):
    """Whether `function` convolves spread-out images by kernels larger than ours, at any depth."""

    def equations(jaxpr):
        for equation in jaxpr.eqns:
            yield equation
            for inner in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda v: hasattr(v, "jaxpr")):
                if hasattr(inner, "jaxpr"):
                    yield from equations(inner.jaxpr)

    found = [e for e in equations(jax.make_jaxpr(function)(*given).jaxpr) if e.primitive.name == "conv_general_dilated"]
    assert found
    spread = [e for e in found if e.params["lhs_dilation"] != (1, 1)]
    return any(e.invars[1].aval.shape[axis] > 4 for e in spread for axis in e.params["dimension_numbers"].rhs_spec[2:])


@pytest.mark.parametrize("order", [1, 2])
def test_no_gradient_by_a_kernel_is_a_convolution_by_images(order):
    """The kernel's gradient of `double`, and of the slope of `halve`; the plain ones show that the test can fail."""
    function, images = CASES[order % 2]
    for f, expected in ((function, False), (PLAIN[function], True)):
        of_kernel = slopes(f, images, 1) if order == 1 else of_slopes(f, images, 0, 1)
        assert unknown_to_cudnn(of_kernel, images, KERNEL) is expected
