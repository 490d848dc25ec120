"""What costly bodies are made of: repeated, they get long, wide or deep."""

from __future__ import annotations

MAX_BODY = 1024 * 1024
WIDE = "a_wide_event"

JSON_OPENINGS = (
    "", "{", "[", '{"a":', '{"a":"', '{"event":"', '{"event":', f'{{"event":"{WIDE}","additional_properties":{{',
    f'{{"event":"{WIDE}","additional_properties":{{"label":"', '{"events":[', '{"event":"x","values":[',
    f'{{"event":"{WIDE}","occurred_at":"', f'{{"event":"{WIDE}","id":"', f'{{"event":"{WIDE}","project_id":',
)  # fmt: skip
JSON_PIECES = (
    '"":1,', '"":{"":1,"":2},',
    "[", "]", "{", "}", ",", ":", '"', "\\", "\\n", "\\u00e9", "\\ud800", '\\"', " ", "\n", "a", "\u00e9", "\U0001f600",
    "9", "-", "1.5,", "1e5,", "1e400,", "9" * 4_299 + ",", "9" * 400 + ".5,", "NaN,", "true,", "%d,", '"",', '"a",',
    "[],", "{},", '{"a":[', "[[[[[[[[[[]]]]]]]]]],", '"%x":1,', '"property_%d":1,', '"%x":{},', '{"event":{}},',
    f'{{"event":"{WIDE}"}},', '{"event":"event_number_%d_of_thousand"},',
    f'{{"event":"{WIDE}","additional_properties":{{"%x":1,"property_1":[]}}}},',
    f'{{"event":"{WIDE}","additional_properties":{{"label":"\\u0001\\u0001\\u0001","value":1}}}},',
    f'{{"event":"{WIDE}","project_id":-1,"namespace_id":"\u200b\u200b","occurred_at":"T","id":"x"}},',
)  # fmt: skip
FORM_OPENINGS = ("", "event=", f"event={WIDE}&", "events[]", "a[", f"event={WIDE}&additional_properties[label]=")
FORM_PIECES = (
    "%", "%4", "%41", "a%41", "%%41", "+", "&", "=", "a", "[", "]", "[]", "[b]", "&a=1", "&a[%d]=1", "&values[]=%d",
    f"&events[][event]={WIDE}", "&additional_properties[%x]=1", "&additional_properties[property_%d]=%%C3%%A9",
    "&events[][additional_properties][%x]=1", "&a[b][c][d][e][f][g]=1", "\u00e9",
)  # fmt: skip
PART = '--x\r\nContent-Disposition: form-data; name="'
MULTIPART_OPENINGS = ("", "--x\r\n", PART, f'{PART}event"\r\n\r\n{WIDE}\r\n')
MULTIPART_PIECES = (
    "--x\r\n", "--x", "--", "\r\n", "\r\n\r\n", "a", '"', "\\", ";", " ", ";a=", ';a="', "[b]", "\u00e9",
    f'{PART}%x"\r\n\r\n1\r\n', f'{PART}a[b]"\r\n\r\n1\r\n', f'{PART}values[]"\r\n\r\n%d\r\n',
    f'{PART}events[][event]"\r\n\r\n{WIDE}\r\n', f'{PART}additional_properties[%x]"\r\n\r\n1\r\n',
)  # fmt: skip


def repeated(piece: str, times: int) -> str:
    times = min(times, MAX_BODY // len(piece.encode()))
    if "%d" in piece or "%x" in piece:
        numbers = range(min(times, 100_000))
        return "".join(piece.replace("%d", str(number)).replace("%x", f"{number:x}") for number in numbers)
    return piece * times
