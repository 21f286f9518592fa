"""Compiles every Warp module of sim/ for Hopper (sm_90) with no GPU present; exits 1 if one fails.

`--usage` also prints registers and spills of each kernel, read by NVIDIA's cuobjdump where it is installed.
"""

from __future__ import annotations

import argparse
import importlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import warp as wp

ROOT = Path(__file__).resolve().parent.parent


def kernel_modules() -> list[str]:
    """Names of the modules below sim/ that define kernels."""
    found = []
    for path in sorted((ROOT / "sim").rglob("*.py")):
        if re.search(r"^\s*@wp\.kernel", path.read_text(), re.MULTILINE):
            found.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return found


def _cuobjdump() -> str | None:
    for folder in map(Path, sys.path):
        for candidate in folder.glob("nvidia/**/bin/cuobjdump"):
            return str(candidate)
    return shutil.which("cuobjdump")


def _print_usage(tool: str, folder: Path) -> None:
    for cubin in sorted(folder.glob("*.cubin")):
        text = subprocess.run([tool, "--dump-resource-usage", str(cubin)], capture_output=True, text=True).stdout
        for name, usage in re.findall(r"Function (\w+):\s*\n\s*(REG.*)", text):
            print(f"    {name}: {usage}")


def main() -> int:
    """Compile all; report each module's time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--usage", action="store_true", help="print registers and spills of each kernel")
    parser.add_argument("modules", nargs="*", help="modules to compile (default: all with kernels)")
    arguments = parser.parse_args()
    failed = []
    for name in arguments.modules or kernel_modules():
        importlib.import_module(name)
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                module = wp.get_module(name)
                wp.compile_aot_module(module, device=None, arch=90, use_ptx=False, module_dir=folder, strip_hash=True)
            except Exception as error:
                failed.append(name)
                print(f"FAILED {name}: {error}")
                continue
            print(f"sm_90 {name}: {time.monotonic() - started:.1f} s", flush=True)
            tool = _cuobjdump() if arguments.usage else None
            if tool:
                _print_usage(tool, Path(folder))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
