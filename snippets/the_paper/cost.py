"""What the training took in 2017: the paper's own estimate, and a second one."""

sustained = 9.5e12  # operations a second of one P100, as the paper assumes
gpus = 8
hours = {"base": 12.0, "big": 3.5 * 24}
steps = {"base": 100_000, "big": 300_000}
parameters = {"base": 63_082_496, "big": 214_245_376}  # recounted above
tokens_a_step = 25_000  # about as many on each side

operations, useful = {}, {}
print("| | base | big |\n|---|---:|---:|")
for name in hours:
    operations[name] = gpus * hours[name] * 3600 * sustained
    # Each parameter is used twice forward and four times backward for each token.
    useful[name] = 6 * parameters[name] * tokens_a_step * steps[name]
gpu_hours = {name: gpus * hours[name] for name in hours}
seconds_a_step = {name: hours[name] * 3600 / steps[name] for name in hours}
table = {
    "hours on 8 GPUs": (hours, ".0f"),
    "GPU hours": (gpu_hours, ".0f"),
    "seconds per step": (seconds_a_step, ".2f"),
    "operations, from the clock": (operations, ".1e"),
    "operations, from the parameters": (useful, ".1e"),
}
for label, (row, form) in table.items():
    print(f"| {label} | {row['base']:{form}} | {row['big']:{form}} |")
base_operations, big_operations = operations["base"], operations["big"]
base_hours, big_hours = gpu_hours["base"], gpu_hours["big"]
base_use = useful["base"] / operations["base"]
big_use = useful["big"] / operations["big"]
big_over_base = operations["big"] / operations["base"]
