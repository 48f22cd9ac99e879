// A worker, as a function: ask({ ask, … }) → a promise of its answer.
(function (lab) {
  const ALWAYS = ["vendor/tf.js", "vendor/tf-wasm.js", "answers.js"];
  const base = new URL(".", document.currentScript.src).href;

  // The scripts are named in a worker that the page makes itself, since one of a file's address is refused on the disk.
  lab.newWorker = function (scripts) {
    const names = [...ALWAYS, ...scripts].map((name) => JSON.stringify(base + name)).join(", ");
    const source = new Blob([`importScripts(${names});`], { type: "text/javascript" });
    const worker = new Worker(URL.createObjectURL(source)), waiting = new Map();
    let asked = 0;
    worker.onmessage = function ({ data: { id, error, ...answer } }) {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      error ? reject(new Error(error)) : resolve(answer);
    };
    worker.onerror = function (event) {
      event.preventDefault();
      waiting.forEach(({ reject }) => reject(new Error(event.message || "The worker could not be loaded.")));
      waiting.clear();
    };
    return (question) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, { resolve, reject });
        worker.postMessage({ id: asked, ...question });
      });
  };

  // The worker of a panel.
  lab.newTrainer = () => lab.newWorker(["losses.js", "draws.js", "networks.js", "data.js", "step.js", "worker.js"]);
})(self.lossLab ||= {});
