// A .safetensors or .safetensors.gz file → { name: { shape, values } }, with values in a Float32Array or a Uint8Array.
(function (walk) {
  const HALF = ":f16"; // ends the name of an array of half precision: its low bytes, then its high ones
  const TYPES = { F32: (bytes) => new Float32Array(bytes), U8: (bytes) => new Uint8Array(bytes) };

  // What gzip packed, unless the server or the browser has unpacked it already.
  walk.unzipped = function (buffer) {
    const [first, second] = new Uint8Array(buffer, 0, 2);
    if (first !== 0x1f || second !== 0x8b) return buffer;
    return new Response(new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  };

  walk.readSafetensors = function (buffer) {
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    delete header.__metadata__;
    const read = ({ dtype, shape, data_offsets: [from, to] }) => ({ shape, values: TYPES[dtype](buffer.slice(8 + length + from, 8 + length + to)) });
    const given = (name, { shape, values }) => (name.endsWith(HALF) ? [name.slice(0, -HALF.length), { shape: shape.slice(1), values: halves(values) }] : [name, { shape, values }]);
    return Object.fromEntries(Object.entries(header).map(([name, entry]) => given(name, read(entry))));
  };

  // IEEE 754's half precision, all low bytes before all high ones → Float32Array.
  function halves(bytes) {
    const n = bytes.length / 2;
    return Float32Array.from({ length: n }, function (_, i) {
      const h = bytes[i] | (bytes[n + i] << 8);
      const sign = h & 0x8000 ? -1 : 1, exponent = (h >> 10) & 31, fraction = h & 1023;
      if (exponent === 0) return sign * fraction * 2 ** -24;
      return exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
    });
  }
})(self.latentWalk ||= {});
