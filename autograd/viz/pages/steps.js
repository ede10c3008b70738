(() => {
  "use strict";
  startEach(".gg-steps", begin);

  function begin(host) {
    const data = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
    const told = [...host.querySelectorAll("ol > li")].map((item) => item.textContent);
    const source = host.querySelector("img").getAttribute("src");
    const root = host.attachShadow({ mode: "open" });
    const last = data.steps.length;
    let position = 0;
    let pinned = null;
    let timer = null;

    // -- structure ----------------------------------------------------------------------------

    const button = (label, text, action) => {
      const element = make("button", { type: "button", "aria-label": label, title: label, text });
      element.addEventListener("click", action);
      return element;
    };
    const first = button("First (Home)", "|◀", () => show(0));
    const back = button("Back (left arrow)", "◀", () => show(position - 1));
    const next = button("Next (right arrow)", "▶ Step", () => show(position + 1));
    const end = button("Last (End)", "▶|", () => show(last));
    const play = button("Play", "Play", () => (timer ? stop() : start()));
    const slider = make("input", { type: "range", min: 0, max: last, value: 0, "aria-label": "Step" });
    slider.addEventListener("input", () => show(Number(slider.value)));
    const count = make("output", {});
    const theme = make("select", { "aria-label": "Colours" });
    for (const [value, text] of [["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]]) {
      theme.append(make("option", { value, text }));
    }
    theme.value = data.theme;
    const bar = make("div", { class: "bar", role: "group", "aria-label": "Steps" },
      first, back, next, end, play, slider, count, theme);
    const say = make("p", { class: "say", role: "status", "aria-live": "polite" });
    const picture = make("div", { class: "picture" });
    // Landmarks have names of their own, also where several pages share a document.
    const all = [...document.querySelectorAll(".gg-steps")];
    const which = all.length > 1 ? `page ${all.indexOf(host) + 1}` : "";
    const panel = make("div", {
      class: "panel", tabindex: "0", role: "region",
      "aria-label": ["What happens in this step", data.title, which].filter(Boolean).join(", "),
    });
    const page = make("div", {
      class: "page", tabindex: "-1", role: "group",
      "aria-label": ["Backward pass, step by step", data.title].filter(Boolean).join(": "),
    }, bar, say, make("div", { class: "split" }, picture, panel));
    root.append(make("style", { text: data.style }), page);

    picture.innerHTML = decodeURIComponent(source.slice(source.indexOf(",") + 1));
    const svg = picture.querySelector("svg");
    svg.querySelectorAll("style").forEach((element) => element.remove());
    svg.setAttribute("role", "group");
    const readable = SMALLEST * svg.viewBox.baseVal.width;
    svg.style.minWidth = `${readable}px`; // text stays readable; it scrolls
    // A wide picture needs the whole width: the panel goes below it.
    page.classList.toggle("tall", svg.viewBox.baseVal.height > readable && readable < 900);
    const nodes = new Map();
    for (const element of svg.querySelectorAll(".gg-node")) {
      const id = Number(element.dataset.node);
      nodes.set(id, element);
      element.setAttribute("role", "button");
      element.setAttribute("tabindex", "-1");
      element.setAttribute("aria-pressed", "false");
      element.setAttribute("aria-label", data.nodes[id].t);
      element.addEventListener("click", () => pin(id));
    }
    const order = [...nodes.keys()];
    const edges = [...svg.querySelectorAll(".gg-edge")];
    const traced = new Map();

    // -- stepping -----------------------------------------------------------------------------

    function show(where) {
      position = Math.max(0, Math.min(last, where));
      if (timer && position === last) stop();
      const step = position ? data.steps[position - 1] : null;
      slider.value = position;
      slider.setAttribute("aria-valuetext", step ? `step ${step.k} of ${data.total}` : "start");
      count.textContent = step ? `step ${step.k} of ${data.total}` : "start";
      // Not `disabled`: a disabled button loses the focus, and with it the keys.
      for (const each of [first, back]) each.setAttribute("aria-disabled", position === 0);
      for (const each of [next, end]) each.setAttribute("aria-disabled", position === last);
      const sentence = step ? told[position - 1] : data.start;
      if (say.textContent !== sentence) say.textContent = sentence;
      draw(step);
      describe(step);
    }

    function arrived() {
      const texts = new Map(data.seed ? [data.seed] : []);
      for (const step of data.steps.slice(0, position)) {
        for (const each of step.c) if (each.o) texts.set(each.p, each.o);
      }
      return texts;
    }

    function draw(step) {
      const texts = arrived();
      for (const [id, element] of nodes) {
        const slot = element.querySelector(".gg-slot");
        if (slot) {
          slot.textContent = texts.get(id) || (data.nodes[id].g ? "no gradient yet" : "");
          slot.classList.toggle("gg-grad", texts.has(id));
          for (const style of ["gg-none", "gg-muted"]) slot.classList.toggle(style, !texts.has(id));
        }
        element.classList.toggle("gg-reached", texts.has(id));
        element.classList.toggle("gg-now", Boolean(step) && step.n === id);
        element.classList.toggle("gg-pinned", pinned === id);
        element.setAttribute("aria-pressed", String(pinned === id));
      }
      svg.querySelectorAll("text.sent").forEach((element) => element.remove());
      const sent = step ? [...step.c] : [];
      const flowing = [];
      for (const edge of edges) {
        const place = sent.findIndex(
          (each) => each.p === Number(edge.dataset.from) && step.n === Number(edge.dataset.to));
        edge.classList.toggle("gg-flow", place >= 0);
        if (place >= 0) flowing.push([edge, sent.splice(place, 1)[0]]);
      }
      for (const [edge, each] of flowing) label(edge, each);
      const focus = step ? step.n : data.seed && data.seed[0];
      if (!root.activeElement || !nodes.has(Number(root.activeElement.dataset.node))) rove(focus);
      const involved = step ? [step.n, ...step.c.map((each) => each.p)] : [focus];
      reveal(involved.filter((id) => nodes.has(id)).map((id) => nodes.get(id)));
    }

    // A gradient on its way is written beside its edge, near the middle unless that covers something.
    function label(edge, each) {
      if (each.d < 0) return;
      const taken = [...svg.querySelectorAll(".gg-shape, .gg-argument, .gg-heading, .sent")].map(
        (element) => element.getBBox());
      const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      text.setAttribute("class", "sent");
      text.textContent = each.l || data.table[each.d].t;
      svg.append(text);
      const { y: top, width: w, height: h } = text.getBBox();
      const [side, above] = [w / 2 + 6, h / 2 + 3];
      const shifts = [[0, -above, 0], [side, 0, 1], [-side, 0, 2], [0, above, 2]];
      for (const far of [16, 32, 48, 64]) shifts.push([0, -above - far, far], [0, above + far, far]);
      const own = along(edge), middle = own[own.length >> 1];
      const near = edges.flatMap(along).filter(
        (point) => Math.hypot(point.x - middle.x, point.y - middle.y) < 300);
      let best = middle, least = Infinity;
      for (const { x, y } of own.slice(2, -2)) {
        for (const [dx, dy, far] of shifts) {
          const box = { x: x + dx - w / 2 - 3, y: y + dy - h / 2 - 1, width: w + 6, height: h + 2 };
          const covered = taken.reduce((sum, other) => sum + overlap(box, other), 0);
          const outside = box.width * box.height - overlap(box, svg.viewBox.baseVal);
          const crossed = near.filter((point) => overlap(box, point)).length;
          const away = Math.hypot(x - middle.x, y - middle.y);
          const cost = 3 * covered + 9 * outside + 9 * crossed + far + away / 2;
          if (cost < least - 0.01) [best, least] = [{ x: x + dx, y: y + dy }, cost];
        }
      }
      text.setAttribute("x", best.x);
      text.setAttribute("y", best.y - h / 2 - top);
    }

    // Points on an edge, as small boxes; measured once, and only where something is drawn.
    function along(edge) {
      if (!traced.has(edge)) {
        const path = edge.querySelector(".gg-line");
        const each = path.getTotalLength() / 20;
        traced.set(edge, Array.from({ length: 21 }, (_, k) => {
          const { x, y } = path.getPointAtLength(k * each);
          return { x, y, width: 1, height: 1 };
        }));
      }
      return traced.get(edge);
    }

    function overlap(a, b) {
      const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      return Math.max(0, wide) * Math.max(0, high);
    }

    function reveal(elements) {
      // Scrolls the picture only, never the document around it; the node at work comes first.
      const outer = picture.getBoundingClientRect();
      for (const [from, to, scroll] of [["top", "bottom", "scrollTop"], ["left", "right", "scrollLeft"]]) {
        const boxes = elements.map((element) => element.getBoundingClientRect());
        if (boxes.every((box) => box[from] >= outer[from] && box[to] <= outer[to])) continue;
        let low = Math.min(...boxes.map((box) => box[from]));
        let high = Math.max(...boxes.map((box) => box[to]));
        if (high - low > outer[to] - outer[from]) [low, high] = [boxes[0][from], boxes[0][to]];
        picture[scroll] += (low + high - outer[from] - outer[to]) / 2;
      }
    }

    function start() {
      if (position === last) show(0);
      timer = setInterval(() => (host.isConnected ? show(position + 1) : stop()), 1300);
      play.textContent = "Pause";
      play.setAttribute("aria-label", "Pause");
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
      play.setAttribute("aria-label", "Play");
    }

    // -- the panel ----------------------------------------------------------------------------

    function describe(step) {
      // A button in here that had the focus goes: the panel takes it, and with it the keys.
      if (panel.contains(root.activeElement)) panel.focus({ preventScroll: true });
      panel.replaceChildren();
      if (pinned !== null) describePinned();
      if (!step) {
        if (data.less) panel.append(make("p", { text: `Not everything is here: ${data.less}.` }));
        panel.append(make("p", {
          class: "hint",
          text: (picture.scrollWidth > picture.clientWidth ? "The picture is wider than the page: scroll it sideways. " : "")
            + "Step with the buttons or the arrow keys; Home and End jump. Click a node (or press "
            + "Enter on it) to pin it. Escape leaves the page.",
        }));
        return;
      }
      panel.append(make("h2", { text: `Step ${step.k}: ${step.w}` }));
      if (step.g >= 0) panel.append(block("incoming gradient g", step.g));
      for (const each of step.c) {
        panel.append(make("h3", { text: `to ${each.w}${each.a ? `, argument ${each.a}` : ""}` }));
        const source = each.u && make("code", { class: "rule", text: each.u });
        if (each.f) {
          panel.append(make("p", { class: "formula", text: each.f }));
          panel.append(make("details", {}, make("summary", { text: "source" }), source));
        } else if (source) panel.append(source);
        const sum = make("div", { class: "sum" });
        if (each.b >= 0) sum.append(block("before", each.b), sign("+"));
        if (each.d >= 0) sum.append(block("contribution", each.d));
        if (each.b >= 0 && each.r >= 0) sum.append(sign("="), block("after", each.r));
        panel.append(sum);
      }
      if (step.m) panel.append(make("p", { text: `It sends gradients to ${step.m} more.` }));
      const put = Object.entries(step.i || {});
      if (put.length) {
        panel.append(make("h3", { text: "numbers put into the rules" }));
        panel.append(make("div", { class: "sum" }, ...put.map(([name, place]) => block(name, place))));
      }
    }

    function describePinned() {
      const node = data.nodes[pinned];
      panel.append(make("h2", { text: "Pinned" }), make("p", { text: node.t }));
      if (node.v >= 0) panel.append(block("value", node.v));
      const text = arrived().get(pinned);
      panel.append(make("p", { text: text ? `so far: ${text}` : "no gradient has arrived yet" }));
    }

    const sign = (text) => make("span", { class: "sign", text });

    function block(name, place) {
      const entry = data.table[place];
      const part = make("div", { class: "part" }, make("b", { text: name }));
      if (entry.v) part.append(table(name, entry.v));
      else if (entry.h) part.append(heat(name, entry));
      else part.append(make("span", { class: "num", text: entry.t }));
      // "max 0.5" stays in one line.
      if (entry.s) part.append(make("div", { class: "stat", text: entry.s.replace(/([a-z]) /g, "$1\u00a0") }));
      return part;
    }

    function table(name, grid) {
      const element = make("table", { "aria-label": name });
      const head = make("tr", {}, make("td", {}));
      grid.d[0].forEach((_, column) => head.append(make("th", { scope: "col", text: column })));
      element.append(head);
      grid.d.forEach((row, place) => {
        element.append(make("tr", {}, make("th", { scope: "row", text: grid.r[place] || "·" }),
          ...row.map((text) => make("td", { text }))));
      });
      return element;
    }

    // One plane of an array; of several, the largest first, and buttons that turn to the others.
    function heat(name, entry) {
      let shown = entry.c || 0;
      const frame = make("div", {}), part = make("div", {}, frame);
      const stat = (text) => make("div", { class: "stat", text });
      const turn = (which) => {
        shown = (which + entry.h.length) % entry.h.length;
        frame.replaceChildren(plane(entry, shown));
        if (entry.p) where.textContent = entry.p[shown];
      };
      const where = stat("");
      if (entry.p) {
        const to = (sign, word, by) => {
          const each = make("button", { type: "button", text: sign, "aria-label": `${word} plane of ${name}` });
          each.addEventListener("click", () => turn(shown + by));
          return each;
        };
        part.prepend(make("div", { class: "planes" }, to("◀", "Previous", -1), to("▶", "Next", 1), where));
      }
      turn(shown);
      part.append(stat(entry.m));
      return part;
    }

    function plane(entry, shown) {
      // Signs are told by the direction of the bar in each cell as well as by its colour.
      const space = "http://www.w3.org/2000/svg";
      const side = 12;
      const lines = entry.h[shown].split("/");
      const rows = lines.length, columns = lines[0].length;
      const map = document.createElementNS(space, "svg");
      const set = (element, values) => {
        for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
        return element;
      };
      set(map, {
        class: "heat", role: "img", width: columns * side, height: rows * side,
        viewBox: `0 0 ${columns * side} ${rows * side}`,
        "aria-label": `heat map, ${entry.p ? `${entry.p[shown]}; ` : ""}${entry.m}; ${entry.s || entry.t}`,
      });
      lines.forEach((line, row) => [...line].forEach((letter, column) => {
        const level = letter === "x" ? 9 : letter.charCodeAt(0) - 106;
        if (!level) return;
        const kind = letter === "x" ? "bad" : level > 0 ? "pos" : "neg";
        if (kind === "bad") {
          const d = `M${column * side + 3} ${row * side + 3}l6 6m0-6l-6 6`;
          map.append(set(document.createElementNS(space, "path"), { class: "cross", d }));
          return;
        }
        const size = (Math.abs(level) / 9) * (side - 2);
        map.append(set(document.createElementNS(space, "rect"), {
          class: kind, x: column * side + (side - size) / 2, y: row * side + (side - size) / 2,
          width: size, height: size, rx: level < 0 ? size / 2 : 0,
        }));
      }));
      return map;
    }

    // -- pinning and keys -----------------------------------------------------------------------

    function pin(id) {
      pinned = pinned === id ? null : id;
      rove(id);
      show(position);
    }

    function rove(id) {
      for (const [other, element] of nodes) {
        element.setAttribute("tabindex", other === id ? "0" : "-1");
      }
    }

    function move(offset) {
      const at = order.indexOf(Number(root.activeElement.dataset.node));
      const id = order[Math.max(0, Math.min(order.length - 1, at + offset))];
      rove(id);
      nodes.get(id).focus();
    }

    const actions = {
      ArrowRight: () => show(position + 1),
      ArrowLeft: () => show(position - 1),
      Home: () => show(0),
      End: () => show(last),
    };

    page.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      event.stopPropagation(); // slides and notebooks must not take these keys for theirs
      const focus = root.activeElement;
      const node = focus && focus.dataset.node;
      if (event.key === "Escape") {
        if (focus) focus.blur();
      } else if (actions[event.key] && focus !== theme) {
        actions[event.key]();
      } else if (node && (event.key === "Enter" || event.key === " ")) {
        pin(Number(node));
      } else if (node && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        move(event.key === "ArrowUp" ? -1 : 1);
      } else {
        return;
      }
      event.preventDefault();
    });
    for (const kind of ["keyup", "keypress"]) {
      page.addEventListener(kind, (event) => event.stopPropagation());
    }
    page.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("button, select, input, .gg-node")) page.focus({ preventScroll: true });
    });

    followTheme(page, theme);
    show(0);
    takeKeys(page);
  }
})();
