// How near an image is to the nearest training scan, from random projections of the scans: tools/keep_walk.py.
(function (walk) {
  // { signs, training }: of the kept file.  Returns pixels [S²] of 0 … 255 → grey levels, root mean square over pixels.
  walk.nearest = function ({ signs, training }) {
    const [count, bytes] = signs.shape, pixels = 8 * bytes;
    const plus = tf.tensor2d(Float32Array.from({ length: count * pixels }, (_, i) => 2 * ((signs.values[i >> 3] >> (i & 7)) & 1) - 1), [count, pixels]);
    const scans = tf.tensor2d(training.values, training.shape);

    return (image) =>
      tf.tidy(function () {
        const projected = tf.div(tf.matMul(tf.tensor2d(image, [1, pixels], "float32"), plus, false, true), Math.sqrt(count));
        return Math.sqrt(tf.min(tf.sum(tf.square(tf.sub(scans, projected)), 1)).dataSync()[0] / pixels);
      });
  };
})(self.latentWalk ||= {});
