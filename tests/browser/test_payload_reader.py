"""The payload reader, as somebody uses it who was sent a payload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.site.build.build import build
from metrics_dictionary.site.data.cross_references import CrossReferences
from metrics_dictionary.site.pages.payload_reader import payload_definitions
from tests.browser.accessibility import serious
from tests.browser.chromium import require_chromium, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

REPOSITORY = Path(__file__).parents[2]
CASES = sorted((REPOSITORY / "tests/payload_cases").glob("*.json"))

METRICS: list[dict[str, object]] = [
    {
        "key_path": "counts.loaves",
        "description": "Loaves in the oven.",
        "value_type": "number",
        "product_group": "oven",
    },
    {
        "key_path": "counts.rolls",
        "description": "Rolls on the shelf.",
        "value_type": "number",
        "product_group": "shelf",
    },
    {"key_path": "counts.cakes", "value_type": "number", "status": "removed", "milestone_removed": "16.3"},
    {"key_path": "counts.pies", "value_type": "number"},
    {"key_path": "counts.tarts", "value_type": "number"},
    {"key_path": "counts.buns", "value_type": "number", "status": "broken"},
    {"key_path": "uuid", "value_type": "string", "data_category": "optional"},
    {"key_path": "settings.ovens", "value_type": "object", "value_json_schema": "object_schemas/ovens.json"},
    {"key_path": "settings.Odd/Name", "value_type": "string"},
    {"key_path": "settings.night", "value_type": "boolean"},
]

PAYLOAD: dict[str, object] = {
    "recorded_at": "2026-02-01T04:00:00.000Z",
    "counts": {"loaves": 1234, "rolls": "12", "cakes": 7, "tarts": -1, "buns": -2, "bagels": 3},
    "settings": {"ovens": [{"heat": 1}, {"heat": "hot"}], "Odd/Name": "x", "night": True},
    "oven": {"left": {"heat": 1}},
}

EARLIER: dict[str, object] = {
    "recorded_at": "2026-01-01T04:00:00.000Z",
    "counts": {"loaves": 1000, "rolls": "12", "cakes": 8, "tarts": 5, "pies": 9},
    "settings": {"ovens": [{"heat": 1}], "Odd/Name": "y", "night": True},
}

HOSTILE = (
    '{"counts":{"loaves":' + "[" * 200_000 + "]" * 200_000 + ',"__proto__":5,"constructor":6},'
    '"__proto__":{"polluted":1},"long":"' + "x" * 10_000_000 + '","' + "k" * 100_000 + '":{"a":1},'
    '"tag":"<img src=x onerror=document.title=1>","<img src=x onerror=document.title=1>":1,'
    '"turned":"\\u202egnp.exe","counts.loaves":1,"":2,"big":123456789012345678901234567890,"huge":1e999}'
)


@pytest.fixture(scope="module")
def small_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small dictionary's site, served below a path."""
    require_chromium()
    folder = tmp_path_factory.mktemp("reader")
    write_definitions(folder / "definitions")
    build(folder / "definitions", folder / "www/some/base")
    with served(folder / "www") as root:
        yield f"{root}/some/base"


def write_definitions(root: Path) -> None:
    (root / "metrics/counts_all").mkdir(parents=True)
    common = {"status": "active", "product_group": "oven", "time_frame": "all", "data_source": "system"}
    for number, fields in enumerate(METRICS):
        # JSON is YAML, too.
        (root / f"metrics/counts_all/{number}.yml").write_text(json.dumps(common | fields), encoding="utf-8")
    (root / "product_groups.yml").write_text('{"oven": {"name": "Oven crew"}, "shelf": {"name": "Shelf crew"}}')
    (root / "object_schemas").mkdir()
    schema = {"type": "array", "items": {"properties": {"heat": {"type": "integer"}}}, "unevaluatedItems": False}
    (root / "object_schemas/ovens.json").write_text(json.dumps(schema))


@pytest.fixture
def opened(context: BrowserContext, small_address: str) -> Page:
    """The page, ready."""
    page = context.new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    go(page, small_address)
    return page


@pytest.fixture
def reader(opened: Page) -> Iterator[Page]:
    """The page, ready; fails when anything is reported on the console."""
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    assert complaints == []


@pytest.fixture
def intercepted(opened: Page) -> list[str]:
    """Every request that is about to leave the page from now on; none of them gets anywhere."""
    requests: list[str] = []

    def intercept(route: Route) -> None:
        requests.append(route.request.url)
        route.abort()

    opened.route("**/*", intercept)
    return requests


def go(page: Page, address: str) -> None:
    page.goto(f"{address}/payload/")
    expect(page.locator("#payload-open")).to_be_visible()


def give(page: Page, payload: object, name: str = "payload.json") -> None:
    choose(page, payload if isinstance(payload, str) else json.dumps(payload), name)
    expect(page.locator("#payload-intake")).to_be_hidden()


def choose(page: Page, text: str, name: str) -> None:
    page.set_input_files("#payload-file", {"name": name, "mimeType": "application/json", "buffer": text.encode()})


def row(page: Page, key: str) -> Locator:
    return page.locator("#payload-body [role=row]").filter(has=page.get_by_text(key, exact=True)).first


def keys(page: Page) -> list[str]:
    return page.locator("#payload-body .dd-row-key").all_inner_texts()


def chips(page: Page) -> dict[str, str]:
    found = page.locator("#payload-chips button")
    return {str(chip.get_attribute("data-only")): chip.locator("span").inner_text() for chip in found.all()}


def test_the_page_says_that_nothing_leaves_the_browser_and_its_policy_forbids_it(
    opened: Page, intercepted: list[str]
) -> None:
    expect(opened.locator(".dd-private")).to_contain_text("Nothing leaves this browser.")
    attempts = """async () => {
      const refused = new Set();
      const allRefused = new Promise((done) => {
        document.addEventListener("securitypolicyviolation", (event) => {
          if (refused.add(event.effectiveDirective).size === 3) done();
        });
      });
      const outcomes = await Promise.allSettled([
        fetch("../index.json"),
        fetch("https://example.com/", { method: "POST", body: "x", mode: "no-cors" }),
      ]);
      navigator.sendBeacon("/beacon", "x");
      new WebSocket("wss://example.com/");
      new Image().src = "https://example.com/x.png?payload";
      const form = document.body.appendChild(document.createElement("form"));
      form.action = "/take";
      form.submit();
      await allRefused;
      return [outcomes.map((outcome) => outcome.status), [...refused].sort()];
    }"""
    outcomes, refused = opened.evaluate(attempts)
    assert outcomes == ["rejected", "rejected"]
    assert refused == ["connect-src", "form-action", "img-src"]
    assert intercepted == []


def test_reading_comparing_and_searching_makes_no_request_and_stores_nothing(
    reader: Page, intercepted: list[str]
) -> None:
    give(reader, PAYLOAD)
    reader.click("#payload-expand")
    reader.fill("#payload-search", "oven")
    reader.click("#payload-compare")
    give(reader, EARLIER)
    expect(reader.locator("#payload-grid")).to_contain_text("+234")
    assert intercepted == []
    stored = """async () => [
      Object.keys(localStorage).filter((key) => !key.includes("__palette")),
      Object.keys(sessionStorage),
      document.cookie,
      await indexedDB.databases(),
    ]"""
    assert reader.evaluate(stored) == [[], [], "", []]


def test_a_value_stands_beside_its_description_owner_and_status(reader: Page) -> None:
    give(reader, PAYLOAD)
    loaves = row(reader, "loaves")
    expect(loaves).to_contain_text("1,234")
    expect(loaves).to_contain_text("Loaves in the oven.")
    expect(loaves).to_contain_text("Oven crew")
    expect(loaves).to_contain_text("Active")


def test_what_is_wrong_is_counted_and_can_be_shown_alone(reader: Page) -> None:
    give(reader, PAYLOAD)
    expected = {
        "unknown-key": ("2", ["bagels", "oven"]),
        "removed-metric": ("1", ["cakes"]),
        "missing-metric": ("2", ["pies", "uuid"]),
        "wrong-type": ("1", ["rolls"]),
        "schema-violation": ("1", ["ovens"]),
        "fallback-value": ("2", ["tarts", "buns"]),
        "fallback-value:-1": ("1", ["tarts"]),
        "fallback-value:-2": ("1", ["buns"]),
    }
    assert {kind: count for kind, count in chips(reader).items() if kind != "all"} == {
        kind: count for kind, (count, _) in expected.items()
    }
    for kind, (_, names) in expected.items():
        reader.click(f'[data-only="{kind}"]')
        assert [key for key in keys(reader) if key not in ("counts", "settings")] == names
        expect(reader.locator(f'[data-only="{kind}"]')).to_have_attribute("aria-pressed", "true")
    reader.click("[data-only=all]")
    assert "loaves" in keys(reader)


def test_the_chosen_value_is_explained_in_a_sentence_with_links_to_its_pages(reader: Page) -> None:
    give(reader, PAYLOAD)
    detail = reader.locator("#payload-detail")
    for key, sentence in {
        "rolls": "The definition promises a number, and this is a string.",
        "tarts": "could not be computed",
        "ovens": "breaks its JSON Schema at /1/heat.",
        "cakes": "removed",
        "bagels": "No definition has this key path.",
    }.items():
        row(reader, key).click()
        expect(detail).to_contain_text(sentence)
    row(reader, "Odd/Name").click()
    for link in detail.locator("a").all():
        response = reader.request.get(str(link.evaluate("(link) => link.href")))
        assert response.ok


def test_what_of_a_schema_the_page_does_not_check_is_said(reader: Page) -> None:
    detail = reader.locator("#payload-detail")
    for payload in (PAYLOAD, EARLIER):
        give(reader, payload)
        row(reader, "ovens").click()
        expect(detail).to_contain_text("Not checked in its JSON Schema: the keyword unevaluatedItems.")
        reader.click("#payload-close")


def test_a_branch_says_what_is_wrong_below_it(reader: Page) -> None:
    give(reader, PAYLOAD)
    reader.click("#payload-collapse")
    expect(row(reader, "counts")).to_contain_text("6 values")
    expect(row(reader, "counts")).to_contain_text("1 unknown key, 1 removed, 1 missing, 1 wrong type, 2 fallback")


def test_a_search_finds_key_paths_in_any_spelling_descriptions_and_owners(reader: Page) -> None:
    give(reader, PAYLOAD)
    for text in ("counts.loaves", "counts_loaves", "LOAVES", "loaves in the"):
        reader.fill("#payload-search", text)
        assert keys(reader) == ["counts", "loaves"]
        expect(reader.locator("#payload-count")).to_have_text("1 value shown")
    reader.fill("#payload-search", "shelf crew")
    assert keys(reader) == ["counts", "rolls"]
    reader.fill("#payload-search", "nowhere")
    expect(reader.locator("#payload-count")).to_have_text("Nothing matches.")


def test_two_payloads_stand_side_by_side_with_their_growth(reader: Page) -> None:
    give(reader, PAYLOAD)
    reader.click("#payload-compare")
    give(reader, EARLIER, "january.json")
    expect(reader.locator("#payload-sources")).to_contain_text("january.json")
    for key, growth in {
        "loaves": "+234 (+23%)",
        "cakes": "−1 (−13%)",
        "rolls": "same",
        "tarts": "not comparable",
        "bagels": "new",
        "pies": "gone",
        "Odd/Name": "changed",
    }.items():
        expect(row(reader, key).locator(".dd-row-growth")).to_have_text(growth)
    expect(row(reader, "loaves").locator(".dd-row-before")).to_have_text("1,000")
    expect(row(reader, "loaves").locator(".dd-row-value")).to_have_text("1,234")
    changes = {kind: chips(reader)[kind] for kind in ("grew", "shrank", "changed", "added", "gone")}
    assert changes == {"grew": "1", "shrank": "1", "changed": "4", "added": "3", "gone": "1"}
    reader.click("[data-only=grew]")
    assert keys(reader) == ["counts", "loaves"]


def test_the_two_payloads_can_change_places(reader: Page) -> None:
    give(reader, EARLIER)
    reader.click("#payload-compare")
    give(reader, PAYLOAD)
    expect(row(reader, "loaves").locator(".dd-row-growth")).to_have_text("−234 (−19%)")
    reader.click("#payload-swap")
    expect(row(reader, "loaves").locator(".dd-row-growth")).to_have_text("+234 (+23%)")


def test_a_payload_can_be_pasted(reader: Page) -> None:
    paste = """(text) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
      document.getElementById("payload-text").dispatchEvent(paste);
    }"""
    reader.evaluate(paste, json.dumps(PAYLOAD))
    expect(row(reader, "loaves")).to_be_visible()
    assert reader.input_value("#payload-text") == ""


def test_a_payload_can_be_typed(reader: Page) -> None:
    reader.fill("#payload-text", json.dumps(PAYLOAD))
    reader.click("#payload-read")
    expect(row(reader, "loaves")).to_be_visible()


def test_a_payload_can_be_dropped(reader: Page) -> None:
    drop = """(text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "dropped.json"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    reader.evaluate(drop, "\ufeff" + json.dumps(PAYLOAD))
    expect(reader.locator("#payload-sources")).to_contain_text("dropped.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"counts": {', "This is not JSON, or only a part of it"),
        ("[1]", "A payload is a JSON object"),
        ("  ", "There is nothing to read yet"),
        ('{"a": NaN}', "This is not JSON"),
    ],
)
def test_what_is_no_payload_is_refused_with_a_sentence(reader: Page, text: str, message: str) -> None:
    choose(reader, text, "payload.json")
    expect(reader.locator("#payload-error")).to_contain_text(message)
    give(reader, PAYLOAD)
    expect(reader.locator("#payload-error")).to_be_hidden()


def test_an_empty_payload_lacks_every_active_metric(reader: Page) -> None:
    give(reader, {})
    assert chips(reader)["missing-metric"] == "8"
    expect(reader.locator("#payload-count")).to_have_text("Nothing matches.")


def test_the_keyboard_alone_walks_the_tree(reader: Page) -> None:
    give(reader, PAYLOAD)
    grid = reader.locator("#payload-grid")
    expect(grid).to_be_focused()
    for key in ("ArrowDown", "ArrowLeft"):
        reader.keyboard.press(key)
    expect(row(reader, "counts")).to_have_attribute("aria-expanded", "false")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        reader.keyboard.press(key)
    expect(row(reader, "rolls")).to_have_attribute("aria-selected", "true")
    assert grid.get_attribute("aria-activedescendant") == row(reader, "rolls").get_attribute("id")
    reader.keyboard.press("ArrowLeft")
    expect(row(reader, "counts")).to_have_attribute("aria-selected", "true")
    reader.keyboard.press("End")
    reader.keyboard.press("Enter")
    expect(row(reader, "left")).to_be_visible()


@pytest.mark.parametrize("site", ["shipped", "large", "hostile"])
def test_any_dictionary_has_an_example_to_look_at(page: Page, address: str, site: str) -> None:
    go(page, f"{address}/{site}")
    page.click("#payload-example")
    page.click("[data-only=unknown-key]")
    expect(row(page, "a_key_without_a_definition")).to_be_visible()
    page.click("#payload-compare")
    page.click("#payload-example")
    expect(page.locator("#payload-sources")).to_contain_text("a month earlier")


def test_the_example_of_a_large_dictionary_has_something_of_everything(page: Page, address: str) -> None:
    go(page, f"{address}/shipped")
    page.click("#payload-example")
    expect(page.locator("#payload-intake")).to_be_hidden()
    found = chips(page)
    flaws = ("unknown-key", "removed-metric", "missing-metric", "wrong-type", "fallback-value")
    assert [kind for kind in flaws if found[kind] == "0"] == []


def test_a_hostile_payload_is_shown_and_runs_nothing(reader: Page) -> None:
    title = reader.title()
    give(reader, HOSTILE)
    expect(row(reader, "<img src=x onerror=document.title=1>")).to_be_visible()
    expect(row(reader, "turned")).to_contain_text("\\u202egnp.exe")
    expect(row(reader, "big")).to_contain_text("≈ 1.234568e+29")
    for name in ("__proto__", "long", "constructor", "loaves"):
        row(reader, name).click()
        expect(reader.locator("#payload-detail h2")).to_contain_text(name)
    for _ in range(30):
        reader.keyboard.press("ArrowRight")
    reader.click("#payload-compare")
    give(reader, HOSTILE)
    expect(reader.locator("#payload-grid")).to_contain_text("same")
    assert reader.title() == title
    assert reader.locator("#payload-result img").count() == 0
    assert reader.evaluate("({}).polluted") is None
    assert len(reader.content()) < 1_000_000


def test_a_payload_of_five_megabytes_opens_in_under_a_second(reader: Page) -> None:
    payload = {**PAYLOAD, "counts": {f"an_unknown_key_with_a_long_name_{number}": number for number in range(110_000)}}
    text = json.dumps(payload)
    assert len(text) > 5_000_000
    measure = """async (text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "large.json"));
      const body = document.getElementById("payload-body");
      const painted = new Promise((done) => {
        const observer = new MutationObserver(() => requestAnimationFrame(() => setTimeout(done)));
        observer.observe(body, { childList: true });
      });
      const start = performance.now();
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
      await painted;
      return performance.now() - start;
    }"""
    times = []
    for _ in range(5):
        times.append(reader.evaluate(measure, text))
        reader.click("#payload-close")
    assert min(times) < 1000


def test_rows_out_of_sight_are_not_in_the_page(reader: Page) -> None:
    give(reader, {"counts": {f"key_{number}": number for number in range(20_000)}})
    reader.click("#payload-expand")
    assert reader.locator("#payload-body [role=row]").count() < 60
    reader.locator("#payload-grid").focus()
    reader.keyboard.press("End")
    expect(row(reader, "key_19999")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_reader_is_accessible_and_fits_the_screen(
    context: BrowserContext, small_address: str, scheme: Any, width: int
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    go(page, small_address)
    found = serious(page)
    give(page, PAYLOAD)
    page.locator("#payload-grid").press("ArrowDown")
    found += serious(page)
    page.click("#payload-compare")
    give(page, EARLIER)
    page.locator("#payload-grid").press("ArrowDown")
    found += serious(page)
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_without_javascript_the_page_says_what_to_do_instead(browser: Browser, small_address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{small_address}/payload/")
    expect(page.locator("#payload-idle")).to_contain_text("check-payload")
    expect(page.locator("#payload-reader")).to_be_hidden()
    context.close()


@pytest.fixture(scope="module")
def checker(visitor: BrowserContext, small_address: str) -> Iterator[Page]:
    """A page that has the modules which find what is wrong; nothing is given to it itself."""
    page = visitor.new_page()
    go(page, small_address)
    yield page
    page.close()


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_findings_agree_with_the_command_on_the_shared_cases(checker: Page, case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    known = json.loads(text)["definitions"]
    metrics = tuple(MetricDefinition(fields, "definitions/metrics/x.yml") for fields in known["metrics"])
    module = payload_definitions(CrossReferences(Dictionary(metrics, object_schemas=known.get("schemas", {}))))
    judged = """async ([text, module]) => {
      const { checkPayload } = await import(new URL("../assets/payload/findings.js", location));
      const { readDefinitions } = await import(new URL("../assets/payload/definitions.js", location));
      const { byCodePoint } = await import(new URL("../assets/payload/json_values.js", location));
      const columns = JSON.parse(JSON.parse(module.slice(module.indexOf("(") + 1, module.lastIndexOf(")"))));
      const { payload, expected } = JSON.parse(text);
      const found = checkPayload(payload, readDefinitions(columns))
        .filter((entry) => entry.finding)
        .map((entry) => ({ ...entry.finding, key_path: entry.keyPath }));
      found.sort((a, b) => byCodePoint(a.key_path, b.key_path) || byCodePoint(a.kind, b.kind));
      return [found, expected];
    }"""
    found, expected = checker.evaluate(judged, [text, module])
    assert found == expected


def test_there_are_shared_cases() -> None:
    assert len(CASES) > 10
