// The networks of dgan_core/training/points.py: three hidden layers of rectified units.
// Parameters are a list: kernel [in, out] and bias [out] of each layer.
(function (lab) {
  const DEPTH = 3;

  // Both functions give TensorFlow.js the derivatives in the form that its WebAssembly backend is fast at: matrices are
  // turned before they are multiplied, and a layer's bias is added while it multiplies.
  const multiply = tf.customGrad((a, b, save) => {
    save([a, b]);
    return {
      value: tf.matMul(a, b),
      gradFunc: (dy, [a, b]) => [multiply(dy, tf.transpose(b)), multiply(tf.transpose(a), dy)],
    };
  });
  const layer = tf.customGrad((x, kernel, bias, save) => {
    save([x, kernel]);
    return {
      value: tf.fused.matMul({ a: x, b: kernel, bias }),
      gradFunc: (dy, [x, kernel]) => [multiply(dy, tf.transpose(kernel)), multiply(tf.transpose(x), dy), tf.sum(dy, 0)],
    };
  });

  // inputs: [B, in] → [B, out].
  lab.network = function (parameters, inputs) {
    let x = inputs;
    for (let i = 0; i < parameters.length; i += 2) {
      if (i > 0) x = tf.relu(x);
      x = layer(x, parameters[i], parameters[i + 1]);
    }
    return x;
  };

  // Glorot-uniform kernels and zero biases; Glorot & Bengio 2010, eq. 16.
  function initialise(seed, stream, inputs, width, outputs) {
    const sizes = [inputs, ...Array(DEPTH).fill(width), outputs];
    return sizes.slice(1).flatMap((out, i) => {
      const bound = Math.sqrt(6 / (sizes[i] + out));
      const kernel = lab.drawUniform(seed, stream, i, sizes[i] * out).map((u) => (2 * u - 1) * bound);
      return [tf.tensor(kernel, [sizes[i], out]), tf.zeros([out])];
    });
  }

  lab.LATENT = 2; // the generator is given two numbers, and so can be drawn as a plane that it bends
  lab.newGenerator = (seed, width) => initialise(seed, "generator", lab.LATENT, width, 2);
  lab.newCritic = (seed, width) => initialise(seed, "critic", 2, width, 1);
})(self.lossLab ||= {});
