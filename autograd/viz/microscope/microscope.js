(() => {
  "use strict";
  startEach(".gg-microscope", begin);

  function begin(host) {
    const data = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
    const conv = data.kind === "conv";
    const [rows, columns] = data.axes;
    const root = host.attachShadow({ mode: "open" });
    const range = (first, last) => Array.from({ length: Math.max(0, last - first) }, (_, k) => first + k);
    const taps = range(0, rows.kernel).flatMap((u) => range(0, columns.kernel).map((v) => [u, v]));
    const number = (value) => (typeof value === "string" ? Number(value.replace("inf", "Infinity")) : value);

    // What is selected: one multiplication. `lone` is a pixel that no shown output sees.
    const pinned = {
      out: data.outs.findIndex((each) => each.o === data.at[1]),
      i: data.at[2], j: data.at[3], c: data.tap[0], u: data.tap[1], v: data.tap[2],
      lone: null,
    };
    let now = pinned;
    let flip = data.flip ? 1 : 0;

    // -- numbers and places ---------------------------------------------------------------------

    function show(value, digits = 3, signed = false) {
      if (Number.isNaN(value)) return "NaN";
      const plus = signed && value > 0 ? "+" : "";
      if (!Number.isFinite(value)) return value > 0 ? plus + "∞" : "−∞";
      if (value === 0) return "0";
      // Where four digits would look rounder than the number is, six: as in words.py.
      if (digits === 4 && /00e/.test(value.toExponential(3))
        && Number(value.toPrecision(4)) !== Number(value.toPrecision(6))) digits = 6;
      const [mantissa, power] = value.toExponential(digits - 1).split("e");
      const text = power < -4 || power >= digits
        ? `${Number(mantissa)}e${Number(power)}` : String(Number(value.toPrecision(digits)));
      return plus + text.replaceAll("-", "−");
    }
    const signed = (value, digits = 3) => show(value, digits, true);
    const place = (i, j) => (data.rank === 1 ? String(j) : `(${i}, ${j})`).replaceAll("-", "−");
    const out = () => data.outs[now.out];
    const position = (i, j, u, v) => [
      i * rows.stride + u * rows.dilation - rows.before,
      j * columns.stride + v * columns.dilation - columns.before,
    ];
    const source = (r, s) => {
      const row = rows.sources[r - rows.low], column = columns.sources[s - columns.low];
      return row == null || column == null ? null : [row, column];
    };
    const tapPlace = () => place(now.u, now.v);
    const factor = (c, u, v) => weight(now.i, now.j, c, u, v);
    const looks = (u, v) => position(now.i, now.j, u, v);
    const here = () => place(now.i, now.j);
    const four = (value) => show(value, 4);
    const equal = (a, b) => a && b && a[0] === b[0] && a[1] === b[1];
    const beyond = (r, s) => r < 0 || s < 0 || r >= rows.length || s >= columns.length;
    const outside = (r, s) => beyond(r, s) || !source(r, s);
    const standing = (r, s) => {
      if (!data.stretched) return `padding at ${place(r, s)}`;
      return `a zero ${beyond(r, s) ? "beyond the image" : "between the pixels"}`;
    };
    const capital = (words) => words[0].toUpperCase() + words.slice(1);
    const x = (c, r, s) => {
      const line = data.planes[c].x[r - rows.low];
      return line && s - columns.low in line ? number(line[s - columns.low]) : 0;
    };
    const face = () => (data.outs[0].y.length > 1 ? flip : 0);
    const y = (i = now.i, j = now.j) => number(out().y[face()][i - rows.first][j - columns.first]);
    const g = (i = now.i, j = now.j) => number(out().g[i - rows.first][j - columns.first]);
    const stored = (u, v) => (flip ? [rows.kernel - 1 - u, columns.kernel - 1 - v] : [u, v]);
    function weight(i, j, c, u, v) {
      if (!conv) return number(out().share[i - rows.first][j - columns.first][u * columns.kernel + v]);
      const [a, b] = stored(u, v);
      return number(out().w[out().channels.indexOf(c)][a][b]);
    }
    const times = (a, b) => (a === 0 || b === 0 ? 0 : a * b);
    const outputs = () => range(rows.first, rows.last).flatMap(
      (i) => range(columns.first, columns.last).map((j) => [i, j]));
    const sum = (values) => values.reduce((total, value) => total + value, 0);

    // Every (output, tap) that looks at one of these positions.
    function uses(test) {
      const found = [];
      for (const [i, j] of outputs()) {
        for (const [u, v] of taps) {
          const [r, s] = position(i, j, u, v);
          if (test(r, s)) found.push({ i, j, u, v, r, s });
        }
      }
      return found;
    }

    // -- the frame of the page --------------------------------------------------------------------

    const select = (label, options, value, changed) => {
      const element = make("select", { "aria-label": label });
      for (const [key, text] of options) element.append(make("option", { value: key, text }));
      element.value = value;
      if (changed) element.addEventListener("change", changed);
      return element;
    };
    const theme = select("Colours", [["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]],
      data.theme);
    const bar = make("div", { class: "bar", role: "group", "aria-label": "Settings" },
      make("div", { class: "what" }, ...(data.heading ? [make("strong", { text: data.heading }), data.summary]
        : [make("strong", { text: data.summary })])));
    const turns = ["Cross-correlation", "Convolution"].map((text, kind) => {
      const button = make("button", { type: "button", text });
      button.title = kind ? "the kernel turned by 180°" : "the kernel as it is stored";
      button.addEventListener("click", () => { flip = kind; update(); });
      return button;
    });
    const faces = data.outs[0].y.length;
    if (faces > 1) bar.append(make("span", { class: "pair", role: "group", "aria-label": "Kernel" }, ...turns));
    if (data.outs.length > 1) {
      const options = data.outs.map((each, k) => [k, `${each.o} of ${data.total}`]);
      const choice = select("Output channel", options, pinned.out, () => {
        const entry = data.outs[choice.value];
        const c = entry.channels.includes(pinned.c) ? pinned.c : entry.channels[0];
        Object.assign(pinned, { out: Number(choice.value), c, lone: null });
        now = pinned;
        build();
      });
      bar.append(make("label", {}, "Output channel", choice));
    }
    bar.append(theme);
    const say = make("p", { class: "say", role: "status", "aria-live": "polite" });
    const views = make("div", { class: "views" });
    const legend = make("div", { class: "legend" });
    const page = make("div", { class: "page", tabindex: "-1", role: "group", "aria-label": data.title },
      bar, make("p", { class: "hint how", text: data.words.help }), say, views, legend);
    root.append(make("style", { text: data.style }), page);
    for (const [kind, text, sample] of data.words.legend) {
      legend.append(make("span", {}, cellSample(kind, sample), text));
    }

    function cellSample(kind, text) {
      const row = make("tr", {}, make("td", { class: kind, text }));
      return make("table", { "aria-hidden": "true" }, make("tbody", {}, row));
    }

    // -- grids ------------------------------------------------------------------------------------

    let grids = [];

    // A table whose cells are painted anew for every selection. `cell(a, b)` gives {t, v, k, l}: text,
    // value for the colour, classes, what else to say. `pick(a, b)` gives the selection of a cell.
    function grid(caption, rowHeads, columnHeads, scale, cell, pick) {
      const self = { pick };
      const table = make("table", { role: "grid" });
      const name = make("div", { class: "caption", "aria-hidden": "true" });
      const head = make("tr", {}, make("td", { class: "corner" }));
      const heads = columnHeads.map(() => make("th", { scope: "col" }));
      head.append(...heads);
      const body = make("tbody", {});
      const lines = rowHeads.map((_, a) => {
        const th = rowHeads[a] === "" ? make("td", { class: "corner" }) : make("th", { scope: "row" });
        const cells = columnHeads.map((_, b) => {
          const td = make("td", { tabindex: "-1" });
          td.spot = [self, a, b];
          return td;
        });
        body.append(make("tr", {}, th, ...cells));
        return { th, cells };
      });
      table.append(make("thead", {}, head), body);
      self.lines = lines;
      self.paint = () => {
        const title = typeof caption === "function" ? caption() : caption;
        if (name.textContent !== title) {
          name.textContent = title;
          table.setAttribute("aria-label", title);
        }
        const top = typeof scale === "function" ? scale() : scale;
        heads.forEach((th, b) => { th.textContent = text(columnHeads[b]); });
        let chosen, patch;
        lines.forEach(({ th, cells }, a) => {
          th.textContent = text(rowHeads[a]);
          cells.forEach((td, b) => {
            const { t, v, k, l } = cell(a, b);
            const kind = `${shade(v, top)} ${k || ""}`.trim();
            if (td.textContent !== t) td.textContent = t;
            if (td.className !== kind) td.className = kind;
            const picked = kind.includes("chosen");
            td.setAttribute("aria-selected", String(picked));
            if (l) { td.title = l; td.setAttribute("aria-label", `${t}, ${l}`); }
            else if (td.title) { td.removeAttribute("title"); td.removeAttribute("aria-label"); }
            td.tabIndex = -1;
            if (picked && !chosen) chosen = td;
            if (kind.includes("patch")) patch = td;
          });
        });
        (chosen || lines[0].cells[0]).tabIndex = 0;
        // A grid that is wider than the page scrolls by itself.
        const box = table.parentNode, at = (chosen || patch || box).offsetLeft - box.clientWidth / 2;
        if (Math.abs(at - box.scrollLeft) > box.clientWidth / 3) box.scrollLeft = at;
      };
      grids.push(self);
      // Not a <caption>: a long one would stretch the cells of a narrow table.
      return make("div", {}, name, table);
    }

    const text = (head) => String(typeof head === "function" ? head() : head).replaceAll("-", "−");

    function shade(value, top) {
      if (!top || !value || !Number.isFinite(value)) return "";
      const level = Math.min(4, Math.max(1, Math.round((4 * Math.abs(value)) / top)));
      return (value > 0 ? "l" : "m") + level;
    }

    const marks = (...pairs) => pairs.filter((pair) => pair[1]).map((pair) => pair[0]).join(" ");

    function inputGrid(c) {
      const listed = [range(rows.low, rows.low + rows.sources.length),
        range(columns.low, columns.low + columns.sources.length)];
      return grid(`input, channel ${c}`, alone(rows.heads), columns.heads, data.scales.x, (a, b) => {
        const r = listed[0][a], s = listed[1][b];
        const [i, j] = [now.i, now.j];
        const tap = taps.find((each) => equal(position(i, j, ...each), [r, s]));
        const inPatch = !now.lone && tap;
        const from = source(r, s);
        const skipped = !outside(r, s) && (r in rows.skipped || s in columns.skipped);
        const chosen = c === now.c && equal([r, s], spot());
        const same = c === now.c && !chosen && equal(from, source(...spot()));
        const value = x(c, r, s);
        const inside = out().share && inPatch ? window_(i, j, ...tap) : "";
        return {
          t: show(value, 3, data.signed), v: value,
          k: marks(["pad", outside(r, s)], ["skipped", skipped], ["patch", inPatch], ["same", same], ["chosen", chosen])
            + (chosen ? "" : inside),
          l: outside(r, s)
            ? `${data.padding}${from ? `, a copy of pixel ${place(...from)}` : ""}`
            : skipped ? `seen by no window: ${rows.skipped[r] || columns.skipped[s]}` : "",
        };
      }, (a, b) => atPosition(c, listed[0][a], listed[1][b]));
    }

    // The one row of a sequence has no name.
    const alone = (heads) => (data.rank === 1 ? [""] : heads);

    // Whether a cell of a window of max pooling won or came as near.
    function window_(i, j, u, v) {
      if (data.kind !== "max") return "";
      const [r, s] = position(i, j, u, v);
      if (weight(i, j, now.c, u, v)) return " winner";
      return !outside(r, s) && x(out().channels[0], r, s) === y(i, j) ? " tie" : "";
    }

    const isOutput = (i, j) => !now.lone && i === now.i && j === now.j;
    const isTap = (u, v) => !now.lone && u === now.u && v === now.v;
    const spot = () => (now.lone ? now.lone : looks(now.u, now.v));

    // The selection that a position of the input stands for: the same output or tap if that is possible.
    function atPosition(c, r, s) {
      const found = uses((a, b) => a === r && b === s);
      if (!found.length) return { ...pinned, c, lone: [r, s] };
      const best = found.find((use) => use.i === pinned.i && use.j === pinned.j)
        || found.find((use) => use.u === pinned.u && use.v === pinned.v) || found[0];
      return { ...pinned, c, ...best, lone: null };
    }

    function tapGrid(caption, c, cell, scale) {
      const heads = (axis, turned) => range(0, axis.kernel).map(
        (k) => () => (turned && flip ? axis.kernel - 1 - k : k));
      const turned = caption().startsWith("kernel");
      return grid(caption, alone(heads(rows, turned)), heads(columns, turned), scale, (u, v) => {
        const [value, kind, label] = cell(u, v);
        const chosen = c === now.c && isTap(u, v);
        return { t: show(value, 3, turned || conv || data.signed), v: value, k: marks(["chosen", chosen]) + (kind || ""), l: label };
      }, (u, v) => ({ ...pinned, c, u, v, lone: null }));
    }

    function outputGrid(caption, cell, scale, sign) {
      const listed = [range(rows.first, rows.last), range(columns.first, columns.last)];
      return grid(caption, alone(listed[0]), listed[1], scale, (a, b) => {
        const i = listed[0][a], j = listed[1][b];
        const [value, kind, label] = cell(i, j);
        const chosen = isOutput(i, j);
        return { t: show(value, 3, sign), v: value, k: marks(["chosen", chosen], [kind, kind && !chosen]), l: label };
      }, (a, b) => ({ ...pinned, i: listed[0][a], j: listed[1][b], lone: null }));
    }

    const largest = (values) => Math.max(0, ...values.filter(Number.isFinite).map(Math.abs));

    // -- the four views ---------------------------------------------------------------------------

    let after = [];
    // Three output planes beside one another need the full width unless they are small.
    const broad = columns.last - columns.first > (conv ? 4 : 6);

    function view(title, wide, parts, ...below) {
      const heading = make("h2", {});
      after.push(() => { heading.textContent = title(); });
      const section = make("section", { class: wide ? "view wide" : "view" }, heading);
      for (const line of parts) section.append(row(line));
      section.append(...below);
      return section;
    }

    // A sign and the part behind it stay together when the row breaks; what is too wide scrolls.
    function row(line) {
      const parts = make("div", { class: "parts" });
      line.forEach((part, k) => {
        if (typeof part === "string") return;
        const sign = line[k - 1];
        parts.append(typeof sign !== "string" ? part
          : make("div", { class: "bound" }, make("span", { class: "sign", text: sign }), part));
      });
      return parts;
    }

    function sentence(write) {
      const p = make("p", {});
      after.push(() => { p.textContent = write(); p.hidden = !p.textContent; });
      return p;
    }

    function build() {
      grids = [];
      after = [];
      views.replaceChildren(...(conv ? convViews() : poolViews()));
      update();
    }

    const all = (f) => outputs().map(([i, j]) => f(i, j));
    const ySigned = () => all((i, j) => y(i, j)).some((value) => value < 0);

    function convViews() {
      const entry = out();
      const lines = entry.channels.map((c) => [
        inputGrid(c), "×",
        tapGrid(() => `kernel ${entry.o}${entry.channels[1] ? `, channel ${c}` : ""}${flip ? ", turned" : ""}`, c,
          (u, v) => [factor(c, u, v), "", `weight ${place(...stored(u, v))}`], data.scales.w),
        "=",
        tapGrid(() => "products", c, (u, v) => [product(c, u, v)],
          () => largest(entry.channels.flatMap((d) => taps.map(([u, v]) => product(d, u, v))))),
      ]);
      lines[lines.length - 1].push("→", outputGrid(() => `output, channel ${entry.o}`, (i, j) => [y(i, j)],
        () => largest(all(y)), ySigned()));
      return [
        view(() => `1 · Output ${here()}: ${flip ? data.words.turned : data.words.what}`, true, lines,
          sentence(sumSentence), hint(data.stretched), hint(data.note), hint(data.skipped)),
        pixelView(2), sharingView(3), matrixView(4),
      ];
    }

    function hint(words) {
      return words ? make("p", { class: "hint", text: words }) : "";
    }

    const product = (c, u, v) => {
      const [r, s] = looks(u, v);
      return times(x(c, r, s), factor(c, u, v));
    };

    function written(values) {
      if (values.length > 12 || values.length < 2) return four(sum(values));
      const rest = values.slice(1).map((value) => ` ${value < 0 ? "−" : "+"} ${four(Math.abs(value))}`);
      return `${four(values[0])}${rest.join("")} = ${four(sum(values))}`;
    }

    function sumSentence() {
      const entry = out();
      const real = taps.filter(([u, v]) => !data.stretched || !outside(...looks(u, v)));
      const values = entry.channels.flatMap((c) => real.map(([u, v]) => product(c, u, v)));
      const rest = y() - (entry.bias || 0) - sum(values);
      return `Sum of the products: ${written(values)}`
        + (entry.hidden ? `; with the ${entry.hidden} channels not shown ${signed(rest, 4)}` : "")
        + (entry.bias == null ? "" : `; plus the bias ${signed(entry.bias, 4)}`)
        + `. The engine's output: ${four(y())}.`;
    }

    function pixelTerms() {
      const target = source(...spot());
      if (!target) return [];
      return uses((r, s) => equal(source(r, s), target));
    }

    function pixelView(count) {
      const entry = out();
      const list = make("table", { class: "list" });
      const reached = outputGrid(() => (conv ? `outputs reached, channel ${entry.o}` : "windows that see it"),
        (i, j) => [y(i, j), terms.some((use) => use.i === i && use.j === j) ? "hit" : ""],
        () => largest(all(y)), ySigned());
      let terms = [];
      const before = () => { terms = pixelTerms(); };
      grids.splice(grids.length - 1, 0, { paint: before });
      after.push(() => listTerms(list, terms));
      const heading = () => {
        const target = source(...spot());
        if (!target) return `${count} · ${capital(standing(...spot()))}`;
        return `${count} · Pixel ${place(...target)} of channel ${now.c} = ${four(x(now.c, ...spot()))}: `
          + `${conv ? "reaches" : "seen by"} ${terms.length} shown output${terms.length === 1 ? "" : "s"}`
          + (conv ? ` of channel ${entry.o}` : "");
      };
      const parts = [reached, make("div", {}, list)];
      if (data.stretched) {
        const from = () => x(now.c, ...spot());
        parts.unshift(grid(() => `its stamp, pixel × kernel ${entry.o}`, alone(range(0, rows.kernel)),
          range(0, columns.kernel), () => Math.abs(from()) * data.scales.w, (a, b) => {
            const value = times(from(), number(entry.w[entry.channels.indexOf(now.c)][a][b]));
            return { t: signed(value), v: value, k: marks(["chosen", isTap(...stored(a, b))]) };
          }, (a, b) => {
            const [u, v] = stored(a, b);
            const same = terms.find((use) => use.u === u && use.v === v);
            return same ? { ...pinned, c: now.c, ...same, lone: null } : now;
          }), "→");
      }
      return view(heading, broad || Boolean(data.stretched), [parts], sentence(() => backSentence(terms)));
    }

    const LISTED = 9;

    function listTerms(list, terms) {
      const names = make("tr", {}, make("th", { scope: "col", text: "output" }),
        ...data.words.heads.map((name) => make("th", { scope: "col", text: name })));
      const isMine = (use) => isOutput(use.i, use.j) && isTap(use.u, use.v);
      const first = Math.max(0, Math.min(terms.findIndex(isMine) - (LISTED >> 1), terms.length - LISTED));
      const lines = terms.slice(first, first + LISTED).map((use) => {
        const w = weight(use.i, use.j, now.c, use.u, use.v), arrived = g(use.i, use.j);
        const goes = times(x(now.c, use.r, use.s), w);
        const cells = [place(use.u, use.v), signed(w), ...(conv ? [signed(goes)] : []), signed(arrived), signed(times(arrived, w))];
        const row = make("tr", {}, make("th", { scope: "row", text: place(use.i, use.j) }),
          ...cells.map((each) => make("td", { text: each })));
        if (isMine(use)) row.children[1].className = "chosen";
        return row;
      });
      const title = conv ? "forward and backward" : "backward";
      const most = terms.length > LISTED ? `, ${LISTED} of ${terms.length}` : "";
      list.replaceChildren(make("caption", { text: title + most }),
        make("thead", {}, names), make("tbody", {}, ...lines));
      list.hidden = !terms.length;
    }

    function backSentence(terms) {
      const target = source(...spot());
      const [r, s] = spot();
      if (!target) return data.words.nothing;
      const values = terms.map((use) => times(g(use.i, use.j), weight(use.i, use.j, now.c, use.u, use.v)));
      const total = number(data.planes[now.c].dx[face()][r - rows.low][s - columns.low]);
      const rest = total - sum(values);
      const close = Math.abs(rest) <= 1e-5 * Math.max(1, Math.abs(total));
      const why = !terms.length && now.lone && !outside(r, s)
        ? `No shown window sees this pixel${r in rows.skipped || s in columns.skipped ? data.words.unseen : ""}. ` : "";
      return `${why}Backward: what comes back adds up to ${written(values)}`
        + (close ? "" : `; outputs and channels not in the list send ${signed(rest, 4)}`)
        + `. The engine's gradient of the pixel: ${four(total)}.`;
    }

    function under(i, j) {
      const [r, s] = position(i, j, now.u, now.v);
      return [x(now.c, r, s), outside(r, s) ? "pad" : ""];
    }

    function sharingView(count) {
      const entry = out();
      const send = (i, j) => times(g(i, j), under(i, j)[0]);
      const name = () => {
        const [a, b] = stored(now.u, now.v);
        return `${count} · Weight ${place(a, b)} of kernel ${entry.o}, channel ${now.c} = `
          + `${four(factor(now.c, now.u, now.v))}: ${data.shared}`;
      };
      return view(name, broad, [[
        outputGrid(() => "x under the tap", under, data.scales.x, data.signed), "×",
        outputGrid(() => "g, gradient of the output", (i, j) => [g(i, j)], data.scales.g, true), "=",
        outputGrid(() => "g·x", (i, j) => [send(i, j)], () => largest(all(send)), true),
      ]], sentence(() => {
        const total = number(entry.dw[entry.channels.indexOf(now.c)][now.u][now.v]);
        const values = all(send);
        const rest = total - sum(values);
        const close = Math.abs(rest) <= 1e-5 * Math.max(1, Math.abs(total));
        return `One number, used again and again: every use sends its own gradient, and they add up to ${written(values)}`
          + (close ? "" : `; positions and images not shown send ${signed(rest, 4)}`)
          + `. The engine's gradient of the weight: ${four(total)}.`;
      }));
    }

    // So many rows and columns of the matrix are shown, around the selected ones.
    const ROWS = 9, COLUMNS = 10;

    function matrixView(count) {
      const entry = out();
      const wide = columns.last - columns.first;
      const spots = outputs();
      const height = Math.min(ROWS, spots.length);
      const first = () => {
        const at = (now.i - rows.first) * wide + now.j - columns.first;
        return Math.max(0, Math.min(at - (ROWS >> 1), spots.length - height));
      };
      // All columns if they are few, else those of the selected channel.
      const few = entry.channels.length * taps.length <= COLUMNS;
      const many = taps.length * (few ? entry.channels.length : 1);
      const length = Math.min(COLUMNS, many);
      const spotOf = (b) => {
        const at = (few ? entry.channels.indexOf(now.c) * taps.length : 0) + now.u * columns.kernel + now.v;
        const place = Math.max(0, Math.min(at - (length >> 1), many - length)) + b;
        return [few ? entry.channels[Math.floor(place / taps.length)] : now.c, ...taps[place % taps.length]];
      };
      const nameOf = (c, u, v) => {
        const inside = data.rank === 1 ? v : `${u},${v}`;
        return entry.channels.length > 1 ? `${c};${inside}` : inside;
      };
      const column = (b) => () => nameOf(...spotOf(b));
      const heads = range(0, height).map((a) => () => place(...spots[first() + a]));
      const names = range(0, length).map(column);
      const isColumn = (b) => {
        const [c, ...tap] = spotOf(b);
        return c === now.c && isTap(...tap);
      };
      const isRow = (a) => isOutput(...spots[first() + a]);
      const outputAt = (a) => {
        const [i, j] = spots[first() + a];
        return { ...pinned, i, j, lone: null };
      };
      const tapAt = (b, from = pinned) => {
        const [c, u, v] = spotOf(b);
        return { ...from, c, u, v, lone: null };
      };
      const choose = (a, b) => tapAt(b, outputAt(a));
      const patches = grid(conv ? "patches as rows" : "windows as rows", heads, names, data.scales.x, (a, b) => {
        const [i, j] = spots[first() + a], [c, u, v] = spotOf(b);
        const [r, s] = position(i, j, u, v);
        const same = c === now.c && equal(source(r, s), source(...spot()));
        const chosen = isRow(a) && isColumn(b);
        const value = x(c, r, s);
        return {
          t: show(value, 3, data.signed), v: value,
          k: marks(["pad", outside(r, s)], ["patch", isRow(a) || isColumn(b)], ["same", same && !chosen], ["chosen", chosen])
            + (conv || chosen ? "" : window_(i, j, u, v)),
        };
      }, choose);
      const results = grid(conv ? "output" + (entry.bias == null ? "" : " − bias") : "output", heads, [entry.o],
        () => largest(all(y)), (a) => {
          const value = y(...spots[first() + a]) - (entry.bias || 0);
          return { t: show(value, 3, ySigned()), v: value, k: marks(["chosen", isRow(a)]) };
        }, outputAt);
      const parts = [patches];
      if (conv) {
        // The rows are named by where their weight is stored, which a turned kernel reads backwards.
        const kept = names.map((_, b) => () => {
          const [c, u, v] = spotOf(b);
          return nameOf(c, ...stored(u, v));
        });
        parts.push("×", grid(() => `kernel${flip ? ", turned" : ""}`, kept, [entry.o], data.scales.w, (b) => {
          const value = factor(...spotOf(b));
          return { t: signed(value), v: value, k: marks(["chosen", isColumn(b)]) };
        }, (b) => tapAt(b)), "=");
      } else parts.push("→");
      parts.push(results);
      const total = rows.outputs * columns.outputs;
      const title = () => {
        const row = now.i * columns.outputs + now.j + 1;
        return conv
          ? `${count} · im2col: this patch is row ${row} of ${total}, this tap column `
            + `${(now.c - entry.first) * taps.length + now.u * columns.kernel + now.v + 1} of ${entry.depth * taps.length}`
          : `${count} · Windows as rows: row ${row} of ${total}`;
      };
      return view(title, true, [parts], hint(data.words.matrix), hint((entry.depth || 1) * taps.length > length || height < total ? data.words.cut : ""));
    }

    function poolViews() {
      const entry = out(), c = entry.o;
      const inWindow = (u, v) => {
        const [r, s] = looks(u, v);
        return [x(c, r, s), (outside(r, s) ? " pad" : "") + window_(now.i, now.j, u, v)];
      };
      const tapped = (i, j) => weight(i, j, c, now.u, now.v);
      return [
        view(() => `1 · Output ${here()}: ${flip ? data.words.turned : data.words.what}`, true, [[
          inputGrid(c), "→", tapGrid(() => "window", c, inWindow, data.scales.x), "→",
          outputGrid(() => `output, channel ${c}`, (i, j) => [y(i, j)], () => largest(all(y)), ySigned()),
          tapGrid(() => "∂y/∂x", c, (u, v) => [factor(c, u, v)], 1),
          tapGrid(() => "g·∂y/∂x comes back", c, (u, v) => [times(g(), factor(c, u, v))],
            () => largest(taps.map(([u, v]) => times(g(), factor(c, u, v))))),
        ]], sentence(verdict), hint(data.note), hint(data.skipped)),
        pixelView(2),
        view(() => `3 · Cell ${tapPlace()} of every window`, broad, [[
          outputGrid(() => "x there", under, data.scales.x, data.signed),
          outputGrid(() => "∂y/∂x there", (i, j) => [tapped(i, j)], 1, false),
        ]], sentence(() => (data.kind === "max"
          ? `This cell wins in ${all(tapped).filter(Boolean).length} of ${outputs().length} shown windows. ` : "")
          + data.words.weightless)),
        matrixView(4),
      ];
    }

    function verdict() {
      const value = four(y());
      if (data.kind === "max") {
        const won = taps.find(([u, v]) => factor(out().o, u, v));
        if (!won) return `The window's value is ${value}.`;
        const ties = taps.filter(([u, v]) => window_(now.i, now.j, u, v)).length;
        return `The winner is pixel ${place(...looks(...won))} with ${value}; the whole gradient `
          + `${signed(g(), 4)} goes there.` + (ties > 1
          ? ` It is a tie of ${ties} cells${data.words.tie}` : "");
      }
      if (data.kind === "avg") {
        return `The average: ${written(taps.map(([u, v]) => product(out().o, u, v)))}. The engine's output: ${value}. ${data.words.back}`;
      }
      return `The engine's output: ${value}. ${data.words.back}`;
    }

    // -- selecting --------------------------------------------------------------------------------

    function told() {
      const [r, s] = spot();
      const from = source(r, s);
      if (now.lone) {
        const why = rows.skipped[r] || columns.skipped[s];
        return `${capital(outside(r, s) ? standing(r, s) : `pixel ${place(...from)}`)}: ${why
          ? "a skipped pixel, seen by no window" : "no shown window sees it"}.`;
      }
      const what = outside(r, s) ? `${standing(r, s)}${from ? ` (a copy of pixel ${place(...from)})` : ""}`
        : `pixel ${place(...from)}`;
      const value = four(x(now.c, r, s)), result = four(y());
      const where = `Output ${here()} of channel ${out().o}`;
      if (!conv) return `${where} is ${result}. Cell ${tapPlace()} of its window is ${what}, ${value}.${data.kind === "max" ? ` ${verdict()}` : ""}`;
      const w = factor(now.c, now.u, now.v);
      return `${where} is ${result}. Its tap ${tapPlace()} multiplies ${what} of channel ${now.c}: `
        + `${value} × ${four(w)} = ${four(product(now.c, now.u, now.v))}. Backward, ${signed(g(), 4)} arrives and sends `
        + `${signed(times(g(), w), 4)} to the pixel and ${signed(times(g(), x(now.c, r, s)), 4)} to the weight.`;
    }

    let width = 0;

    function update() {
      turns.forEach((button, kind) => button.setAttribute("aria-pressed", String(kind === flip)));
      for (const each of grids) each.paint();
      for (const each of after) each();
      // Views never shrink again, so that nothing moves away from under the pointer.
      const set = (f) => { for (const v of views.children) v.style.minHeight = f(v); };
      if (page.clientWidth !== width) set(() => "");
      set((v) => v.offsetHeight + "px");
      width = page.clientWidth;
      const words = told();
      if (say.textContent !== words) say.textContent = words;
    }

    const cellOf = (event) => {
      const td = event.target.closest?.("td");
      return td?.spot ? td : null;
    };
    function look(td) {
      const [self, a, b] = td.spot;
      return self.pick(a, b);
    }
    function pin(td) {
      Object.assign(pinned, look(td));
      now = pinned;
      update();
    }
    views.addEventListener("pointerover", (event) => {
      const td = cellOf(event);
      if (!td || event.pointerType === "touch") return;
      now = look(td);
      update();
    });
    views.addEventListener("pointerleave", () => { now = pinned; update(); });
    views.addEventListener("click", (event) => {
      const td = cellOf(event);
      if (td) { pin(td); td.focus({ preventScroll: true }); }
    });

    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    page.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      // slides and notebooks must not take these keys for theirs
      event.stopPropagation();
      const held = root.activeElement;
      const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
      const focus = held === page && sideways ? chosenOutput() : held;
      if (event.key === "Escape") {
        if (focus) focus.blur();
      } else if (focus && focus.spot && (steps[event.key] || ["Home", "End", "Enter", " "].includes(event.key))) {
        walk(focus, event.key);
      } else {
        return;
      }
      event.preventDefault();
    });
    function chosenOutput() {
      return views.querySelector('table[aria-label^="output, channel"] td[tabindex="0"]');
    }
    function walk(td, key) {
      const [self, a, b] = td.spot;
      const width = self.lines[0].cells.length;
      let [down, right] = steps[key] || [0, 0];
      if (key === "Home") right = -b;
      if (key === "End") right = width - 1 - b;
      const row = Math.max(0, Math.min(self.lines.length - 1, a + down));
      const column = Math.max(0, Math.min(width - 1, b + right));
      pin(self.lines[row].cells[column]);
      // The rows of the matrix move on under the selection: the focus stays with what was selected.
      const target = self.lines.flatMap((line) => line.cells).find((cell) => cell.tabIndex === 0);
      target.focus();
    }
    for (const kind of ["keyup", "keypress"]) page.addEventListener(kind, (event) => event.stopPropagation());
    page.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("button, select, td")) page.focus({ preventScroll: true });
    });

    for (const each of data.outs) if (each.bias != null) each.bias = number(each.bias);
    followTheme(page, theme);
    build();
    addEventListener("resize", update);
    takeKeys(page);
  }
})();
