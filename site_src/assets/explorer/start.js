// A classic script on purpose. A browser lets no page that it opened as a file load modules, fetch data or start a
// worker: there the list that is already on the page stays, without an error in the console.
{
  const place = document.getElementById("explorer");
  const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
  if (place && location.protocol !== "file:") {
    // The worker reads the index while the page is still being laid out and its own part is still loading.
    const { kind = "metrics", root = ".." } = place.dataset;
    const index = new URL(`${root}/assets/explorer-${kind}`, location.href).href;
    const worker = new Worker(new URL("worker.js", src), { type: "module" });
    worker.postMessage({ type: "open", kind, first: `${index}.json`, more: `${index}-more.json` });
    Object.assign(globalThis, { explorerWorker: worker });
    // All at once: found one after the other, they would be fetched one after the other.
    for (const part of ["page", "address", "facets", "fields", "help", "marked_text", "table", "toolbar"]) {
      import(`./${part}.js`);
    }
    for (const part of ["clipboard", "elements", "format"]) import(`../shared/${part}.js`);
  }
}
