// Runs Python, with the Python engine of flask-cors-rs, in a thread of the page.
importScripts("pyodide/pyodide.js");

const ready = (async () => {
  const [pyodide, packages] = await Promise.all([
    loadPyodide({ indexURL: new URL("pyodide/", self.location).href }),
    fetch("packages.zip").then((response) => response.arrayBuffer()),
  ]);
  pyodide.unpackArchive(packages, "zip", { extractDir: "/packages" });
  pyodide.runPython("import sys; sys.path.insert(0, '/packages')");
  return pyodide.pyimport("playground").check;
})();

ready.then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ error: `Python cannot be loaded: ${error}` }),
);

onmessage = async (event) => {
  const check = await ready;
  postMessage(JSON.parse(check(JSON.stringify(event.data))));
};
