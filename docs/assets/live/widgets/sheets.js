// The styles of a widget, fetched with it and not before.

import { el } from "./parts.js";

const sheets = new Map();
/** @param {string} name a sheet beside this file; without one, that of the decoder's widgets */
export function styles(name = "decoder.css") {
  if (!sheets.has(name)) sheets.set(name, new Promise((resolve, reject) => {
    const onerror = () => {
      sheets.delete(name); // so that the next try asks again
      link.remove();
      reject(new Error("the styles are missing"));
    };
    const href = new URL(name, import.meta.url).href;
    const link = el("link", { rel: "stylesheet", href, onload: resolve, onerror });
    document.head.append(link);
  })); // prettier-ignore
  return sheets.get(name);
}
