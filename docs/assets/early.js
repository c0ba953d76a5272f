// What must run before the theme's own script, and before anything is drawn.

/**
 * What a script says to readers, in the language of the page, with the values in their places: {name}.
 * A page in another language than English brings its phrases, see scripts/pages/tongues.py.
 * @param {string} english @param {Record<string, string | number>} values
 */
const phrases = JSON.parse(document.getElementById("phrases")?.textContent ?? "{}");
window.phrase = (english, values = {}) =>
  (phrases[english] ?? english).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

// The theme says so at the end of a page; its search button then pushes the one beside it.
const { classList } = document.documentElement;
classList.replace("no-js", "js");

// From a folder nothing can be fetched, so there is no index. The zip of the book has one: folder.js.
if (location.protocol === "file:") classList.add("no-search");

/**
 * A browser that reloads a page may restore what was open. The drawer and the search start
 * closed, unless the address asks for a search.
 */
const query = new URLSearchParams(location.search);
const asked = query.has("q");

addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(asked ? "#__drawer" : "#__drawer, #__search"))
    box.checked = false;
});

/**
 * Who comes from the search finds the words marked; the address names them. The theme marks them
 * inside other words, too, and a single letter (top-p) would be marked in every word of the page.
 */
const parted = (text) => text?.split(/[\s*+\-:~^]+/) ?? []; // as the theme does
const whole = (word) => word.length > 1;
const words = parted(query.get("h"));
const marked = words.filter(whole);

if (marked.length < words.length) {
  query.set("h", marked.join(" "));
  try {
    history.replaceState(history.state, "", `?${query}${location.hash}`);
  } catch {
    // A browser that lets no file change its address: then it marks letters.
  }
}

// A page of which only a section was found gets no words to mark from the theme, or a letter.
document.addEventListener("click", ({ target }) => {
  const link = target.closest?.(".md-search-result__link");
  if (!link || parted(new URLSearchParams(link.search).get("h")).some(whole)) return;
  link.search = new URLSearchParams({ h: document.forms.search.query.value });
}, true);

/**
 * The theme fetches the index of the search, 400 kB, with every page. Most readers of a page do
 * not search: here that one request waits until somebody goes to the search box, or has come from
 * there. What parts words, and so what is marked, stands in the index.
 */
const { open, send } = XMLHttpRequest.prototype;

const wanted = new Promise((go) => {
  if (asked || marked.length) go();
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches("[data-md-component=search-query]")) go();
  });
});

XMLHttpRequest.prototype.open = function (method, url, ...rest) {
  this.waits = String(url).endsWith("/search/search_index.json");
  return open.call(this, method, url, ...rest);
};

XMLHttpRequest.prototype.send = function (body) {
  if (this.waits) wanted.then(() => send.call(this, body));
  else send.call(this, body);
};
