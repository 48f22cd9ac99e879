// Pictures on a canvas: a panel of points over the critic's map, and a chart of numbers over iterations.
(function (lab) {
  const EXTENT = 3; // [-3, 3]² is shown
  const SIDE = 40; // of the critic's scores, as the worker sends them
  const BANDS = 14; // steps of colour from the lowest to the highest score

  // The canvas at the screen's own resolution; returns its context and its size in CSS pixels.
  function prepare(canvas) {
    const { width, height } = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    const wide = Math.round(width * ratio), high = Math.round(height * ratio);
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return [context, width, height];
  }

  const css = (canvas, name) => getComputedStyle(canvas).getPropertyValue(name).trim();
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

  // The score between its SIDE × SIDE places, (u, v) in [0, SIDE - 1]².
  function between(scores, u, v) {
    const i = Math.min(Math.floor(u), SIDE - 2), j = Math.min(Math.floor(v), SIDE - 2), a = u - i, b = v - j;
    const at = (di, dj) => scores[(j + dj) * SIDE + i + di];
    return (1 - b) * ((1 - a) * at(0, 0) + a * at(1, 0)) + b * ((1 - a) * at(0, 1) + a * at(1, 1));
  }

  const scratch = document.createElement("canvas");

  // The critic's score in bands of colour, lowest to highest.
  function drawMap(context, size, scores, low, high) {
    const fine = 240, image = new ImageData(fine, fine);
    const least = Math.min(...scores), range = Math.max(...scores) - least || 1;
    for (let y = 0; y < fine; y++) {
      for (let x = 0; x < fine; x++) {
        const score = between(scores, (x * (SIDE - 1)) / (fine - 1), ((fine - 1 - y) * (SIDE - 1)) / (fine - 1));
        const share = Math.min(Math.floor((BANDS * (score - least)) / range), BANDS - 1) / (BANDS - 1);
        const pixel = 4 * (y * fine + x);
        for (let k = 0; k < 3; k++) image.data[pixel + k] = low[k] + share * (high[k] - low[k]);
        image.data[pixel + 3] = 255;
      }
    }
    scratch.width = scratch.height = fine;
    scratch.getContext("2d").putImageData(image, 0, 0);
    context.drawImage(scratch, 0, 0, size, size);
  }

  lab.toPlane = (share) => EXTENT * (2 * share - 1); // from a share of the canvas's width

  // picture: { real, generated, arrows, scores }, each but the first optional; cursor: [x, y] of who draws by keyboard.
  lab.drawPanel = function (canvas, picture, { map = true, arrows = true, cursor } = {}) {
    const [context, size] = prepare(canvas);
    const place = (x, y) => [((x / EXTENT + 1) * size) / 2, ((1 - y / EXTENT) * size) / 2];
    const dots = function (points, radius, colour, rim) {
      context.fillStyle = colour;
      context.strokeStyle = rim;
      context.lineWidth = 0.8;
      for (let i = 0; i < points.length; i += 2) {
        context.beginPath();
        context.arc(...place(points[i], points[i + 1]), radius, 0, 7);
        context.fill();
        if (rim) context.stroke();
      }
    };
    if (picture.scores && map) drawMap(context, size, picture.scores, rgb(css(canvas, "--lab-low")), rgb(css(canvas, "--lab-high")));
    const dot = size / 170;
    dots(picture.real, dot * 0.95, css(canvas, "--lab-real"));
    if (picture.generated) dots(picture.generated, dot, css(canvas, "--lab-generated"), css(canvas, "--lab-rim"));
    if (picture.arrows && arrows) drawArrows(context, picture, place, css(canvas, "--lab-arrow"));
    if (cursor) {
      const [x, y] = place(...cursor);
      context.strokeStyle = css(canvas, "--lab-generated");
      context.lineWidth = 2;
      context.strokeRect(x - 6, y - 6, 12, 12);
    }
  };

  // From a generated point, where its loss falls fastest.  A slope of 1 is 0.46 long, and none is longer than 0.6.
  function drawArrows(context, { generated, arrows }, place, colour) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.3;
    for (let i = 0; i < arrows.length; i += 2) {
      const strength = Math.hypot(arrows[i], arrows[i + 1]), length = 0.6 * Math.tanh(strength);
      if (length < 0.03) continue;
      const direction = Math.atan2(arrows[i + 1], arrows[i]), [x, y] = [generated[i], generated[i + 1]];
      const from = place(x, y), to = place(x + length * Math.cos(direction), y + length * Math.sin(direction));
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
      const wing = (turn) => [to[0] - 5 * Math.cos(direction + turn), to[1] + 5 * Math.sin(direction + turn)];
      context.beginPath();
      context.moveTo(...to);
      context.lineTo(...wing(0.5));
      context.lineTo(...wing(-0.5));
      context.fill();
    }
  }

  const shown = (number) => (Math.abs(number) >= 1000 ? number.toExponential(0) : String(Number(number.toPrecision(2))));

  // lines: [{ points: [[iteration, value], …], colour, dash }].  A value that is no number ends its line.
  lab.drawChart = function (canvas, lines, { from, to, mark } = {}) {
    const [context, width, height] = prepare(canvas), left = 38, bottom = 16, top = 6, right = 4;
    const all = lines.flatMap(({ points }) => points).filter(([, y]) => Number.isFinite(y));
    const last = Math.max(20, ...all.map(([x]) => x));
    let low = Math.min(from ?? Infinity, mark ?? Infinity, ...all.map(([, y]) => y));
    let high = Math.max(to ?? -Infinity, mark ?? -Infinity, ...all.map(([, y]) => y));
    if (!(low < high)) [low, high] = Number.isFinite(low) ? [from ?? low - 1, low + 1] : [0, 1];
    const place = (x, y) => [
      left + (x / last) * (width - left - right),
      top + (1 - (y - low) / (high - low)) * (height - top - bottom),
    ];
    const ink = css(canvas, "--lab-ink"), line = css(canvas, "--lab-line");
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = ink;
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.strokeStyle = line;
    context.lineWidth = 1;
    for (const y of new Set([low, high, mark ?? low])) {
      const [x0, y0] = place(0, y);
      if (y === mark) context.setLineDash([2, 3]);
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(width - right, y0);
      context.stroke();
      context.setLineDash([]);
      const crowded = y === mark && [low, high].some((end) => end !== y && Math.abs(place(0, end)[1] - y0) < 12);
      if (!crowded) context.fillText(shown(y), left - 5, y0);
    }
    context.textBaseline = "bottom";
    context.fillText(String(last), width - right, height);
    context.textAlign = "left";
    context.fillText("0", left, height);
    for (const { points, colour, dash = [] } of lines) {
      context.strokeStyle = css(canvas, colour);
      context.lineWidth = 1.6;
      context.setLineDash(dash);
      context.beginPath();
      let drawing = false;
      for (const [x, y] of points) {
        if (Number.isFinite(y)) context[drawing ? "lineTo" : "moveTo"](...place(x, y));
        drawing = Number.isFinite(y);
      }
      context.stroke();
      context.setLineDash([]);
    }
  };
})(self.lossLab ||= {});
