"""The keywords of JSON Schema, with each error at the value that it is about.

jsonschema runs these functions in place of its own, for values that `Verdict` does not accept. They give the same
verdict, but an unknown field is reported at that field, a repetition at the second of the two, each missing field by
itself, and of alternatives the one that comes closest. The errors carry no words yet; ``schema_rule`` finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from metrics_dictionary.validation.engine.verdict import Verdict, hashable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from metrics_dictionary.validation.schemas.definition_schemas import Schema

Errors = Iterator[ValidationError]


class Validator(Protocol):
    """The part of jsonschema's validators that is used here."""

    def iter_errors(self, instance: object) -> Errors:
        """Yield what is wrong with a value."""

    def evolve(self, *, schema: Schema) -> Validator:
        """Return a validator for another schema."""


class KeywordError(ValidationError):
    """A violated keyword.

    ``missing`` names a field that has to be there. ``at_key`` says that the key is wrong that leads to the value.
    """

    def __init__(self, *, at: str | int | None = None, missing: str | None = None, at_key: bool = False) -> None:
        super().__init__("", path=() if at is None else (at,))
        self.missing = missing
        self.at_key = at_key


def validator_of(schema: Schema) -> Validator:
    """Return what says what is wrong with values that do not follow a schema, with the keywords of this module.

    References lead to places in the schema itself (``#/$defs/condition``). Raises ValueError as `Verdict` does.
    """
    keywords = _Keywords(Verdict(schema))
    validator: Validator = extend(Draft202012Validator, keywords.by_name)(schema)  # type: ignore[no-untyped-call]
    return validator


class _Keywords:
    """The keywords of one schema. ``by_name`` is what jsonschema takes; those that only compare a value look alike."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._prepared: dict[int, Validator] = {}
        self.by_name: dict[str, Callable[..., Errors]] = {
            **{name: self._comparing(name) for name in _COMPARING},
            "$ref": self._ref,
            "additionalProperties": self._additional_properties,
            "allOf": self._all_of,
            "anyOf": self._any_of,
            "if": self._if,
            "items": self._items,
            "not": self._not,
            "properties": self._properties,
            "propertyNames": self._property_names,
            "required": self._required,
            "uniqueItems": self._unique_items,
        }

    def _comparing(self, name: str) -> Callable[..., Errors]:
        def keyword(_: Validator, argument: object, instance: object, schema: Schema) -> Errors:
            if not self._verdict.check_keyword(name, argument, schema)(instance):
                yield KeywordError()

        return keyword

    def _ref(self, validator: Validator, pointer: str, instance: object, _: Schema) -> Errors:
        yield from self._descend(validator, instance, self._verdict.referenced(pointer))

    def _required(self, _: Validator, names: list[str], instance: object, __: Schema) -> Errors:
        if isinstance(instance, dict):
            for name in names:
                if name not in instance:
                    yield KeywordError(missing=name)

    def _properties(self, validator: Validator, schemas: Mapping[str, Schema], instance: object, _: Schema) -> Errors:
        if isinstance(instance, dict):
            for name, value in instance.items():
                if name in schemas:
                    yield from self._descend(validator, value, schemas[name], name)

    def _additional_properties(
        self, validator: Validator, additional: bool | Schema, instance: object, schema: Schema
    ) -> Errors:
        if not isinstance(instance, dict) or additional is True:
            return
        known = schema.get("properties", {})
        for name in instance:
            if name in known:
                continue
            if additional is False:
                yield KeywordError(at=name, at_key=True)
            else:
                yield from self._descend(validator, instance[name], additional, name)

    def _property_names(self, validator: Validator, names: Schema, instance: object, _: Schema) -> Errors:
        if isinstance(instance, dict):
            for name in instance:
                for error in self._descend(validator, name, names, name):
                    if isinstance(error, KeywordError):
                        error.at_key = True
                    yield error

    def _items(self, validator: Validator, items: Schema, instance: object, _: Schema) -> Errors:
        if isinstance(instance, list):
            for index, item in enumerate(instance):
                yield from self._descend(validator, item, items, index)

    def _unique_items(self, _: Validator, unique: bool, instance: object, __: Schema) -> Errors:
        if unique and isinstance(instance, list):
            seen: set[object] = set()
            for index, item in enumerate(map(hashable, instance)):
                if item in seen:
                    yield KeywordError(at=index)
                seen.add(item)

    def _all_of(self, validator: Validator, schemas: list[Schema], instance: object, _: Schema) -> Errors:
        for each in schemas:
            yield from self._descend(validator, instance, each)

    def _any_of(self, validator: Validator, schemas: list[Schema], instance: object, _: Schema) -> Errors:
        """Report what is wrong with the alternative that comes closest: the one whose errors lie deepest."""
        found = []
        for each in schemas:
            errors = list(self._descend(validator, instance, each))
            if not errors:
                return
            found.append(errors)
        yield from max(found, key=lambda errors: min(len(error.path) for error in errors))

    def _if(self, validator: Validator, condition: Schema, instance: object, schema: Schema) -> Errors:
        branch = schema.get("then" if self._verdict.check(condition)(instance) else "else")
        if branch is not None:
            yield from self._descend(validator, instance, branch)

    def _not(self, _: Validator, refused: Schema, instance: object, __: Schema) -> Errors:
        if self._verdict.check(refused)(instance):
            yield KeywordError(at_key=True)

    def _descend(self, validator: Validator, instance: object, schema: Schema, step: str | int | None = None) -> Errors:
        """Yield the errors of a value against a sub-schema; ``step`` is the key or index that leads to the value."""
        if self._verdict.check(schema)(instance):
            return
        known = self._prepared.get(id(schema))
        if known is None:  # jsonschema prepares a sub-schema anew for each value, which takes half of its time
            known = self._prepared[id(schema)] = validator.evolve(schema=schema)
        for error in known.iter_errors(instance):
            if step is not None:
                error.path.appendleft(step)
            yield error


_COMPARING = (
    *("const", "contains", "enum", "format", "maximum", "minItems", "minLength", "minProperties", "minimum"),
    *("pattern", "type"),
)
"""The keywords that ask about a value itself, and whose error is at that value."""
