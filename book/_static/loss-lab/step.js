// One update of the critic and one of the generator: dgan_core/training/step.py on points, with its Adam.
// Both are pure functions: (setting, state, minibatch, draws) → { state, loss }; run them inside tf.tidy.
//   setting: { loss, penalty, lam, beta1, beta2 }, loss and penalty of the two tables
//   state:   { g, c, gAdam, cAdam }, lists of tensors, and the moments of each
(function (lab) {
  // Adam with Keras's order of operations and its ε; Kingma & Ba 2015, algorithm 1.
  // The moments of all parameters are one vector each: a few large operations are faster than many small ones.
  const EPSILON = 1e-7;

  lab.newAdam = function (parameters) {
    const size = parameters.reduce((sum, p) => sum + p.size, 0);
    return { m: tf.zeros([size]), v: tf.zeros([size]), t: 0 };
  };

  function adam(parameters, gradients, { m, v, t }, rate, { beta1, beta2 }) {
    const gradient = tf.concat(gradients.map((g) => tf.reshape(g, [g.size])));
    t += 1;
    m = tf.add(m, tf.mul(tf.sub(gradient, m), 1 - beta1));
    v = tf.add(v, tf.mul(tf.sub(tf.square(gradient), v), 1 - beta2));
    const alpha = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    const steps = tf.split(tf.div(tf.mul(m, alpha), tf.add(tf.sqrt(v), EPSILON)), parameters.map((p) => p.size));
    return [parameters.map((p, i) => tf.sub(p, tf.reshape(steps[i], p.shape))), { m, v, t }];
  }

  // real: [B, 2].  z: [B, 2] ~ N(0, 1).  eps: [B, 1] ~ U[0, 1), for the penalty.
  lab.criticStep = function (setting, state, real, z, eps, rate) {
    const objective = lab.OBJECTIVES[setting.loss], penalty = lab.PENALTIES[setting.penalty];
    const fake = lab.network(state.g, z);
    const loss = function (...c) {
      const critic = (points) => lab.network(c, points);
      const [realScores, fakeScores] = tf.split(critic(tf.concat([real, fake])), 2);
      const value = objective.critic(realScores, fakeScores);
      return penalty.term ? tf.add(value, tf.mul(setting.lam, penalty.term(critic, real, fake, eps))) : value;
    };
    const { value, grads } = tf.valueAndGrads(loss)(state.c);
    const [c, cAdam] = adam(state.c, grads, state.cAdam, rate, setting);
    return { state: { ...state, c: penalty.project ? penalty.project(c) : c, cAdam }, loss: value };
  };

  // What the generator minimises, as a function of the points that it makes.
  lab.generatorLoss = function (setting, c, points, real) {
    const objective = lab.OBJECTIVES[setting.loss], scores = [lab.network(c, points)];
    if (objective.relative) scores.push(lab.network(c, real));
    return objective.generator(...scores);
  };

  lab.generatorStep = function (setting, state, real, z, rate) {
    const loss = (...g) => lab.generatorLoss(setting, state.c, lab.network(g, z), real);
    const { value, grads } = tf.valueAndGrads(loss)(state.g);
    const [g, gAdam] = adam(state.g, grads, state.gAdam, rate, setting);
    return { state: { ...state, g, gAdam }, loss: value };
  };
})(self.lossLab ||= {});
