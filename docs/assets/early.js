/**
 * The theme fetches the index of the search, 400 kB, with every page. Most readers of a page do
 * not search: here that one request waits until somebody goes to the search box.
 */
const { open, send } = XMLHttpRequest.prototype;

const wanted = new Promise((go) => {
  if (new URLSearchParams(location.search).has("q")) go(); // an address that searches by itself
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
