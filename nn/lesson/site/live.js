// Cells of a page that can be changed and run. What runs them is Pyodide, in worker.js, started by the first.
(() => {
  "use strict";
  const settings = window.glassgrad || { live: false, why: "" };
  const base = new URL(".", document.currentScript.src);

  // Pictures look for a host's theme where most hosts say it; this site's theme says it elsewhere.
  function tellTheme() {
    const theme = document.body.dataset.theme;
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  }

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  let worker, asked = 0;
  const waiting = new Map();

  function start(say) {
    worker = new Worker(new URL("worker.js", base), { type: "module" });
    worker.onmessage = ({ data }) => {
      if (data.progress) return say(data.progress);
      const { resolve } = waiting.get(data.id);
      waiting.delete(data.id);
      resolve(data.outputs);
    };
    worker.onerror = (event) => {
      for (const { resolve } of waiting.values()) resolve([{ kind: "error", value: event.message || "Pyodide did not start" }]);
      waiting.clear();
    };
    worker.postMessage({ wheels: settings.wheels });
  }

  function ask(source) {
    const id = ++asked;
    return new Promise((resolve) => {
      waiting.set(id, { resolve });
      worker.postMessage({ id, source });
    });
  }

  function show(outputs, place) {
    place.replaceChildren();
    for (const { kind, value } of outputs) {
      const box = make("div", { class: `live-${kind}` });
      if (kind === "html") {
        box.innerHTML = value;
        place.append(box);
        for (const script of box.querySelectorAll("script:not([type])")) {
          const again = document.createElement("script"); // only scripts made so are run
          again.textContent = script.textContent;
          script.replaceWith(again);
        }
      } else {
        box.append(make("pre", {}, value));
        place.append(box);
      }
    }
  }

  function prepare(cell, cells) {
    const code = cell.querySelector(".cell_input pre");
    const button = make("button", { type: "button", class: "live-run" }, "Run");
    const status = make("span", { class: "live-status", role: "status" });
    code.setAttribute("contenteditable", "plaintext-only");
    code.setAttribute("spellcheck", "false");
    code.setAttribute("role", "textbox");
    code.setAttribute("aria-multiline", "true");
    code.setAttribute("aria-label", "Python, to change and to run");
    const one = { code, done: false };
    one.run = async () => {
      status.textContent = "running …";
      const outputs = await ask(code.textContent);
      let place = cell.querySelector(".cell_output");
      if (!place) cell.append((place = make("div", { class: "cell_output docutils container" })));
      show(outputs, place);
      one.done = !outputs.some((each) => each.kind === "error");
      status.textContent = one.done ? "ran in your browser" : "stopped with an error";
      return one.done;
    };
    async function runWithThoseAbove() {
      button.disabled = true;
      if (!worker) start((text) => { status.textContent = text; });
      for (const before of cells) {
        if (before === one) break;
        if (!before.done) {
          status.textContent = "first the cells above …";
          if (!(await before.run())) {
            status.textContent = "a cell above stopped with an error";
            button.disabled = false;
            return;
          }
        }
      }
      await one.run();
      button.disabled = false;
    }
    button.addEventListener("click", runWithThoseAbove);
    code.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey)) {
        event.preventDefault();
        if (!button.disabled) runWithThoseAbove();
      }
    });
    cell.querySelector(".cell_input").append(make("div", { class: "live-bar" }, button, status));
    cells.push(one);
  }

  document.addEventListener("DOMContentLoaded", () => {
    tellTheme();
    new MutationObserver(tellTheme).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
    const found = [...document.querySelectorAll("div.cell")].filter((cell) => cell.querySelector(".cell_input pre"));
    if (!found.length) return;
    const note = settings.live
      ? "This page is live: change a cell and press Run (or Shift-Enter). Python runs in your browser; the first time takes a while."
      : `The cells of this page are not live: ${settings.why}. What they show is what they showed when the site was built.`;
    found[0].before(make("p", { class: "live-note" }, note));
    const cells = [];
    if (settings.live) for (const cell of found) prepare(cell, cells);
  });
})();
