"""The rules that a file breaks before there is a definition to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class YamlRule:
    """``summary`` completes "finds ..."; ``help`` tells an author what to do. The severity is always error."""

    summary: str
    help: str


YAML_RULES = {
    "yaml-syntax": YamlRule(
        "text that is no YAML",
        "Indent with spaces, and put quotes around a text that holds `: `, ` #` or starts with a special character.",
    ),
    "yaml-duplicate-key": YamlRule(
        "a key that is written twice in one mapping",
        "Only the last value would count. Keep one of them.",
    ),
    "yaml-alias": YamlRule(
        "anchors, aliases and merge keys",
        "Write the value out: a definition has to be readable by itself.",
    ),
    "yaml-multiple-documents": YamlRule(
        "a second document in a file",
        "Write one definition a file, with at most one `---`, at the top.",
    ),
    "yaml-encoding": YamlRule(
        "a file that is not UTF-8, or that holds control characters",
        "Save the file as UTF-8.",
    ),
    "yaml-too-large": YamlRule(
        "a file that is too long or nested too deeply for a definition",
        "Split the file or remove what does not belong into it.",
    ),
    "yaml-type": YamlRule(
        "a value that JSON cannot carry: dates, infinities, tagged values, keys that are no text",
        'Put the value in quotes to keep it as text: "2024-01-31".',
    ),
    "json-syntax": YamlRule(
        "an object schema that is no JSON",
        "Check the file with a JSON formatter.",
    ),
}
