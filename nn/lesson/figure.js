// A figure drawn twice: which of the two is seen follows the host's theme, then the reader's system.
startEach(".gg-drawn", (host) => {
  const source = host.querySelector("source");
  if (!source) return;
  const page = { dataset: { set theme(name) { source.media = name === "dark" ? "all" : "not all"; } } };
  followTheme(page, { value: "auto", addEventListener() {} });
});
