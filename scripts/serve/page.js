// On each page of `mkdocs serve`, and on no other: tells the server that this page is in front,
// says in the boxes how far their outputs are, and puts the outputs in when they are there. The
// page is not loaded again for that, so the reader's place, what is open and what is answered stay.
(() => {
  const DOTS = "\u2060…\u2060";
  const ask = `${SERVED.at}?page=${encodeURIComponent(SERVED.page)}`;
  const article = document.querySelector("article");
  const told = document.createElement("div");
  told.className = "served";
  told.setAttribute("role", "status");
  document.body.append(told);

  // A question whose number is not there yet is one to read: its kind comes with the number.
  const hold = () => {
    for (const box of article?.querySelectorAll(".question[data-kind]") ?? []) {
      const lacks = box.outerHTML.includes(DOTS) || box.querySelector("[data-waits]");
      if (lacks) box.dataset.kind = "";
    }
  };
  hold();

  // ------------------------------------------------------------- what a newer page has more

  /** The page as it is sent, before scripts change it, and the number of its build. */
  async function sent() {
    const answer = await fetch(location.href, { cache: "no-store" });
    const text = await answer.text();
    const build = Number(/const SERVED = .*?"build": (\d+)/.exec(text)?.[1]);
    const tree = new DOMParser().parseFromString(text, "text/html").querySelector("article");
    if (!answer.ok || !tree || !build) throw new Error("no page");
    return { tree, build };
  }

  const INSIDE = "article, details, .admonition:not(.question), ul, ol, li, dl, dd, .live";
  const own = (node) =>
    [...node.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE).map((one) => one.data);
  const alike = (one, two) =>
    one.matches(INSIDE) && one.tagName === two.tagName && own(one).join().trim() === own(two).join().trim();

  /**
   * Change in `here` what differs between `was` and `is`, and leave all else as it is.
   * False if `here` has not the children that `was` has: then a script has changed it.
   */
  function merge(was, is, here) {
    const [old, fresh, live] = [was, is, here].map((one) => [...one.children]);
    const more = here.matches(".live") ? live.length - old.length : 0; // a button at its end
    if (old.length !== live.length - more) return false;
    let [i, j] = [0, 0];
    // Up to the next pair of equals, each in its turn.
    const upTo = (k, l) => {
      const run = fresh.slice(j, l);
      if (k - i === l - j) {
        for (let n = 0; n < run.length; n++) exchange(old[i + n], run[n], live[i + n]);
      } else {
        const nodes = run.map((one) => document.importNode(one, true));
        if (k > i) live[i].before(...nodes);
        else if (live[k]) live[k].before(...nodes);
        else here.append(...nodes);
        live.slice(i, k).forEach((one) => one.remove());
      }
    };
    for (let k = 0; k < old.length; k++) {
      const l = fresh.findIndex((one, at) => at >= j && one.isEqualNode(old[k]));
      if (l < 0) continue;
      upTo(k, l);
      [i, j] = [k + 1, l + 1];
    }
    upTo(old.length, fresh.length);
    return true;
  }

  function exchange(was, is, here) {
    if (alike(was, is) && merge(was, is, here)) return;
    here.replaceWith(document.importNode(is, true));
  }

  let before = null; // what this page was when it was sent

  async function fill() {
    const now = await sent();
    if (now.build <= before.build) return;
    if (!merge(before.tree, now.tree, article)) location.reload();
    before = now;
    hold();
    // The script of the questions prepares those that came.
    const script = document.querySelector('script[src*="assets/questions.js"]');
    if (script && article.querySelector(".question[data-kind]:not(.alive)")) {
      await import(`${script.src}?${now.build}`);
    }
  }

  // --------------------------------------------------------------------------- what is told

  function show(state) {
    for (const box of document.querySelectorAll("[data-waits]")) {
      const place = box.querySelector("code, .pending-says");
      const says = state.says[box.dataset.waits];
      if (!place || !says) continue;
      place.dataset.first ??= place.textContent.trim();
      place.textContent = says.startsWith("Not ") ? says : `${place.dataset.first} ${says}`;
    }
    for (const box of document.querySelectorAll(".live[data-live]")) {
      const says = state.says.live;
      const button = box.querySelector(".live-open");
      if (button) button.hidden = Boolean(says);
      let note = box.querySelector(":scope > .pending-says");
      if (!says) note?.remove();
      else if (!note) box.append((note = document.createElement("p")));
      if (!says) continue;
      note.className = "pending-says";
      note.textContent = `Here will be a button that brings the model into the page. ${says}`;
    }
    const left = Object.keys(state.says).length;
    // Who listens is told when the number changes, not each second.
    if (told.dataset.left !== String(left)) {
      told.dataset.left = left;
      const there = `${state.of - left} of ${state.of} outputs of this page are there`;
      told.textContent = left ? `${there}. ${state.all}` : "";
    }
    return left;
  }

  let asking = null;
  let known = "";

  /** Ask, show what is told, and ask again: the answer waits until there is something new. */
  async function tell(front) {
    asking?.abort();
    if (document.visibilityState !== "visible") return;
    const mine = (asking = new AbortController());
    let rest = 3;
    try {
      before ??= SERVED.waits.length ? await sent() : { build: SERVED.build };
      // It was built anew while it came: nothing is lost yet.
      if (before.build > SERVED.build && before.tree && !before.met) return location.reload();
      before.met = true;
      const method = front ? "POST" : "GET";
      const address = front ? ask : `${ask}&known=${known}`;
      const answer = await fetch(address, { method, cache: "no-store", signal: mine.signal });
      const state = await answer.json();
      if (state.loud > before.build) return location.reload();
      show(state);
      if (before.tree && state.build > before.build) {
        await fill();
        before.met = true;
      }
      known = state.known;
      rest = state.later;
    } catch {
      // The server has ended, or is being started again; or the page was left.
    }
    if (asking === mine) setTimeout(() => asking === mine && tell(false), 1000 * rest);
  }

  addEventListener("visibilitychange", () => tell(true));
  addEventListener("load", () => tell(true));
  addEventListener("pagehide", () => asking?.abort());
  addEventListener("pageshow", (shown) => shown.persisted && tell(true)); // back again
})();
