// What every worker does.  The page asks, { id, ask, … }; it answers { id, … } or { id, error }.
(function (lab) {
  let ready;
  async function begin() {
    const kinds = ["", "-simd", "-threaded-simd"]; // all must be named; one with SIMD and without threads is used
    tf.wasm.setWasmPaths(Object.fromEntries(kinds.map((kind) => [`tfjs-backend-wasm${kind}.wasm`, self.lossLabWasm])));
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    if (!(await tf.setBackend("wasm"))) throw new Error("This browser has no WebAssembly with SIMD: use a newer one.");
  }

  // answers: { ask: function of what is given, or a promise's }.
  lab.answer = function (answers) {
    self.onmessage = async function ({ data: { id, ask, ...given } }) {
      try {
        await (ready ||= begin());
        self.postMessage({ id, ...(await answers[ask](given)) });
      } catch (error) {
        self.postMessage({ id, error: error.message });
      }
    };
  };
})(self.lossLab ||= {});
