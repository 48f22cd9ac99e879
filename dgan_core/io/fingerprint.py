"""What code a result was made by: a hash for each module, of the definitions that were used, without comments.

A definition is followed through the names that it uses, from module to module of this project.  Docstrings, comments
and layout don't count, so that they can change and nothing has to be computed again.
"""

import ast
import dis
import hashlib
import inspect
import sysconfig
from functools import cache, partial
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import numpy as np

INSTALLED = tuple(sysconfig.get_paths()[kind] for kind in ("stdlib", "purelib", "platlib"))
PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("dgan_core", "dgan_stylegan", "dgan_report", "notebooks")


class Module(NamedTuple):
    """A parsed file: its top-level statements by the names that they bind, the others, and what it imports."""

    definitions: dict[str, list[ast.stmt]]
    loose: list[ast.stmt]
    imports: dict[str, tuple[str, str | None]]  # local name → (module, name in it; None: the module itself)


def fingerprint(*entries: str, without: tuple[str, ...] = ()) -> dict[str, str]:
    """{module: hash} of all that `entries` depend on.

    An entry is a module, "dgan_core.metrics.evaluation", or one definition of it, "dgan_core.training.loop:train".
    without: modules and packages that don't count, since they don't change what is computed.
    ValueError for an entry that isn't there.
    """
    todo = [(name, wanted or None) for name, _, wanted in (entry.partition(":") for entry in entries)]
    for name, wanted in todo:
        if _path(name) is None or (wanted and wanted not in _parse(name).definitions):
            raise ValueError(f"{name}{f':{wanted}' if wanted else ''} is no module or definition of this project")
    seen: dict[str, set[str]] = {}
    while todo:
        name, wanted = todo.pop()
        if any(f"{name}.".startswith(f"{left_out}.") for left_out in without):
            continue
        module = _parse(name)
        for found in [wanted] if wanted else [*module.definitions, *module.imports]:
            if found in module.imports:
                todo.append(module.imports[found])
            elif found in module.definitions and found not in seen.setdefault(name, set()):
                first = not seen[name]
                seen[name].add(found)
                statements = module.definitions[found] + (module.loose if first else [])
                todo += [use for statement in statements for use in _uses(statement, name)]
            elif "__getattr__" in module.definitions and found not in module.definitions:
                todo.append((name, "__getattr__"))
    return {name: _hash(_parse(name), found) for name, found in sorted(seen.items())}


def of_function(function: Any) -> str:
    """A hash of a function that lies in no file of this project, such as a notebook's: of what it does, not its text.

    What it uses of its surroundings counts too: numbers, texts, arrays, what holds them, and other functions there, but
    for those of Python and of installed packages. So a list that it fills as it runs makes it another function.
    """
    return hashlib.sha256(repr(_behaviour(function, ())).encode()).hexdigest()[:16]


def _behaviour(value: Any, within: tuple[int, ...]) -> Any:
    """What `repr` shows alike in every process: no address, no order of a set, every number of an array.

    within: the ids of what `value` was reached through, each of which may hold itself.
    """
    code = getattr(value, "__code__", None)
    if isinstance(value, int | float | complex | str | bytes | type(None)):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, CodeType):  # the instructions, arguments resolved: the same whatever the docstring
        steps = (i for i in dis.get_instructions(value) if i.opname not in ("RESUME", "CACHE"))
        return [(i.opname, _behaviour(i.argval, within)) for i in steps]
    holds = isinstance(value, dict | list | tuple | set | frozenset | partial)
    installed = code is not None and code.co_filename.startswith(INSTALLED)
    if id(value) in within or installed or not (holds or isinstance(value, FunctionType)):
        return getattr(value, "__qualname__", type(value).__name__)
    within = (*within, id(value))
    if isinstance(value, partial):
        return "partial", _behaviour((value.func, value.args, value.keywords), within)
    if isinstance(value, FunctionType):
        around = inspect.getclosurevars(value)
        used = {**around.nonlocals, **around.globals}
        return "function", _behaviour((code, value.__defaults__, value.__kwdefaults__, used), within)
    members = [_behaviour(member, within) for member in (value.items() if isinstance(value, dict) else value)]
    return type(value).__name__, members if isinstance(value, list | tuple) else sorted(map(repr, members))


def _path(name: str) -> Path | None:
    if name.partition(".")[0] not in PACKAGES:
        return None
    path = PROJECT.joinpath(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def _parse(name: str) -> Module:
    module = Module({}, [], {})
    for statement in ast.parse(_path(name).read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            module.imports.update(_imported(statement, name))
        elif names := _bound(statement):
            for bound in names:
                module.definitions.setdefault(bound, []).append(statement)
        elif not _is_text(statement):
            module.loose.append(statement)
    return module


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return []


def _imported(statement: ast.stmt, name: str) -> dict[str, tuple[str, str | None]]:
    """What an import statement of module `name` binds, of this project's modules alone."""
    package = name if _path(name).name == "__init__.py" else name.rpartition(".")[0]
    found: dict[str, tuple[str, str | None]] = {}
    for alias in statement.names:
        local = alias.asname or alias.name
        if isinstance(statement, ast.Import):
            if _path(alias.name):
                found[local] = (alias.name, None)
            continue
        base = resolve_name("." * statement.level + (statement.module or ""), package)
        if _path(f"{base}.{alias.name}"):
            found[local] = (f"{base}.{alias.name}", None)
        elif _path(base):
            found[local] = (base, alias.name)
    return found


@cache
def _uses(statement: ast.stmt, name: str) -> list[tuple[str, str | None]]:
    """(module, name) of everything of this project that a statement mentions; (module, None) for all of a module."""
    module = _parse(name)
    imports = dict(module.imports)
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports |= _imported(node, name)
    attributes = {id(node.value): node.attr for node in ast.walk(statement) if isinstance(node, ast.Attribute)}
    found = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in imports:
            home, attribute = imports[node.id]
            found.append((home, attribute or attributes.get(id(node))))
        elif isinstance(node, ast.Name) and node.id in module.definitions:
            found.append((name, node.id))
    return found


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _hash(module: Module, names: set[str]) -> str:
    kept = {id(s): s for name in names for s in module.definitions[name]} | {id(s): s for s in module.loose}
    texts = [_text(s) for s in sorted(kept.values(), key=lambda s: s.lineno)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@cache
def _text(statement: ast.stmt) -> str:
    """The statement's code, its docstrings left out (in place: nothing here needs them)."""
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.body = [s for s in node.body if not _is_text(s)] or [ast.Pass()]
    return ast.unparse(_Spelled().visit(statement))


class _Spelled(ast.NodeTransformer):
    """f-strings as calls: Python 3.12 and later quote them otherwise."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Call:  # noqa: N802
        return ast.Call(ast.Name("f"), [self.visit(value) for value in node.values], [])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.Call:  # noqa: N802
        form = [self.visit(node.format_spec)] if node.format_spec else []
        return ast.Call(ast.Name("format"), [self.visit(node.value), ast.Constant(node.conversion), *form], [])
