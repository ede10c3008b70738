"use strict";
startEach(".gg-attention", begin);

function begin(host) {
  const data = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
  const root = host.attachShadow({ mode: "open" });
  const number = (value) => (typeof value === "string" ? Number(value.replace("inf", "Infinity")) : value);
  const minus = (text) => text.replaceAll("-", "−");

  function show(value, digits = 3) {
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    if (value === 0) return "0";
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return minus(power < -4 || power >= digits
      ? `${Number(mantissa)}e${Number(power)}` : String(Number(value.toPrecision(digits))));
  }
  const four = (value) => show(value, 4);
  const capital = (words) => words[0].toUpperCase() + words.slice(1);
  const at = (name, q, k) => number(data[name][q][k]);
  const may = (q, k) => data.allowed[q][k] === 1;

  // What is selected, and what is looked at in passing.
  let pinned = { q: data.at[0], k: data.at[1] };
  let now = pinned;

  function sentence() {
    const { q, k } = now;
    const who = capital(data.queries[q]), what = data.keys[k];
    if (!may(q, k)) {
      return `${who} may not read ${what}: the mask makes the score −∞, the weight 0 and the gradient of the score 0.`;
    }
    const p = at("weights", q, k), g = at("dWeights", q, k);
    return `${who} reads ${what}: score ${four(at("scores", q, k))}, weight ${four(p)}. Back come ${four(g)} `
      + `to the weight and ${four(p)} · (${four(g)} − ${four(number(data.means[q]))}) = ${four(at("dScores", q, k))} to the score.`;
  }

  // -- the frame of the page ----------------------------------------------------------------------

  const theme = make("select", { "aria-label": "Colours" });
  for (const [value, text] of [["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]]) {
    theme.append(make("option", { value, text }));
  }
  theme.value = data.theme;
  const what = make("div", { class: "what" }, make("strong", { text: data.heading || data.summary }));
  if (data.heading) what.append(data.summary);
  const bar = make("div", { class: "bar", role: "group", "aria-label": "Settings" }, what, theme);
  const say = make("p", { class: "say", role: "status", "aria-live": "polite" });
  const views = make("div", { class: "views" });
  const page = make("div", { class: "page", tabindex: "-1", role: "group", "aria-label": data.title },
    bar, say, views);
  root.append(make("style", { text: data.style }), page);

  // -- grids --------------------------------------------------------------------------------------

  const grids = [];

  // A table of pairs (or of rows alone) that is painted anew for every selection.
  function grid(caption, rows, columns, cell, pick) {
    const self = {};
    const table = make("table", { role: "grid", "aria-label": caption });
    const heads = columns.map((text) => make("th", { scope: "col", text: minus(text) }));
    const body = make("tbody", {});
    self.lines = rows.map((text, a) => {
      const cells = columns.map((_, b) => {
        const td = make("td", { tabindex: "-1" });
        td.spot = [self, a, b];
        return td;
      });
      body.append(make("tr", {}, make("th", { scope: "row", text: minus(text) }), ...cells));
      return cells;
    });
    table.append(make("thead", {}, make("tr", {}, make("td", { class: "corner" }), ...heads)), body);
    self.pick = pick;
    self.paint = () => {
      let chosen = null, top = 0;
      const found = self.lines.map((cells, a) => cells.map((_, b) => cell(a, b)));
      for (const { v } of found.flat()) if (Number.isFinite(v)) top = Math.max(top, Math.abs(v));
      self.lines.forEach((cells, a) => cells.forEach((td, b) => {
        const { v, kind } = found[a][b];
        const level = top && v && Number.isFinite(v)
          ? (v > 0 ? "l" : "m") + Math.min(4, Math.max(1, Math.round((4 * Math.abs(v)) / top))) : "";
        const text = show(v);
        if (td.textContent !== text) td.textContent = text;
        td.className = `${level} ${kind}`.trim();
        const picked = kind.includes("chosen");
        td.setAttribute("aria-selected", String(picked));
        td.tabIndex = -1;
        if (picked && !chosen) chosen = td;
      }));
      (chosen || self.lines[0][0]).tabIndex = 0;
    };
    grids.push(self);
    return make("div", {}, make("div", { class: "caption", "aria-hidden": "true", text: caption }), table);
  }

  const pairs = (caption, name) => grid(caption, data.rows, data.columns, (q, k) => ({
    v: at(name, q, k),
    kind: [may(q, k) ? "" : "pad", q === now.q && k === now.k ? "chosen" : q === now.q ? "patch" : k === now.k ? "same" : ""]
      .filter(Boolean).join(" "),
  }), (q, k) => ({ q, k }));

  const wide = (name) => data[name][0].map((_, d) => String(d));
  const ofKeys = (caption, name) => grid(caption, data.columns, wide(name), (k, d) => ({
    v: at(name, k, d), kind: k === now.k ? (d ? "patch" : "chosen") : "",
  }), (k) => ({ ...pinned, k }));
  const ofQuery = (caption, name) => grid(caption, [""], wide(name), (_, d) => ({
    v: at(name, now.q, d), kind: "",
  }), () => pinned);
  const shares = () => grid("weights", data.columns, [""], (k) => ({
    v: at("weights", now.q, k), kind: [may(now.q, k) ? "" : "pad", k === now.k ? "chosen" : ""].join(" ").trim(),
  }), (k) => ({ ...pinned, k }));

  const after = [];
  function view(title, parts, ...lines) {
    const heading = make("h2", {});
    const row = make("div", { class: "parts" });
    parts.forEach((part, k) => { // a sign and the part behind it stay together
      if (typeof part === "string") return;
      const sign = parts[k - 1];
      row.append(typeof sign !== "string" ? part
        : make("div", { class: "bound" }, make("span", { class: "sign", text: sign }), part));
    });
    const below = lines.filter(Boolean).map((line) => {
      const p = make("p", typeof line === "string" ? { text: line, class: "hint" } : {});
      if (typeof line === "function") after.push(() => { p.textContent = line(); });
      return p;
    });
    after.push(() => { heading.textContent = title(); });
    views.append(make("section", { class: "view" }, heading, row, ...below));
  }

  function reads() {
    const row = data.weights[now.q].map(number);
    const best = row.map((_, k) => k).sort((a, b) => row[b] - row[a]).slice(0, 3).filter((k) => row[k] > 0);
    return `${capital(data.queries[now.q])} reads ${best.map((k) => `${Math.round(100 * row[k])} % of ${data.keys[k]}`).join(", ")}.`;
  }

  view(() => "1 · Scores: query · key, before the softmax", [pairs("scores", "scores")], data.note);
  view(() => "2 · Weights: the softmax of every row", [pairs("weights", "weights")], reads);
  view(() => `3 · What ${data.queries[now.q]} reads`,
    [shares(), "×", ofKeys("values", "values"), "→", ofQuery("output", "outputs")],
    "The output is the sum of the values, each times its weight.");
  view(() => "4 · Backward: to the weights and to the scores",
    [pairs("gradients of the weights", "dWeights"), pairs("gradients of the scores", "dScores")], data.rule);
  view(() => `5 · Backward: to the values, and from the output of ${data.queries[now.q]}`,
    [ofQuery("gradient of the output", "dOutputs"), ofKeys("gradients of the values", "dValues")],
    () => `The gradient of ${data.keys[now.k]}'s value is the sum, over all positions that read it, of weight × gradient of their output.`);

  // -- selecting ------------------------------------------------------------------------------------

  function update() {
    for (const each of grids) each.paint();
    for (const each of after) each();
    say.textContent = sentence();
  }
  const spotOf = (event) => event.target.closest && event.target.closest("td") && event.target.closest("td").spot;
  const selection = ([self, a, b]) => self.pick(a, b);
  views.addEventListener("mouseover", (event) => {
    const spot = spotOf(event);
    now = spot ? selection(spot) : pinned;
    update();
  });
  views.addEventListener("mouseleave", () => { now = pinned; update(); });
  function pin(td) {
    pinned = now = selection(td.spot);
    update();
    td.spot[0].lines.flat().find((each) => each.tabIndex === 0).focus();
  }
  views.addEventListener("click", (event) => { if (spotOf(event)) pin(event.target.closest("td")); });

  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // slides and notebooks must not take these keys for theirs
    let focus = root.activeElement;
    if (focus === page && steps[event.key]) focus = views.querySelector('td[tabindex="0"]');
    if (event.key === "Escape") {
      if (focus) focus.blur();
    } else if (focus && focus.spot && (steps[event.key] || ["Home", "End", "Enter", " "].includes(event.key))) {
      const [self, a, b] = focus.spot;
      const width = self.lines[0].length;
      let [down, right] = steps[event.key] || [0, 0];
      if (event.key === "Home") right = -b;
      if (event.key === "End") right = width - 1 - b;
      pin(self.lines[Math.max(0, Math.min(self.lines.length - 1, a + down))][Math.max(0, Math.min(width - 1, b + right))]);
    } else {
      return;
    }
    event.preventDefault();
  });
  for (const kind of ["keyup", "keypress"]) page.addEventListener(kind, (event) => event.stopPropagation());
  followTheme(page, theme);
  update();
  takeKeys(page);
}
