"""One update of any trainer with the run's own draws, by number, for tests that take steps one at a time."""

from dgan_core.training.schedule import critic_draws, generator_draws


def critic_step(trainer, state, real, update, rate):
    """(state, measurements) after critic update `update` (from 0) on real (B, S, S, 1) in [-1, 1]."""
    if not hasattr(trainer, "steps"):  # a StyleGAN
        return trainer.critic_step(state, real, update, rate)
    z, eps = critic_draws(trainer.config, update, len(real))
    return trainer.steps.critic(state, {"images": real}, z, eps, rate)


def generator_step(trainer, state, real, iteration, rate):
    """(state, measurements) after generator update `iteration` (from 0)."""
    if not hasattr(trainer, "steps"):
        return trainer.generator_step(state, real, iteration, rate)
    return trainer.steps.generator(state, {"images": real}, generator_draws(trainer.config, iteration, len(real)), rate)
