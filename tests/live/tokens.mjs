/** Ids of many texts by the page's tokenizers: a task from standard input, JSON to standard output. */
import fs from "node:fs";

const task = JSON.parse(fs.readFileSync(0, "utf8"));
const { makeTokenizer } = await import(`file://${task.site}/engine/tokens.js`);
const { chatText } = await import(`file://${task.site}/models/chat.js`);
const json = (name) => JSON.parse(fs.readFileSync(`${task.site}/tokenizers/${name}.json`, "utf8"));
const result = { chats: task.chats.map(chatText) };
for (const [family, texts] of Object.entries(task.texts)) {
  const tokenizer = makeTokenizer(json(family), json(`${family}.config`));
  result[family] = texts.map((text) => tokenizer.encode(text).ids);
}
process.stdout.write(JSON.stringify(result));
