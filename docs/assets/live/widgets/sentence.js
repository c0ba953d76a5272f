// A field that grows with what is written in it.

import { composing } from "./fields.js";
import { el, newId } from "./parts.js";

/** A sentence to write in, under its label: all of it is seen on a phone too. Enter sends it. */
export function sentence(says, value) {
  const id = newId("field");
  const onkeydown = (event) => {
    if (event.key !== "Enter" || composing(event)) return;
    event.preventDefault();
    input.form.requestSubmit();
  };
  const props = { id, rows: 2, maxlength: 400, spellcheck: "false", enterkeyhint: "go", onkeydown };
  const input = el("textarea", { ...props, class: "live-sentence" }, value);
  return { node: el("p", { class: "live-field" }, el("label", { for: id }, says), input), input };
}
