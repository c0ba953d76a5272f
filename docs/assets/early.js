// What must run before the theme's own script, and before anything is drawn.

// The theme says so at the end of a page; its search button then pushes the one beside it.
document.documentElement.classList.replace("no-js", "js");

/**
 * A browser that reloads a page may restore what was open. The drawer and the search start
 * closed, unless the address asks for a search.
 */
const asked = new URLSearchParams(location.search).has("q");

addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(asked ? "#__drawer" : "#__drawer, #__search"))
    box.checked = false;
});

/**
 * The theme fetches the index of the search, 400 kB, with every page. Most readers of a page do
 * not search: here that one request waits until somebody goes to the search box.
 */
const { open, send } = XMLHttpRequest.prototype;

const wanted = new Promise((go) => {
  if (asked) go();
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
