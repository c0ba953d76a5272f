"""Which of the paper's choices four later models kept, read from them."""

from torch.nn import Linear
from transformers import AutoConfig, AutoModel, MarianConfig, WhisperConfig

from snippets.shared.translator import Translator

models = {
    "MiniLM": AutoModel.from_pretrained("models/minilm"),
    "SmolLM2": AutoModel.from_pretrained("models/smollm2"),
    "Whisper": AutoModel.from_pretrained("models/whisper").encoder,
    "en-pt": Translator.from_pretrained("models/en-pt").get_encoder(),
}
folders = ("models/minilm", "models/smollm2", "models/whisper", "models/en-pt")
rows = {"activation function": ["relu"], "inner width / width": ["4.0"],
        "width of a head": ["64"], "norm": ["LayerNorm"],
        "maps with a bias": ["in the feed-forward network; else not stated"],
        }  # fmt: skip
for (name, model), folder in zip(models.items(), folders):
    config = AutoConfig.from_pretrained(folder)
    if isinstance(config, (MarianConfig, WhisperConfig)):  # two stacks, other names
        kind, inner = config.activation_function, config.encoder_ffn_dim
    else:
        kind, inner = config.hidden_act, config.intermediate_size
    norms = {type(m).__name__ for m in model.modules() if "Norm" in type(m).__name__}
    rows["activation function"].append(kind)
    rows["inner width / width"].append(f"{inner / config.hidden_size:.1f}")
    head = config.hidden_size // config.num_attention_heads
    rows["width of a head"].append(str(head))
    rows["norm"].append(norms.pop().removeprefix("Llama"))
    has = [m.bias is not None for m in model.modules() if isinstance(m, Linear)]
    rows["maps with a bias"].append(f"{sum(has)} of {len(has)}")

print("| | the paper | " + " | ".join(models) + " |\n|---" + "|---" * 5 + "|")
for label, row in rows.items():
    print(f"| {label} | " + " | ".join(row) + " |")
