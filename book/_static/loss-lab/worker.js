// The worker that trains one panel.  It is asked for:
//   start   { setting }               new networks of the setting's seed
//   train   { iterations }            so many more, then what the page shows of them
//   replay  { setting, weights, … }   training on given weights and draws: how the tests compare it with Python
(function (lab) {
  const BATCH = 128;
  const EXTENT = 3; // the page shows [-3, 3]²
  const SIDE = 40; // the critic's score is shown on SIDE × SIDE places
  const SHOWN = 500; // generated points, real points
  const COUNTED = 1000; // generated points whose modes are counted
  const ARROWS = 40;

  let setting, state, iteration;

  // tf.tidy for a function that returns a state: its tensors are kept, and those of the old state let go.
  function advance(update) {
    const before = state;
    state = tf.tidy(() => update(before));
    const kept = new Set(tensors(state));
    tensors(before).forEach((tensor) => kept.has(tensor) || tensor.dispose());
  }
  const tensors = (s) => [...s.g, ...s.c, s.gAdam.m, s.gAdam.v, s.cAdam.m, s.cAdam.v];

  function newState(g, c) {
    return { g, c, gAdam: lab.newAdam(g), cAdam: lab.newAdam(c) };
  }

  const pairs = (values) => tf.tensor2d(values, [values.length / 2, 2]);
  const column = (values) => tf.tensor2d(values, [values.length, 1]);
  const value = (scalar) => scalar.dataSync()[0];

  // One iteration: the critic's updates, then the generator's.  draws(k) gives { real, z, eps } of the k-th update.
  function iterate(setting, draws, zGenerator) {
    const losses = [];
    let real;
    for (let k = 0; k < setting.criticSteps; k++) {
      advance((s) => {
        const drawn = draws(k);
        real = drawn.real;
        const after = lab.criticStep(setting, s, pairs(real), pairs(drawn.z), column(drawn.eps), setting.criticRate);
        losses.push(value(after.loss));
        return after.state;
      });
    }
    advance((s) => {
      const after = lab.generatorStep(setting, s, pairs(real), pairs(zGenerator), setting.generatorRate);
      losses.push(value(after.loss));
      return after.state;
    });
    return { critic: losses.slice(0, -1), generator: losses.at(-1) };
  }

  // The k-th critic update of the iteration; one of another number of critic steps sees the same draws in its order.
  function drawsOf({ seed, data, drawn, criticSteps }, iteration) {
    return function (k) {
      const step = iteration * criticSteps + k;
      return {
        real: lab.realPoints(data, drawn, seed, "real", step, BATCH),
        z: lab.drawNormal(seed, "z critic", step, lab.LATENT * BATCH),
        eps: lab.drawUniform(seed, "eps", step, BATCH),
      };
    };
  }

  const PLACES = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
    const place = i >> 1, step = i % 2 ? Math.floor(place / SIDE) : place % SIDE;
    return EXTENT * ((2 * step) / (SIDE - 1) - 1);
  });

  // What the page shows of the networks as they are.
  function picture() {
    return tf.tidy(() => {
      const { g, c } = state, { seed, data, drawn } = setting;
      const critic = (points) => lab.network(c, points);
      const real = lab.realPoints(data, drawn, seed, "real shown", 0, SHOWN);
      const points = lab.network(g, pairs(lab.drawNormal(seed, "z shown", 0, lab.LATENT * COUNTED)));
      const some = tf.slice(points, 0, ARROWS), match = tf.slice(pairs(real), 0, ARROWS);
      const told = tf.mul(-ARROWS, tf.grad((x) => lab.generatorLoss(setting, c, x, match))(some)); // the loss is a mean: times their number, what each is told
      const half = tf.slice(points, 0, SHOWN), eps = column(lab.drawUniform(seed, "eps shown", 0, SHOWN));
      const slopes = tf.norm(lab.slopes(critic, lab.between(pairs(real), half, eps)), 2, 1);
      const generated = points.dataSync();
      return {
        iteration,
        real,
        generated: generated.slice(0, 2 * SHOWN),
        arrows: told.dataSync(),
        scores: critic(pairs(PLACES)).dataSync(),
        slope: value(tf.mean(slopes)),
        coverage: lab.coverage(data, real, generated),
      };
    });
  }

  lab.answer({
    start(asked) {
      setting = asked.setting;
      if (state) tf.dispose(tensors(state));
      state = newState(lab.newGenerator(setting.seed, setting.generatorWidth), lab.newCritic(setting.seed, setting.criticWidth));
      iteration = 0;
      return { picture: picture(), losses: [] };
    },

    train({ iterations }) {
      const losses = [], begun = performance.now();
      for (let i = 0; i < iterations; i++) {
        const z = lab.drawNormal(setting.seed, "z generator", iteration, lab.LATENT * BATCH);
        losses.push(iterate(setting, drawsOf(setting, iteration), z));
        iteration += 1;
      }
      const trained = performance.now() - begun;
      return { picture: picture(), losses, milliseconds: trained, tensors: tf.memory().numTensors };
    },

    // weights: { g, c }, lists of { shape, values }.  draws: [{ critic: [{ real, z, eps }, …], z }, …], an iteration each.
    replay({ setting, weights, draws }) {
      const tensor = ({ shape, values }) => tf.tensor(values, shape);
      state = newState(weights.g.map(tensor), weights.c.map(tensor));
      const losses = draws.map(({ critic, z }) => iterate(setting, (k) => critic[k], z));
      tf.dispose(tensors(state));
      state = undefined;
      return { losses };
    },
  });
})(self.lossLab ||= {});
