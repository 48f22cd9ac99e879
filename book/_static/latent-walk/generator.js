// The generator of dgan_core/models/dgan.py as it samples, by its running statistics.
(function (walk) {
  const SLOPE = 0.2; // of LeakyReLU
  const EPSILON = 1e-3; // of batch normalisation: Keras's

  // weights: a snapshot, { "g/000": { shape, values }, … }.  Returns z [B, latent] → images [B, S, S, 1] in [-1, 1].
  walk.generator = function (weights) {
    const part = (name) => Object.keys(weights).sort().filter((key) => key.startsWith(`${name}/`)).map((key) => tensor(weights[key]));
    const [project, bias, ...rest] = part("g"), statistics = part("g_statistics");
    const side = 8, width = project.shape[1] / side ** 2;

    return (z) =>
      tf.tidy(function () {
        let x = tf.reshape(tf.add(tf.matMul(z, project), bias), [z.shape[0], side, side, width]);
        let i = 0;
        for (; i + 2 < rest.length; i += 4) {
          const [kernel, shift, gamma, beta] = rest.slice(i, i + 4), [mean, variance] = statistics.slice(i / 2, i / 2 + 2);
          x = tf.batchNorm(doubled(x, kernel, shift), mean, variance, beta, gamma, EPSILON);
          x = tf.leakyRelu(x, SLOPE);
        }
        return tf.tanh(doubled(x, rest[i], rest[i + 1]));
      });
  };

  const tensor = ({ shape, values }) => tf.tensor(values, shape);

  // A transposed convolution of stride 2: [B, S, S, in] → [B, 2S, 2S, out].
  function doubled(x, kernel, bias) {
    const [batch, side] = x.shape;
    return tf.add(tf.conv2dTranspose(x, kernel, [batch, 2 * side, 2 * side, kernel.shape[2]], 2, "same"), bias);
  }
})(self.latentWalk ||= {});
