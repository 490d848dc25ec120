"""The YAML language server that VS Code, Neovim and others use, with one schema, over its standard input and output."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

PROGRAM = Path(__file__).parents[2] / "node_modules/yaml-language-server/bin/yaml-language-server"


class Marked(NamedTuple):
    """What the server marks: a message and the text of the line on which it stands."""

    message: str
    line: str


class YamlLanguageServer:
    """One server process. Each text that it is asked about is a new document."""

    def __init__(self, schema: Path) -> None:
        self._settings = {
            "yaml": {
                "schemas": {schema.as_uri(): "*.yml"},
                "schemaStore": {"enable": False},
                "validate": True,
                "completion": True,
                "hover": True,
            }
        }
        self._process = subprocess.Popen(["node", PROGRAM, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._number = 0
        self._documents = 0
        capabilities = {
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
            "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
        }
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": self._settings})

    def __enter__(self) -> YamlLanguageServer:
        return self

    def __exit__(self, _type: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def marks(self, texts: Iterable[str]) -> list[list[Marked]]:
        """Return what the server finds in each of the texts. All are opened first: it waits a while before it looks."""
        lines = {self._open(text): text.split("\n") for text in texts}
        found: dict[str, list[Marked]] = {}
        while len(found) < len(lines):
            message = self._read()
            if message.get("method") == "textDocument/publishDiagnostics":
                uri = message["params"]["uri"]
                found[uri] = [
                    Marked(one["message"], lines[uri][one["range"]["start"]["line"]])
                    for one in message["params"]["diagnostics"]
                ]
        return [found[uri] for uri in lines]

    def offers(self, text: str) -> list[str]:
        """Return the labels of what the server offers where ``|`` stands in a text."""
        before, _, after = text.partition("|")
        uri = self._open(before + after)
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        answer = self._ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})
        items: list[dict[str, Any]] = answer["items"] if isinstance(answer, dict) else answer or []
        return [str(item["label"]) for item in items]

    def _open(self, text: str) -> str:
        self._documents += 1
        uri = f"file:///definitions/{self._documents}.yml"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def _ask(self, method: str, params: object) -> Any:
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                return message["result"]

    def _tell(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        """Return the next message, and answer what the server asks meanwhile."""
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            assert self._process.poll() is None, "the server has ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        if "id" in message and "method" in message:
            sections = message.get("params", {}).get("items", [])
            result = [self._settings.get(one.get("section") or "", None) for one in sections] if sections else None
            self._send({"id": message["id"], "result": result})
        return message
