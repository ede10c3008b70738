// Python for a live page: Pyodide in a thread of its own, so that the page stays awake while a cell computes.
import { loadPyodide } from "./pyodide/pyodide.mjs";

let python;

async function start(wheels) {
  postMessage({ progress: "starting Python …" });
  const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href });
  postMessage({ progress: "loading NumPy and Glassgrad …" });
  await pyodide.loadPackage(wheels.map((name) => new URL(`./wheels/${name}`, import.meta.url).href), {
    messageCallback: () => {},
    checkIntegrity: false,
  });
  const run = pyodide.runPython(`
import json
import os

os.environ["MPLBACKEND"] = "Agg"  # figures are shown by run
from nn.lesson.site.cell import run

page = {"__name__": "__main__"}
lambda source: json.dumps(run(source, page))
`);
  return (source) => JSON.parse(run(source));
}

onmessage = async ({ data }) => {
  if (data.wheels) {
    python = start(data.wheels);
    python.catch(() => {}); // each cell says it
    return;
  }
  try {
    postMessage({ id: data.id, outputs: (await python)(data.source) });
  } catch (error) {
    postMessage({ id: data.id, outputs: [{ kind: "error", value: String(error) }] });
  }
};
