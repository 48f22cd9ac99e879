// What the two networks minimise: the tables of dgan_core/losses.py, by the same names.
// Scores are the critic's raw outputs, shape [B, 1].  The sources of each formula stand in that file.
(function (lab) {
  const softplus = (x) => tf.softplus(x);
  const mean = (x) => tf.mean(x);

  const bceCritic = (real, fake) => tf.add(mean(softplus(tf.neg(real))), mean(softplus(fake)));
  const bceGenerator = (fake) => mean(softplus(tf.neg(fake)));
  const saturatingGenerator = (fake) => tf.neg(mean(softplus(fake)));
  const wassersteinCritic = (real, fake) => tf.sub(mean(fake), mean(real));
  const wassersteinGenerator = (fake) => tf.neg(mean(fake));
  const leastSquaresCritic = (real, fake) =>
    tf.div(tf.add(mean(tf.square(tf.sub(real, 1))), mean(tf.square(fake))), 2);
  const leastSquaresGenerator = (fake) => tf.div(mean(tf.square(tf.sub(fake, 1))), 2);
  const hingeCritic = (real, fake) => tf.add(mean(tf.relu(tf.sub(1, real))), mean(tf.relu(tf.add(1, fake))));
  const relativisticCritic = (real, fake) => mean(softplus(tf.sub(fake, real)));
  const relativisticGenerator = (fake, real) => mean(softplus(tf.sub(real, fake)));

  lab.OBJECTIVES = {
    "bce": { critic: bceCritic, generator: bceGenerator },
    "bce-saturating": { critic: bceCritic, generator: saturatingGenerator },
    "wasserstein": { critic: wassersteinCritic, generator: wassersteinGenerator },
    "least-squares": { critic: leastSquaresCritic, generator: leastSquaresGenerator },
    "hinge": { critic: hingeCritic, generator: wassersteinGenerator },
    "relativistic": { critic: relativisticCritic, generator: relativisticGenerator, relative: true },
  };

  // The gradient of the critic's score at each point, [B, 2].
  lab.slopes = (critic, points) => tf.grad((x) => tf.sum(critic(x)))(points);
  const squaredSlopes = (critic, points) => tf.sum(tf.square(lab.slopes(critic, points)), 1);

  // Random places on the lines from generated to real points; eps: [B, 1] in [0, 1).
  lab.between = (real, fake, eps) => tf.add(tf.mul(eps, real), tf.mul(tf.sub(1, eps), fake));

  function gradientPenalty(critic, real, fake, eps) {
    const slope = tf.sqrt(tf.add(squaredSlopes(critic, lab.between(real, fake, eps)), 1e-12)); // √ has no slope at 0
    return mean(tf.square(tf.sub(slope, 1)));
  }
  const r1 = (critic, real) => mean(squaredSlopes(critic, real));
  const r1r2 = (critic, real, fake) => tf.add(r1(critic, real), r1(critic, fake));
  const clip = (parameters) => parameters.map((p) => tf.clipByValue(p, -0.01, 0.01));

  // term: a part of the critic's loss, which λ weighs.  project: a bound on its parameters after each update.
  lab.PENALTIES = {
    "none": {},
    "gp": { term: gradientPenalty },
    "r1": { term: r1 },
    "r1-r2": { term: r1r2 },
    "clip": { project: clip },
  };
})(self.lossLab ||= {});
