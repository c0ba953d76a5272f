"""Ask the library which pipelines exist, and for the three that are gone."""

from textwrap import fill

from transformers import pipeline
from transformers.pipelines import SUPPORTED_TASKS

tasks = sorted(SUPPORTED_TASKS)
count = len(tasks)
names = ", ".join(tasks)
print(fill(f"{count} tasks: {names}", width=43, break_on_hyphens=False))

gone = 0
for task in ("question-answering", "summarization", "translation"):
    try:
        pipeline(task, model="models/smollm2")
    except KeyError as error:
        gone += 1
        sentences = error.args[0].split(". ")
        print(f"\n{sentences[0]}.\n  {sentences[1]}.")
