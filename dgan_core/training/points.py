"""The DGAN's two steps on points in the plane: the same losses, penalty, Adam and draws, with much smaller networks."""

from functools import cached_property

from keras import ops

from dgan_core.models.points import point_critic, point_generator
from dgan_core.training.dgan import DGAN


class Points(DGAN):
    """A recipe for real points (B, 1, 1, 2); `generator_width` and `critic_width` are those of the hidden layers.

    The features of the perceptual term are the coordinates themselves.
    """

    @cached_property
    def generator(self):
        return point_generator(self.config.latent_dim, self.config.generator_width, self.config.seed)

    @cached_property
    def critic(self):
        return point_critic(self.config.critic_width, self.config.seed)

    @cached_property
    def trunk(self):
        return lambda points: points

    def prepare(self, points):
        """Real points (N, 1, 1, 2), on the device; their features are themselves."""
        return {"images": ops.convert_to_tensor(points)}

    @cached_property
    def score(self):
        return lambda parameters, points, features=None: self.critic.stateless_call(parameters, [], points)[0]
