// The worker of one generator.
//   load   { generator, kept }   the addresses of its weights, and of what is kept beside them; gives the directions
//   image  { z }                 its image of z, and how near the nearest training scan is
(function (walk, lab) {
  let generator, nearest;

  async function read(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} could not be loaded (${answer.status}).`);
    return walk.readSafetensors(await walk.unzipped(await answer.arrayBuffer()));
  }

  lab.answer({
    async load(addresses) {
      const kept = await read(addresses.kept);
      generator = walk.generator(await read(addresses.generator));
      nearest = walk.nearest(kept);
      const [count, latent] = kept.directions.shape;
      const directions = Array.from({ length: count }, (_, i) => kept.directions.values.slice(i * latent, (i + 1) * latent));
      return { directions, between: kept.between_scans.values[0] };
    },

    image({ z }) {
      const values = tf.tidy(() => generator(tf.tensor2d(z, [1, z.length])).dataSync());
      const pixels = Uint8ClampedArray.from(values, (v) => (v + 1) * 127.5); // which rounds
      return { pixels, near: nearest(pixels) };
    },
  });
})(self.latentWalk ||= {}, self.lossLab);
