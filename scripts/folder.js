// Goes into the zip alone. The search wants a worker, and a page that was opened from a folder may
// start none. So here a worker is a frame without a picture, which may run the folder's scripts.
if (location.protocol === "file:") {
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
