// What all pages share; put before a page's own script, inside one function with it.

// The smallest scale of a picture, below which it scrolls (SMALLEST in graph.py).
const SMALLEST = 0.75;

function startEach(selector, begin) {
  const script = document.currentScript;
  const here = script && script.closest(selector);
  // Some hosts run scripts detached from where they stood; then every page not yet begun is ours.
  for (const host of here ? [here] : document.querySelectorAll(selector)) {
    if (!host.shadowRoot) begin(host);
  }
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// In a file of its own (`document` of graph.py) a figure's keys work as soon as it is opened. The
// focus comes quietly: nothing scrolls, no ring is drawn, and no page around an <iframe> loses it.
function takeKeys(page) {
  const alone = document.body.classList.contains("gg-alone") && window.parent === window;
  if (alone && document.activeElement === document.body) page.focus({ preventScroll: true });
}

// Colours as chosen in a <select>, else as the host has them, else as the reader prefers.
function followTheme(page, choice) {
  function ofHost() {
    const body = document.body.dataset, top = document.documentElement;
    if (body.jpThemeLight) return body.jpThemeLight === "false" ? "dark" : "light";
    const said = body.vscodeThemeKind || top.getAttribute("theme") || top.dataset.theme;
    if (said) return /dark|contrast$/.test(said) ? "dark" : "light";
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  const paint = () => {
    page.dataset.theme = choice.value === "auto" ? ofHost() : choice.value;
  };
  choice.addEventListener("change", paint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  const watch = new MutationObserver(paint);
  const watched = ["data-jp-theme-light", "data-vscode-theme-kind", "theme", "data-theme"];
  for (const element of [document.documentElement, document.body]) {
    watch.observe(element, { attributes: true, attributeFilter: watched });
  }
  paint();
}
