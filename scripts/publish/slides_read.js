// A page of the site as what slides are made of: HTML → title, goals, sections with what they show.
// Runs in a browser, on a document that loads and runs nothing.
//
// page: its address, "decoder/"; home: where links lead that leave the slides, or ""; most: letters
// of the words above what is shown.
(text, page, home, most) => {
  const LINES = { code: 26, output: 18, table: 13 }; // more would be too small to read in a hall
  const found = new DOMParser().parseFromString(text, "text/html");
  const article = found.querySelector("article");
  const gone = ".headerlink, .about-page, details.numbers, template, script, .part, [hidden], .footnote-ref";
  for (const one of article.querySelectorAll(gone)) one.remove();
  for (const one of article.querySelectorAll("a[href]")) {
    const to = new URL(one.getAttribute("href"), `http://book/${page}`);
    one.dataset.to = to.host === "book" ? to.pathname.slice(1) + to.hash : "";
    if (to.host !== "book") continue;
    if (home) one.setAttribute("href", home + to.pathname.slice(1) + to.hash);
    else one.removeAttribute("href");
  }
  for (const one of article.querySelectorAll("img")) {
    const to = new URL(one.getAttribute("src"), `http://book/${page}`);
    one.setAttribute("data-picture", decodeURI(to.pathname.slice(1)));
  }

  const words = (one) => one.textContent.replace(/\s+/g, " ").trim();
  const rows = (one) => one.querySelectorAll("tr").length;
  const lines = (one) => one.querySelector("code")?.textContent.trimEnd().split("\n").length ?? 0;
  const kind = (one) => {
    if (one.matches("figure")) return "figure";
    if (one.matches(".equation")) return "equation";
    if (one.matches("table, .md-typeset__scrollwrap")) return rows(one) <= LINES.table ? "table" : "";
    if (one.matches(".highlight.output")) return lines(one) > 2 && lines(one) <= LINES.output ? "output" : "";
    if (one.matches(".highlight")) return lines(one) <= LINES.code ? "code" : "";
    return "";
  };
  const columns = (one) => Math.max(0, ...(one.querySelector("code")?.textContent.split("\n") ?? []).map((line) => line.length));
  // The last sentences of a paragraph, as many as have room: they lead to what stands below it.
  const end = (paragraph) => {
    const cut = (html) => new DOMParser().parseFromString(html, "text/html").body;
    const sentences = paragraph.innerHTML.trim().split(/(?<=[.?!:)])\s+(?=\S)/);
    for (let i = 0; i < sentences.length; i++) {
      const rest = cut(sentences.slice(i).join(" "));
      const whole = cut(sentences.slice(0, i).join(" ")).innerHTML.trim() === sentences.slice(0, i).join(" "); // no tag is cut in two
      if (whole && /^[A-Z“(]/.test(words(rest)) && words(rest).length <= most) return rest.innerHTML;
    }
    return "";
  };
  const question = (one) => ({
    asks: one.querySelector(".question-asks").innerHTML.replace(/<b class="question-number">.*?<\/b>/, ""),
    shows: [...one.children].filter((part) => !part.matches(".question-asks, details")).map((part) => part.outerHTML).join(""),
    answer: one.querySelector("details.answer") ? [...one.querySelector("details.answer").children].slice(1).map((part) => part.outerHTML).join("") : "",
  });

  const sections = [];
  let at = { id: "", title: words(article.querySelector("h1")), lead: "", notes: "", shows: [], questions: [] };
  sections.push(at);
  let before; // the paragraph since what was shown last
  const walk = (parts) => {
    for (const one of parts) {
      if (one.matches("h1, .goals, details, .footnote, hr")) continue;
      if (one.matches("h2, h3")) {
        at = { id: one.id, title: one.innerHTML, lead: "", notes: "", shows: [], questions: [] };
        sections.push(at);
        before = undefined;
      } else if (one.matches(".question")) at.questions.push(question(one));
      else if (one.matches(".live")) walk(one.children);
      else if (kind(one)) {
        at.shows.push({ kind: kind(one), html: one.outerHTML, lines: lines(one), columns: columns(one), before: before ? end(before) : "" });
        before = undefined;
      } else if (!one.matches(".computed-by, .highlight, table, .md-typeset__scrollwrap")) {
        if (one.matches("p")) before = one;
        if (one.matches("p") && !at.lead && !at.shows.length) at.lead = one.innerHTML;
        else at.notes += one.outerHTML;
      }
    }
  };
  walk(article.children);
  const table = article.querySelector("table");
  const stops = table ? [...table.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => ({
    html: cell.innerHTML, text: words(cell), to: [...cell.querySelectorAll("a")].map((link) => link.dataset.to),
    called: [...cell.querySelectorAll("a")].map((link) => link.outerHTML),
  }))) : [];
  return {
    title: words(article.querySelector("h1")),
    goals: [...article.querySelectorAll(".goals li")].map((one) => one.textContent.replace(/ \(question \d+\)/, "")),
    sections, stops,
  };
}
