"""What the two networks minimise: adversarial losses, penalties on the critic's slope, and the perceptual term.

Scores are the critic's raw outputs (logits under BCE), shape (B, 1). A loss is two short functions and a name; a
penalty is one. The two tables at the end are open to a reader's own:

    OBJECTIVES["mine"] = Objective(critic=my_critic, generator=my_generator)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from dgan_core import backend

from keras import ops

# ---- adversarial losses ----


def bce_critic(real_scores: Any, fake_scores: Any) -> Any:
    """−E[log σ(D(x))] − E[log(1 − σ(D(G(z))))], from logits; Goodfellow et al. 2014, eq. 1.  ≥ 0; 2 log 2 at D = 0."""
    return ops.mean(ops.softplus(-real_scores)) + ops.mean(ops.softplus(fake_scores))


def bce_generator(fake_scores: Any) -> Any:
    """−E[log σ(D(G(z)))], the non-saturating form; Goodfellow et al. 2014, section 3.  ≥ 0."""
    return ops.mean(ops.softplus(-fake_scores))


def saturating_generator(fake_scores: Any) -> Any:
    """E[log(1 − σ(D(G(z))))], what the critic minimises with its sign turned; Goodfellow et al. 2014, eq. 1.  ≤ 0."""
    return -ops.mean(ops.softplus(fake_scores))


def wasserstein_critic(real_scores: Any, fake_scores: Any) -> Any:
    """E[D(G(z))] − E[D(x)]; Arjovsky et al. 2017, eq. 2, and Gulrajani et al. 2017, eq. 3.  Any real number."""
    return ops.mean(fake_scores) - ops.mean(real_scores)


def wasserstein_generator(fake_scores: Any) -> Any:
    """−E[D(G(z))].  Any real number."""
    return -ops.mean(fake_scores)


def least_squares_critic(real_scores: Any, fake_scores: Any) -> Any:
    """½ E[(D(x) − 1)²] + ½ E[D(G(z))²]; Mao et al. 2017, eq. 9.  ≥ 0; ¼ at D = ½."""
    return (ops.mean(ops.square(real_scores - 1.0)) + ops.mean(ops.square(fake_scores))) / 2.0


def least_squares_generator(fake_scores: Any) -> Any:
    """½ E[(D(G(z)) − 1)²]; Mao et al. 2017, eq. 9.  ≥ 0."""
    return ops.mean(ops.square(fake_scores - 1.0)) / 2.0


def hinge_critic(real_scores: Any, fake_scores: Any) -> Any:
    """E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))]; Lim & Ye 2017, Miyato et al. 2018, eq. 16.  ≥ 0; 2 at D = 0."""
    return ops.mean(ops.relu(1.0 - real_scores)) + ops.mean(ops.relu(1.0 + fake_scores))


def relativistic_critic(real_scores: Any, fake_scores: Any) -> Any:
    """−E[log σ(D(x) − D(G(z)))], a pair at a time; Jolicoeur-Martineau 2019, eq. 5.  ≥ 0; log 2 at D = 0."""
    return ops.mean(ops.softplus(fake_scores - real_scores))


def relativistic_generator(fake_scores: Any, real_scores: Any) -> Any:
    """−E[log σ(D(G(z)) − D(x))]; Jolicoeur-Martineau 2019, eq. 6.  ≥ 0."""
    return ops.mean(ops.softplus(real_scores - fake_scores))


class Objective(NamedTuple):
    """An adversarial loss: what the critic minimises, and what the generator minimises.

    critic(real_scores, fake_scores) and generator(fake_scores) return scalars.
    relative: the generator's function takes the real scores too, generator(fake_scores, real_scores).
    threshold: the score above which the critic calls an image real, where there is one; the accuracy is then logged.
    """

    critic: Callable
    generator: Callable
    relative: bool = False
    threshold: float | None = None


# ---- penalties ----


def slopes(critic: Callable, images: Any) -> Any:
    """∇D at each image, in the images' shape (B, …).  critic: (B, …) → (B, 1); any backbone in it is differentiated."""
    return backend.gradient(lambda x: ops.sum(critic(x)), images)


def no_penalty(critic: Callable, real: Any, fake: Any, eps: Any) -> Any:
    """0."""
    return ops.zeros(())


def gradient_penalty(critic: Callable, real: Any, fake: Any, eps: Any) -> Any:
    """E[(‖∇D(x̂)‖₂ − 1)²] at x̂ = eps·real + (1 − eps)·fake; Gulrajani et al. 2017, eq. 3.

    critic: (B, H, W, C) → (B, 1), any backbone inside it differentiable.
    real, fake: (B, H, W, C) in [-1, 1].  eps: (B, 1, 1, 1) ~ U[0, 1].  Returns a scalar, unweighted.
    """
    x_hat = eps * real + (1.0 - eps) * fake
    slope = slopes(critic, x_hat)
    square = ops.sum(ops.square(ops.reshape(slope, (ops.shape(slope)[0], -1))), axis=1)
    return ops.mean(ops.square(ops.sqrt(square + 1e-12) - 1.0))  # 1e-12: √ has no slope at 0


def r1(critic: Callable, real: Any, fake: Any = None, eps: Any = None) -> Any:
    """E‖∇D(x)‖² at real x; Mescheder et al. 2018, eq. 9, without its γ/2.  ≥ 0.  Shapes as for gradient_penalty."""
    return ops.mean(ops.sum(ops.square(slopes(critic, real)), axis=(1, 2, 3)))


def r1_r2(critic: Callable, real: Any, fake: Any, eps: Any = None) -> Any:
    """E‖∇D(x)‖² + E‖∇D(G(z))‖²; Mescheder et al. 2018, eqs. 9 and 10, without their γ/2.  ≥ 0."""
    return r1(critic, real) + r1(critic, fake)


def clip(parameters: list, limit: float = 0.01) -> list:
    """Every parameter of the critic clipped to ±limit; Arjovsky et al. 2017, algorithm 1, with its limit."""
    return [ops.clip(p, -limit, limit) for p in parameters]


class Penalty(NamedTuple):
    """What keeps the critic's slope in bounds: a term of its loss, or a bound on its parameters after each update.

    term(critic, real, fake, eps) returns a scalar ≥ 0, which λ weighs.  project(parameters) returns parameters.
    """

    term: Callable = no_penalty
    project: Callable = list


# ---- the perceptual term, and what the log tells ----


def perceptual(real_features: Any, fake_features: Any) -> Any:
    """Mean squared difference of two minibatches' features, (B, h, w, c); after Johnson et al. 2016, eq. 2.  ≥ 0."""
    difference = ops.cast(real_features, "float32") - ops.cast(fake_features, "float32")
    return ops.mean(ops.square(difference))


def accuracy(real_scores: Any, fake_scores: Any, threshold: float = 0.0) -> Any:
    """Share of scores on their side of the threshold, real above and generated below, in [0, 1]."""
    above = ops.mean(ops.cast(real_scores > threshold, "float32"))
    below = ops.mean(ops.cast(fake_scores < threshold, "float32"))
    return (above + below) / 2.0


OBJECTIVES = {
    "bce": Objective(bce_critic, bce_generator, threshold=0.0),
    "wgan-gp": Objective(wasserstein_critic, wasserstein_generator),  # the paper's pair: with the penalty "gp"
    "wasserstein": Objective(wasserstein_critic, wasserstein_generator),
    "bce-saturating": Objective(bce_critic, saturating_generator, threshold=0.0),
    "least-squares": Objective(least_squares_critic, least_squares_generator, threshold=0.5),
    "hinge": Objective(hinge_critic, wasserstein_generator, threshold=0.0),
    "relativistic": Objective(relativistic_critic, relativistic_generator, relative=True),
}
PENALTIES = {
    "none": Penalty(),
    "gp": Penalty(gradient_penalty),
    "r1": Penalty(r1),
    "r1-r2": Penalty(r1_r2),
    "clip": Penalty(project=clip),
}
