// Goes into the zip alone. The search wants a worker, and a page that was opened from a folder may
// start none. So here a worker is a frame without a picture, which may run the folder's scripts.
if (location.protocol === "file:") {
  document.documentElement.classList.remove("no-search"); // see early.js
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const { contentWindow: inside, contentDocument: page } = frame;
      page.open();
      page.close();
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const script = page.createElement("script");
      script.src = address;
      this.inside = new Promise((ready) => script.addEventListener("load", () => ready(inside)));
      page.body.append(script);
    }

    async postMessage(data) {
      (await this.inside).dispatchEvent(new MessageEvent("message", { data }));
    }
  };
}

// Firefox takes each file of a folder for a site of its own.
if (location.protocol === "file:" && "mozInnerScreenX" in window) {
  const note = document.createElement("p");
  note.className = "apart";
  note.textContent =
    "In this folder Firefox keeps what you choose and answer for each page alone: light or dark, and " +
    "what you have read, are not known to the other pages. With a server, or in another browser, they are.";
  document.querySelector(".about-page")?.before(note);
}
