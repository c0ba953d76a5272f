"""What one sentence costs in eight languages: tokens per word, and unknown tokens."""

from transformers import AutoTokenizer

from snippets import plots

sentences = {
    "English": "The robot watered the sunflowers because they were thirsty.",
    "Portuguese": "O robô regou os girassóis porque eles estavam com sede.",
    "German": "Der Roboter goss die Sonnenblumen, weil sie durstig waren.",
    "Finnish": "Robotti kasteli auringonkukat, koska ne olivat janoisia.",
    "Vietnamese": "Robot tưới nước cho hoa hướng dương vì chúng khát.",
    "Russian": "Робот полил подсолнухи, потому что они хотели пить.",
    "Hindi": "रोबोट ने सूरजमुखी को पानी दिया क्योंकि वे प्यासे थे।",
    "Greek": "Το ρομπότ πότισε τα ηλιοτρόπια γιατί διψούσαν.",
}
names = {"WordPiece": "minilm", "BPE": "smollm2", "Unigram": "en-pt"}
tokenizers = {k: AutoTokenizer.from_pretrained(f"models/{v}") for k, v in names.items()}
cost, counts = {}, {}
print(f"{'':11}words  WordPiece  BPE  Unigram")
for language, sentence in sentences.items():
    words = len(sentence.split())
    line = f"{language:11}{words:5}"
    for family, tokenizer in tokenizers.items():
        ids = tokenizer(sentence, add_special_tokens=False).input_ids
        unknown = ids.count(tokenizer.unk_token_id) if tokenizer.unk_token else 0
        counts[family, language], cost[family, language] = len(ids), len(ids) / words
        line += f"{len(ids):{11 if family == 'WordPiece' else 5}}"
        line += f"  {unknown}?" if unknown else ""
    print(line)

size = len(bpe := tokenizers["BPE"])
texts = [bpe.decode([i]).lower() for i in range(size)]
with_greek, with_latin = (
    sum(sum(first <= letter <= last for letter in text) >= 2 for text in texts)
    for first, last in ("άώ", "az")
)
hindi_times, greek_times = (  # of the whole sentence
    counts["BPE", name] / counts["BPE", "English"] for name in ("Hindi", "Greek")
)
english = cost["BPE", "English"]
dearest_times = max(cost["BPE", language] for language in sentences) / english
plots.bars(
    sentences,
    [cost["BPE", language] for language in sentences],
    title="SmolLM2: tokens per word",
    unit=".1f",
)
