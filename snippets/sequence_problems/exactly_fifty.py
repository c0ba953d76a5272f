"""The fix: the model writes, a program counts, and keeps an ending at word 50."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
question = "In exactly 50 words, explain why the sky is blue."
chat = [{"role": "user", "content": question}]
prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)


def write(beginning, drafts, **options):
    batch = tokenizer([prompt + beginning] * drafts, return_tensors="pt")
    with torch.no_grad():  # what all drafts begin with is read once
        cache = model(batch.input_ids[:1, :-1], logits_to_keep=1).cache
    cache.batch_repeat_interleave(drafts)
    ids = model.generate(**batch, cache=cache, **options)[:, batch.input_ids.shape[1] :]
    end = tokenizer.eos_token_id
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    return [beginning + text for text in texts], (ids != end).sum().item()


(reply,), reply_tokens = write("", 1, do_sample=False, max_new_tokens=90)
cut = " ".join(reply.split()[:50])  # 1: stop at word 50

kept = " ".join(reply.split()[:32])  # 2: keep most of it, and draft other endings
torch.manual_seed(0)
drafts, draft_tokens, found = 0, 0, []
while not found and drafts < 160:  # luck may never come; a program must end
    options = {"do_sample": True, "temperature": 0.8, "top_k": 40}
    texts, tokens = write(kept, 16, max_new_tokens=28, **options)
    drafts, draft_tokens = drafts + len(texts), draft_tokens + tokens
    for text in texts:
        first_fifty = text.split()[:50]
        if len(first_fifty) == 50 and first_fifty[-1].endswith("."):
            found.append(" ".join(first_fifty))

result = found[0] if found else cut
print("| way | text | words | tokens written |\n|---|---|---|---|")
total = reply_tokens + draft_tokens
rows = {"ask": (reply, reply_tokens), "stop at word 50": (cut, reply_tokens),
        "draft endings": (result, total)}  # fmt: skip
for way, (text, tokens) in rows.items():
    shown = text if way == "draft endings" else text.replace(kept, "…")
    print(f"| {way} | {shown} | {len(text.split())} | {tokens:,} |")
good, times = len(found), total / reply_tokens
words, kept_words = len(result.split()), len(kept.split())
