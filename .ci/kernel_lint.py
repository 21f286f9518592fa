"""Checks the house rules of Warp kernels: run as `python .ci/kernel_lint.py [FILE ...]`; exits 1 and names each breach.

Rules: a kernel's name is private, all its arguments are typed and have no defaults, it has a docstring, `world` is the first index of
`wp.tid()` where it has one, and its file switches `enable_backward` off.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _decorators(node: ast.FunctionDef) -> set[str]:
    names = set()
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id == "wp":
            names.add(call.attr)
    return names


def _tid_targets(node: ast.FunctionDef) -> list[str] | None:
    for statement in ast.walk(node):
        if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
            continue
        call = statement.value.func
        if isinstance(call, ast.Attribute) and call.attr == "tid":
            target = statement.targets[0]
            elements = target.elts if isinstance(target, ast.Tuple) else [target]
            return [e.id for e in elements if isinstance(e, ast.Name)]
    return None


def _check_kernel(node: ast.FunctionDef) -> Iterator[str]:
    if not node.name.startswith("_"):
        yield "the name should be private: start it with an underscore"
    for arg in node.args.args:
        if arg.annotation is None:
            yield f"argument {arg.arg} has no type"
    if node.args.defaults:
        yield "arguments may not have defaults"
    if ast.get_docstring(node) is None:
        yield "no docstring: say what it reads and writes"
    indices = _tid_targets(node)
    if indices and len(indices) > 1 and indices[0] not in ("world", "_world"):
        yield f"the first index of wp.tid() should be world, not {indices[0]}"


def check(path: Path) -> Iterator[str]:
    """Breaches in a file, each as 'file:line: what'."""
    tree = ast.parse(path.read_text(), str(path))
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    kernels = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and "kernel" in _decorators(n)]
    for kernel in kernels:
        for message in _check_kernel(kernel):
            yield f"{shown}:{kernel.lineno}: {kernel.name}: {message}"
    if kernels and not re.search(r"enable_backward|set_module_options\((RAYS|VEHICLES)", path.read_text()):
        yield f'{shown}:1: switch the backward pass off: wp.set_module_options({{"enable_backward": False}})'


def main(arguments: list[str]) -> int:
    """Lint the files given, or all of sim/."""
    paths = [Path(a).resolve() for a in arguments] or sorted((ROOT / "sim").rglob("*.py"))
    breaches = [message for path in paths for message in check(path)]
    print("\n".join(breaches) if breaches else f"kernel lint: {len(paths)} files, no breach")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
