// Random numbers as a function of (seed, stream, step), so that both panels see the same draws whatever their loss.
(function (lab) {
  // A 32-bit hash of a text: FNV-1a.
  function hash(text) {
    let h = 0x811c9dc5;
    for (const letter of text) h = Math.imul(h ^ letter.codePointAt(0), 0x01000193);
    return h >>> 0;
  }

  // A generator of uniform numbers in [0, 1): sfc32, whose first draws are thrown away.
  lab.uniforms = function (seed, stream, step = 0) {
    let a = hash(`${seed} ${stream}`), b = hash(`${stream} ${step}`), c = hash(`${step} ${seed}`), counter = 1;
    const next = function () {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      return (sum >>> 0) / 2 ** 32;
    };
    for (let i = 0; i < 12; i++) next();
    return next;
  };

  // n standard normal numbers from such a generator: Box & Muller 1958.
  lab.normals = function (uniform, n) {
    const drawn = new Float32Array(n);
    for (let i = 0; i < n; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform())), angle = 2 * Math.PI * uniform();
      drawn[i] = radius * Math.cos(angle);
      if (i + 1 < n) drawn[i + 1] = radius * Math.sin(angle);
    }
    return drawn;
  };

  lab.drawNormal = (seed, stream, step, n) => lab.normals(lab.uniforms(seed, stream, step), n);
  lab.drawUniform = (seed, stream, step, n) => Float32Array.from({ length: n }, lab.uniforms(seed, stream, step));
})(self.lossLab ||= {});
