"""The same training on points in the plane, for the lessons: the same steps and draws, with much smaller networks."""

from functools import cached_property
from typing import Any

from dgan_core import backend  # noqa: F401  isort: skip  (first, since it loads Keras without notes)
from keras import ops

from dgan_core.models.points import point_critic, point_generator
from dgan_core.training.dgan import DGAN


class Points(DGAN):
    """A trainer for real points (B, 1, 1, 2); `generator_width` and `critic_width` are those of the hidden layers.

    The features of the perceptual term are the coordinates themselves.
    """

    @cached_property
    def generator(self):
        return point_generator(self.config.latent_dim, self.config.generator_width, self.config.seed)

    @cached_property
    def critic(self):
        return point_critic(self.config.critic_width, self.config.seed)

    def build(self) -> None:
        _ = self.generator, self.critic  # no backbone

    def features(self, points: Any) -> Any:
        return points

    def score(self, c: list, points: Any, features: Any = None) -> Any:
        """Points (B, 1, 1, 2) → scores (B, 1)."""
        return self.critic.stateless_call(c, [], points)[0]

    def prepare(self, points: Any) -> dict[str, Any]:
        """Real points (N, 1, 1, 2), on the device; their features are themselves."""
        return {"images": ops.convert_to_tensor(points)}
