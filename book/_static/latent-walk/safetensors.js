// A .safetensors file → { name: { shape, values } }, with values in a Float32Array or a Uint8Array.
(function (walk) {
  const TYPES = { F16: halves, F32: (bytes) => new Float32Array(bytes), U8: (bytes) => new Uint8Array(bytes) };

  walk.readSafetensors = function (buffer) {
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    delete header.__metadata__;
    const read = ({ dtype, shape, data_offsets: [from, to] }) => ({ shape, values: TYPES[dtype](buffer.slice(8 + length + from, 8 + length + to)) });
    return Object.fromEntries(Object.entries(header).map(([name, entry]) => [name, read(entry)]));
  };

  // IEEE 754's half precision → Float32Array.
  function halves(bytes) {
    return Float32Array.from(new Uint16Array(bytes), function (h) {
      const sign = h & 0x8000 ? -1 : 1, exponent = (h >> 10) & 31, fraction = h & 1023;
      if (exponent === 0) return sign * fraction * 2 ** -24;
      return exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
    });
  }
})(self.latentWalk ||= {});
