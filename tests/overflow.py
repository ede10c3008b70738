"""What of a page in a browser sticks out of its window, or is cut off."""

#: JavaScript that lists what sticks out of the window, or out of a box that hides what does not fit; and text that an SVG
#: picture cuts off.
FAULTS = """() => {
  const found = [];
  const name = e => e.tagName + '.' + (e.className.baseVal ?? e.className) + ': '
    + (e.textContent || '').trim().slice(0, 40);
  const visit = root => {
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) visit(e.shadowRoot);
      const box = e.getBoundingClientRect();
      if (!box.width || !box.height || getComputedStyle(e).visibility === 'hidden') continue;
      if (e.tagName === 'svg') {
        for (const text of e.querySelectorAll('text')) {
          const t = text.getBoundingClientRect();
          if (t.width && (t.right > box.right + 1 || t.left < box.left - 1)) found.push(name(text));
        }
      }
      if (e.closest('svg') && e.tagName !== 'svg') continue;
      let around = e.parentElement || (e.getRootNode().host), scrolls = false;
      for (; around && around !== document.documentElement; ) {
        const flow = getComputedStyle(around).overflowX, edge = around.getBoundingClientRect();
        if (flow === 'auto' || flow === 'scroll') { scrolls = true; break; }
        if ((flow === 'hidden' || flow === 'clip') && around !== document.body && edge.width > 2) {
          if (box.right > edge.right + 1) found.push('cut ' + name(e));
          scrolls = true;
          break;
        }
        around = around.parentElement || (around.getRootNode().host);
      }
      if (!scrolls && box.right > innerWidth + 1) found.push('out ' + name(e));
    }
  };
  visit(document);
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push('the page scrolls sideways');
  return found;
}"""
