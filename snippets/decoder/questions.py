"""Ten questions to SmolLM2: from memory alone, and with a passage in the prompt."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

passages = {
    "The robot Tilly was built in Tartu. It waters sunflowers and weighs 14 kilograms.":
        {"Where was the robot Tilly built?": "Tartu",
         "What does the robot Tilly water?": "sunflowers",
         "How much does the robot Tilly weigh?": "14 kilo"},
    "The Green House Café in Porto opened in 1987. It is run by Marta Lima.":
        {"Who runs the Green House Café?": "Marta Lima",
         "In which year did the Green House Café open?": "1987"},
    "The mountain of Harn is 2,310 meters high. Ana Berg climbed it first, in 1902.":
        {"Who first climbed the mountain of Harn?": "Ana Berg",
         "How high is the mountain of Harn?": "2,310"},
    "Water boils at 100 degrees. Washington was the first president of the United"
    " States. Canberra is the capital of Australia.":
        {"At what temperature does water boil?": "100",
         "Who was the first president of the United States?": "Washington",
         "What is the capital of Australia?": "Canberra"},
}  # fmt: skip
asked = [(p, q, right) for p, found in passages.items() for q, right in found.items()]
prompts = [q for p, q, right in asked]
prompts += [f"{p}\n\n{q} Answer in a few words." for p, q, right in asked]
chats = [[{"role": "user", "content": prompt}] for prompt in prompts]
batch = tokenizer.apply_chat_template(
    chats, add_generation_prompt=True, padding=True,
    return_tensors="pt", return_dict=True,
)  # fmt: skip
ids = model.generate(**batch, max_new_tokens=16, do_sample=False)
new = ids[:, batch["input_ids"].shape[1] :]
answers = tokenizer.batch_decode(new, skip_special_tokens=True)
total, made_up = len(asked), 7  # the last passage is general knowledge
marks = []  # of each question: right from memory, right with the passage
print("| question | from memory | with the passage |")
print("|---|---|---|")
for (_, question, right), one, other in zip(asked, answers, answers[total:]):
    ok = [right in text for text in (one, other)]
    marks.append(ok)
    cells = [f"{'✓' if o else '✗'} {text}" for o, text in zip(ok, (one, other))]
    print(f"| {question} | {cells[0]} | {cells[1]} |".replace("\n", " "))
made_up_closed, made_up_given = map(sum, zip(*marks[:made_up]))
general_closed, general_given = map(sum, zip(*marks[made_up:]))
general = total - made_up
closed, given = made_up_closed + general_closed, made_up_given + general_given
