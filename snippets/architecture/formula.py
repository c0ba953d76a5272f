"""The number of parameters of two models, from their shapes alone, and as counted."""

from transformers import AutoModel

# MiniLM: vocabulary V, width d, inner width f, L layers
V, d, f, L = 30522, 384, 1536, 6
attention = 4 * (d * d + d)  # Q, K, V, output: a matrix and a bias each
feed_forward = d * f + f + f * d + d  # in and out, with their biases
norms = 2 * 2 * d  # two norms: a factor and a shift for each number
layer = attention + feed_forward + norms
embeddings = V * d + 512 * d + 2 * d + 2 * d  # tokens, positions, segments, a norm
pooler = d * d + d  # a matrix on top of [CLS]
minilm = embeddings + L * layer + pooler
minilm_counted = AutoModel.from_pretrained("models/minilm").num_parameters()

# SmolLM2: no biases, 9 query heads but 3 key and value heads of width 64, gated
V2, d2, f2, L2, kv = 49152, 576, 1536, 30, 3 * 64
attention2 = 2 * d2 * d2 + 2 * d2 * kv  # Q and output, K and V
feed_forward2 = 3 * d2 * f2  # gate, up, down
norms2 = 2 * d2  # two RMSNorms: a factor for each number
layer2 = attention2 + feed_forward2 + norms2
smollm2 = V2 * d2 + L2 * layer2 + d2  # one table, the layers, the last norm
smollm2_counted = AutoModel.from_pretrained("models/smollm2").num_parameters()

rule, rule2 = 12 * d * d, 12 * d2 * d2  # the rule of thumb for one layer
rule_error = abs(rule - layer) / layer
print("| | MiniLM | SmolLM2 |\n|---|---:|---:|")
print(f"| attention of one layer | {attention:,} | {attention2:,} |")
print(f"| feed-forward of one layer | {feed_forward:,} | {feed_forward2:,} |")
print(f"| norms of one layer | {norms:,} | {norms2:,} |")
print(f"| one layer | {layer:,} | {layer2:,} |")
print(f"| the rule 12 d² for one layer | {rule:,} | {rule2:,} |")
print(f"| whole model, by formula | {minilm:,} | {smollm2:,} |")
print(f"| whole model, counted | {minilm_counted:,} | {smollm2_counted:,} |")
