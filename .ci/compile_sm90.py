"""Compiles every Warp module of sim/ for Hopper (sm_90) with no GPU present; exits 1 if one fails.

`--usage` also prints registers and stack of each kernel, read by NVIDIA's cuobjdump where it is installed; `--table FILE` writes them as a
table (benchmarks/results/sm90.md).
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


def _usage(tool: str, folder: Path) -> list[tuple[str, str]]:
    """Kernels of the compiled modules in a folder, and what each uses."""
    found = []
    for cubin in sorted(folder.glob("*.cubin")):
        text = subprocess.run([tool, "--dump-resource-usage", str(cubin)], capture_output=True, text=True).stdout
        found += re.findall(r"Function (\w+):\s*\n\s*(REG.*)", text)
    return found


def _write_table(path: Path, usage: dict[str, list[tuple[str, str]]]) -> None:
    """Registers, stack and shared memory of all kernels, the greediest first."""
    rows = []
    for module, kernels in usage.items():
        for name, text in kernels:
            size = {key: int(value) for key, value in re.findall(r"(\w+):(\d+)", text)}
            kernel = name.removesuffix("_cuda_kernel_forward")
            rows.append(
                (
                    size["STACK"],
                    size["REG"],
                    f"| `{module}` | `{kernel}` | {size['REG']} | {size['STACK']} | {size['SHARED']} |",
                )
            )
    head = "# Kernels compiled for sm_90\n\n"
    head += "`python .ci/compile_sm90.py --table benchmarks/results/sm90.md`. Spills are part of the stack.\n\n"
    head += "| module | kernel | registers | stack [bytes] | shared memory [bytes] |\n|---|---|---|---|---|\n"
    path.write_text(head + "\n".join(row for _, _, row in sorted(rows, reverse=True)) + "\n")


def main() -> int:
    """Compile all; report each module's time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--usage", action="store_true", help="print registers and stack of each kernel")
    parser.add_argument("--table", type=Path, help="write them there (markdown)")
    parser.add_argument("modules", nargs="*", help="modules to compile (default: all with kernels)")
    arguments = parser.parse_args()
    failed, usage = [], {}
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
            tool = _cuobjdump() if arguments.usage or arguments.table else None
            if tool:
                usage[name] = _usage(tool, Path(folder))
                for kernel, used in usage[name] if arguments.usage else ():
                    print(f"    {kernel}: {used}")
    if arguments.table and usage:
        _write_table(arguments.table, usage)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
