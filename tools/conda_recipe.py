"""Writes the conda recipe from `pyproject.toml`, in the format of rattler-build.

python -m tools.conda_recipe > packaging/conda/recipe.yaml
"""

from __future__ import annotations

from tools.dependencies import PROJECT, requirements

CONDA_NAMES = {"torch": "pytorch"}
"""Names of packages on conda-forge that differ from those on PyPI."""
TEMPLATE = """\
# Written by `python -m tools.conda_recipe`. Build it in a checkout: rattler-build build --recipe packaging/conda
schema_version: 1

package:
  name: lightning-sweeps
  version: ${{{{ env.get("VERSION", default="0") }}}}

source:
  path: ../..

build:
  number: 0
  noarch: python
  script: ${{{{ PYTHON }}}} -m pip install . --no-deps --no-build-isolation -vv
  python:
    entry_points:
      - lightning-sweeps = lightning_sweeps.cli:main

requirements:
  host:
    - python >=3.10
    - pip
    - hatchling >=1.24
    - nodejs >=20.19
  run:
    - python >=3.10
{run}

tests:
  - python:
      imports:
        - lightning_sweeps
      pip_check: true
  - script:
      - lightning-sweeps --version

about:
  license: Apache-2.0
  license_file: LICENSE
  summary: Experiment logging and hyperparameter sweeps for PyTorch Lightning and DDP.
"""


def render(text: str) -> str:
    """Return the recipe for the dependencies of a `pyproject.toml`."""
    lines = [f"    - {CONDA_NAMES.get(name, name)} {wanted[len(name) :]}" for name, wanted in requirements(text)]
    return TEMPLATE.format(run="\n".join(lines))


if __name__ == "__main__":
    print(render(PROJECT.read_text()), end="")
