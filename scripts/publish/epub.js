// A page of the site as a chapter of an e-book: HTML → well-formed XHTML, all that is folded open,
// answers at the chapter's end. Runs in a browser, on a document that loads and runs nothing.
//
// page: its address, "decoder/"; files: address → file of its chapter; home: the site's, or "".
(text, page, files, home) => {
  const found = new DOMParser().parseFromString(text, "text/html");
  const chapter = found.querySelector("article");
  const make = (name, words, more = {}) => {
    const made = Object.assign(found.createElement(name), more);
    made.textContent = words;
    return made;
  };
  const gone = ".headerlink, .about-page, .part, details.numbers, template, script, wbr, [hidden]";
  for (const one of chapter.querySelectorAll(gone)) one.remove();
  // The dress of a lab's first cell, that a notebook needs alone.
  for (const one of chapter.querySelectorAll("details.cell"))
    if (one.textContent.includes("Run this cell first")) one.remove();

  // An e-book folds nothing: what answers waits at the end, with a way there and back.
  const answers = found.createElement("section");
  answers.append(make("h2", "Answers", { id: "answers" }));
  let told = 0;
  for (const one of chapter.querySelectorAll("details:is(.answer, .success, .hint)")) {
    const number = ++told;
    const question = one.closest(".question");
    const asks = question?.querySelector(".question-number")?.textContent;
    const words = one.querySelector("summary").textContent.trim();
    const there = make("p", "", { className: "to-answer", id: `asked-${number}` });
    there.append(make("a", `${words} (${number})`, { href: `#answer-${number}` }));
    const head = make("p", "", { className: "answer-head", id: `answer-${number}` });
    const back = asks ? `Question ${asks.replace(".", "")}` : `${words} (${number})`;
    head.append(make("a", back, { href: `#asked-${number}` }));
    one.querySelector("summary").remove();
    one.replaceWith(there);
    answers.append(head, ...one.childNodes);
  }
  if (told) {
    const notes = chapter.querySelector(":scope > .footnote");
    notes ? notes.before(answers) : chapter.append(answers);
  }
  for (const one of chapter.querySelectorAll("details")) {
    const open = make("div", "", { className: "opened" });
    const head = make("p", one.querySelector("summary").textContent, { className: "opened-head" });
    one.querySelector("summary").remove();
    open.append(head, ...one.childNodes);
    one.replaceWith(open);
  }

  // Colors of the light scheme: few readers of e-books know variables.
  for (const one of chapter.querySelectorAll("svg, svg *"))
    for (const { name, value } of [...one.attributes])
      if (value.includes("var(")) one.setAttribute(name, value.replace(/var\(--[\w-]+, *([^()]+)\)/g, "$1"));

  const pictures = [];
  for (const one of chapter.querySelectorAll("img")) {
    const path = new URL(one.getAttribute("src"), `http://book/${page}`).pathname.slice(1);
    pictures.push(path);
    one.setAttribute("src", `pictures/${path.split("/").pop()}`);
  }
  for (const one of chapter.querySelectorAll("a[href]")) {
    const to = new URL(one.getAttribute("href"), `http://book/${page}`);
    const mark = to.hash.split(":~:")[0];
    const place = decodeURI(to.pathname.slice(1));
    if (to.host !== "book") one.removeAttribute("download");
    else if (place === page && mark) one.setAttribute("href", mark);
    else if (place in files) one.setAttribute("href", files[place] + mark);
    else if (home) one.setAttribute("href", home + to.pathname.slice(1) + mark);
    else one.replaceWith(...one.childNodes);
  }

  // Without the site, "source" and "SVG" lead nowhere, and say nothing.
  if (!home)
    for (const one of chapter.querySelectorAll(".made-by, .computed-by"))
      one.textContent = one.textContent.split(" · ").filter((word) => !/^(source|SVG|PNG|CSV)$/.test(word.trim())).join(" · ");

  // What only a script, the theme or a table's look on a phone needs.
  const kept = ["src", "alt", "href", "id", "class", "scope", "colspan", "rowspan", "start", "datetime"];
  for (const one of chapter.querySelectorAll("*")) {
    if (one.namespaceURI !== "http://www.w3.org/1999/xhtml") {
      for (const { name } of [...one.attributes]) if (name.startsWith("data-")) one.removeAttribute(name);
      continue;
    }
    for (const { name } of [...one.attributes]) if (!kept.includes(name)) one.removeAttribute(name);
    if (!one.getAttribute("class")) one.removeAttribute("class");
  }
  for (const one of chapter.querySelectorAll("svg")) {
    one.removeAttribute("class");
    if (one.getAttribute("role") !== "img") one.removeAttribute("role");
  }
  for (const one of chapter.querySelectorAll("svg a")) {
    const title = found.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = one.textContent.trim();
    one.prepend(title);
  }

  const heads = [...chapter.querySelectorAll("h1, h2")].map((one) => [one.localName, one.id, one.textContent.trim()]);
  const writer = new XMLSerializer();
  return {
    body: [...chapter.childNodes].map((one) => writer.serializeToString(one)).join(""),
    heads, pictures,
    math: Boolean(chapter.querySelector("math")), svg: Boolean(chapter.querySelector("svg")),
    ids: [...chapter.querySelectorAll("[id]")].map((one) => one.id),
    links: [...chapter.querySelectorAll("a[href]")].map((one) => one.getAttribute("href")),
  };
}
