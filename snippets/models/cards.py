"""Every model of the book, as the lock file names it."""

import tomllib
from pathlib import Path

lock = tomllib.loads(Path("snippets/models.toml").read_text("utf-8"))
fetched = {name: model for name, model in lock.items() if "package" in model}

models, count = len(lock), len(fetched)
wheels = {model["wheel"]: model["bytes"] for model in fetched.values()}
packages = len(wheels)
disk_gigabytes = sum(model["made_bytes"] for model in fetched.values()) / 1e9
megabytes = sum(wheels.values()) / 1e6

for name, model in lock.items():
    print(f"### {model['title']} {{ #{name} }}\n\n{model['about']}\n")
    print(f"| `models/{name}` | |\n|---|---|")
    if model.get("parameters"):
        print(f"| parameters | {model['parameters']:,} |")
    print(f"| author | {model['author']} |\n| license | {model['licence']} |")
    if model.get("hub"):
        print(f"| more | [{model['hub'].split('//')[1]}]({model['hub']}) |")
    if "package" in model:
        print(f"| package | {model['package']} {model['version']} |")
        print(f"| download | {model['bytes'] / 1e6:.1f} MB |")
        print(f"| SHA-256 | `{model['sha256'][:32]}` `{model['sha256'][32:]}` |")
    else:
        print(f"| trained by | `snippets/{model['snippet']}.py` |")
    for extra in ("note", "attribution"):
        if model.get(extra):
            print(f"| {extra} | {model[extra]} |")
    print()
