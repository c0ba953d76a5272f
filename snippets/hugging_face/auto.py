"""The configuration in a folder decides which class the Auto classes give you."""

from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSpeechSeq2Seq,
    AutoModelForTokenClassification,
)

choices = (
    ("models/minilm", AutoModel),
    ("models/pii", AutoModelForTokenClassification),
    ("models/rxnmapper", AutoModelForMaskedLM),
    ("models/smollm2", AutoModelForCausalLM),
    ("models/whisper", AutoModelForSpeechSeq2Seq),
)
print("| folder | `model_type` | asked for | got | layers |\n|---|---|---|---|---:|")
for folder, auto in choices:
    config = AutoConfig.from_pretrained(folder)
    model = auto.from_pretrained(folder)
    names = f"`{config.model_type}` | `{auto.__name__}` | `{type(model).__name__}`"
    print(f"| `{folder}` | {names} | {config.num_hidden_layers} |")
last_class = type(model).__name__
