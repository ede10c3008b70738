startEach(".gg-graph", begin);

function begin(host) {
  const data = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
  const root = host.attachShadow({ mode: "open" });
  const theme = make("select", { "aria-label": "Colours" });
  for (const [value, text] of [["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]]) {
    theme.append(make("option", { value, text }));
  }
  theme.value = data.theme;
  const say = make("span", { role: "status", "aria-live": "polite", text: data.hint });
  say.style.flex = "1";
  const picture = make("div", { class: "picture" });
  const page = make("div", {
    class: "page", tabindex: "-1", role: "group", "aria-label": "Computation graph",
  }, make("div", { class: "bar" }, say, theme), picture);
  root.append(make("style", { text: data.style }), page);

  function show(number) {
    const view = data.views[number];
    picture.innerHTML = view.picture.map((line) => (typeof line === "number" ? data.lines[line]
      : `<g transform="translate(${line[1]} ${line[2]})">${data.lines[line[0]]}</g>`)).join("");
    const svg = picture.querySelector("svg");
    svg.setAttribute("role", "group");
    svg.style.minWidth = `${SMALLEST * svg.viewBox.baseVal.width}px`; // text stays readable
    for (const element of svg.querySelectorAll(".gg-node")) {
      const title = element.querySelector("title").textContent;
      offer(element, view.nodes[element.dataset.node], false, title);
    }
    svg.querySelectorAll(".gg-group").forEach((element, place) => {
      offer(element, view.groups[place], true, view.groups[place] && view.groups[place][0]);
    });
  }

  function offer(element, entry, open, label) {
    if (!entry || entry[2] < 0) return;
    const [path, visit, target] = entry;
    element.classList.add("gg-switch");
    element.dataset.module = `${path} ${visit}`;
    for (const [name, value] of [["role", "button"], ["tabindex", "0"], ["aria-expanded", open],
      ["aria-label", label]]) element.setAttribute(name, value);
    element.addEventListener("click", () => {
      show(target);
      const all = [...picture.querySelectorAll(".gg-switch")];
      const same = all.find((each) => each.dataset.module === element.dataset.module);
      if (same) same.focus();
      say.textContent = `${path} is ${open ? "closed" : "open"}.`;
    });
  }

  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // slides and notebooks must not take these keys for theirs
    const focus = root.activeElement;
    if (event.key === "Escape") {
      if (focus) focus.blur();
    } else if (focus && focus.dataset.module && (event.key === "Enter" || event.key === " ")) {
      focus.dispatchEvent(new MouseEvent("click"));
    } else {
      return;
    }
    event.preventDefault();
  });
  for (const kind of ["keyup", "keypress"]) {
    page.addEventListener(kind, (event) => event.stopPropagation());
  }

  followTheme(page, theme);
  show(0);
}
