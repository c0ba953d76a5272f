/**
 * A conversation as the model sees it: one text with marks between the turns (SmolLM2's template).
 *
 * The file of the model brings the template in a language of its own, Jinja; these are the same
 * few rules in JavaScript, and a test holds them against the template.
 */

const SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

/**
 * @param {{role: "system" | "user" | "assistant", content: string}[]} messages
 * @returns {string} ends where the assistant's answer begins
 */
export function chatText(messages) {
  const turn = ({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`;
  const named = messages.length > 0 && messages[0].role !== "system";
  const turns = named ? [{ role: "system", content: SYSTEM }, ...messages] : messages;
  return `${turns.map(turn).join("")}<|im_start|>assistant\n`;
}
