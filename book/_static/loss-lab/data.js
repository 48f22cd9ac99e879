// Real points in the plane, and how much of them generated points cover.
// Points are one Float32Array: x0, y0, x1, y1, …
(function (lab) {
  const SPOTS = {
    // ring and its standard deviation as in dgan_core/data/ring.py
    ring: { std: 0.1, centres: Array.from({ length: 8 }, (_, k) => [2 * Math.cos((k * Math.PI) / 4), 2 * Math.sin((k * Math.PI) / 4)]) },
    grid: { std: 0.08, centres: Array.from({ length: 25 }, (_, k) => [(k % 5) - 2, Math.floor(k / 5) - 2]) },
  };
  const CURVES = {
    // u in [0, 1) → a place on the curve
    moons: (u) => {
      const angle = Math.PI * ((2 * u) % 1);
      return u < 0.5
        ? [1.5 * Math.cos(angle) - 0.75, 1.5 * Math.sin(angle) - 0.35]
        : [0.75 - 1.5 * Math.cos(angle), 0.35 - 1.5 * Math.sin(angle)];
    },
    spiral: (u) => {
      const angle = 4 * Math.PI * Math.sqrt(u);
      return [0.18 * angle * Math.cos(angle), 0.18 * angle * Math.sin(angle)];
    },
  };
  const NOISE = 0.06; // of curves and drawings
  const NEAR = 0.2; // a real point is covered if a generated one is as near as this

  lab.DATA = ["ring", "grid", "moons", "spiral", "drawn"];

  // n real points of the seed, stream and step.  drawn: the places of a reader's drawing, [[x, y], …].
  lab.realPoints = function (kind, drawn, seed, stream, step, n) {
    const uniform = lab.uniforms(seed, `${stream} where`, step), noise = lab.drawNormal(seed, stream, step, 2 * n);
    const spots = kind === "drawn" ? { std: NOISE, centres: drawn } : SPOTS[kind];
    for (let i = 0; i < n; i++) {
      const u = uniform();
      const [x, y] = spots ? spots.centres[Math.floor(u * spots.centres.length)] : CURVES[kind](u);
      const std = spots ? spots.std : NOISE;
      noise[2 * i] = x + std * noise[2 * i];
      noise[2 * i + 1] = y + std * noise[2 * i + 1];
    }
    return noise;
  };

  // How many clusters hold at least 2 % of the points, each within three standard deviations of its centre:
  // dgan_core.data.ring.modes_covered, for 8 clusters; a quarter of a fair share for 25.
  function modesCovered({ centres, std }, points) {
    const least = Math.min(0.02, 0.25 / centres.length) * (points.length / 2);
    return centres.filter(([x, y]) => near(points, x, y, 3 * std) >= least).length;
  }

  function near(points, x, y, distance) {
    let found = 0;
    for (let i = 0; i < points.length; i += 2) {
      found += (points[i] - x) ** 2 + (points[i + 1] - y) ** 2 < distance ** 2;
    }
    return found;
  }

  // { covered, of } clusters of the ring and the grid; of other data, percent of the real points that have a
  // generated one near.
  lab.coverage = function (kind, real, generated) {
    if (SPOTS[kind]) return { covered: modesCovered(SPOTS[kind], generated), of: SPOTS[kind].centres.length };
    let covered = 0;
    for (let i = 0; i < real.length; i += 2) covered += near(generated, real[i], real[i + 1], NEAR) > 0;
    return { covered: Math.round((200 * covered) / real.length), of: 100 };
  };
})(self.lossLab ||= {});
