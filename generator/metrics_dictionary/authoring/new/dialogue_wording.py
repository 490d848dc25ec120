"""All messages of the dialogues."""

from __future__ import annotations

NONE = "none"

EMPTY = "An answer is needed."
NOT_A_CHOICE = (
    "{answer} is not one of these; write a number or a name, or several with commas where several are possible."
)
MISSING = "there is no terminal to ask on, and these options are missing: {options}"

METRIC_INTRODUCTION = (
    "A new metric that counts events. Ctrl-C ends the dialogue, and nothing is written before the end."
)
EVENT_INTRODUCTION = "A new event. Ctrl-C ends the dialogue, and nothing is written before the end."

EVENT_SEARCH = "Which event? Part of its name or description"
EVENT_FOUND = "Number of the event, or other words to search for"
EVENT_UNKNOWN = "No event matches; `metrics-dictionary new event` defines one."
EVENT_SIMILAR = "No event matches. Close: {names}."
EVENT_MISSING = "there is no event {name!r}; `metrics-dictionary new event` defines one"
EVENT_REMOVED = "the event {name!r} is removed and is no longer recorded"
EVENT_MORE = "  ... and {number} more; add words to narrow the search"

SIMILAR_EVENTS = "Existing events that may be the one you need:"
STILL_NEW = "Is yours a different event?"

COUNTING = "What is counted"
COUNT_TOTAL = "total"
COUNT_SUM = "sum(value)"
COUNTINGS = {
    COUNT_TOTAL: "every occurrence",
    COUNT_SUM: "the property value, added up",
    "user.id": "how many different people",
    "project.id": "how many different projects",
    "namespace.id": "how many different namespaces",
}
COUNT_PROPERTY = "how many different values"

FILTERS = "Count only occurrences with certain properties: which ones"
FILTER_VALUE = "Value of {name}"
FILTER_FORM = "{text!r} is not of the form NAME=VALUE"
FILTER_UNKNOWN = "the event {event} declares no property {name!r}; it has {properties}"
FILTER_NUMBER = "The property value is a number."

TIME_FRAMES = "Time frames"
TIME_FRAME_CHOICES = {
    "7d": "the last complete week",
    "28d": "the last four complete weeks",
    "all": "since counting began",
}
DISTINCT_NOT_OVER_ALL_TIME = "distinct values are counted over 7d and 28d only, because they are not kept longer"

KEY_PATH = "Key path, without _weekly or _monthly where there are several time frames"
KEY_PATH_FORM = "A key path has levels of lowercase letters, digits and _, separated by dots."
KEY_PATH_TAKEN = "{key_path} is taken by the metric in {file}."
KEY_PATH_ABOVE = "{key_path} is above or below {other}, which has a value."

METRIC_DESCRIPTION = "Description: what is counted, of what, when, and what is left out"
EVENT_DESCRIPTION = "Description: what someone does when it is recorded, and where"
OWNER = "Product group that owns it"
OWNER_UNKNOWN = "There is no product group {name!r}.{hint}"
MILESTONE = "Milestone in which it appears, such as 18.7"
MILESTONE_FORM = "A milestone is two numbers: 18.7."
URL = "Merge request that introduces it, a complete URL"
URL_FORM = "A complete URL begins with https:// and has no blanks."
TIERS = "Tiers"
CATEGORY = "Data category"
CATEGORIES = {
    "optional": "the usual one",
    "operational": "how the instance runs",
    "subscription": "what its subscription covers",
    "standard": "which instance it is",
}

ACTION = "Name of the event: who does what, as in create_merge_request"
ACTION_FORM = "An action has lowercase letters, digits and _ only."
ACTION_TAKEN = "{action} is already an event, in {file}."
IDENTIFIERS = "Identifiers that are recorded with it"
IDENTIFIER_CHOICES = {"project": "", "namespace": "", "user": ""}
PROPERTY_NAME = "Property to record with it: label, property, value, then names of your own"
PROPERTY_DESCRIPTION = "What {name} means, and which values it takes"
PROPERTY_FORM = "{text!r} is not of the form NAME=DESCRIPTION"

PREVIEW = "\n{file}\n"
KEY_PATHS = "In the payload: {key_paths}"
SAVE = "Write this file?"
SAVED = "Wrote {file}."
NOT_SAVED = "Nothing was written."
HAS_ERRORS = "Nothing was written, because the definition would have errors:"
