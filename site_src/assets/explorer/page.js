/**
 * The explorer of a page: what someone types and chooses becomes a query to the worker, its result becomes the
 * table. Until the first result, and whenever there is none, the page keeps the list that it came with.
 */

import { copyText } from "../shared/clipboard.js";
import { make } from "../shared/elements.js";
import { counted, number } from "../shared/format.js";
import { fromAddress, toAddress } from "./address.js";
import { Facets } from "./facets.js";
import { facetTitle, KINDS, RANGE } from "./fields.js";
import { helpDialog } from "./help.js";
import { PAGE_SIZE, Table } from "./table.js";
import { Toolbar } from "./toolbar.js";

/** Milliseconds without a keystroke after which the next one is a new step of the history. */
const HISTORY_PAUSE = 1000;

/** @typedef {import("./address.js").State} State */

/** `start.js` has started it, and has told it which index to read. */
const worker = /** @type {{explorerWorker: Worker}} */ (/** @type {unknown} */ (globalThis)).explorerWorker;

class Explorer {
  /** @type {Facets | undefined} */
  #facets;
  #all = 0;
  #sent = 0;
  #received = 0;
  #outdated = false;
  #started = 0;
  #typed = -Infinity;
  #scroll = Number(history.state?.scroll ?? 0);

  /** @type {Record<string, import("./worker.js").FacetValues>} */
  #values = {};

  count = make("p", { class: "dx-count", id: "dx-count", role: "status" });
  chips = make("div", { class: "dx-chips dd-chips", role: "group", "aria-label": "Filters in use" });
  notes = make("div", { class: "dx-notes" });
  nothing = make("div", { class: "dx-nothing", hidden: true });
  filters = make("div", { class: "dx-filters", id: "dx-filters" });
  filtersButton = make(
    "button",
    {
      type: "button",
      class: "dx-filters-button",
      "aria-expanded": "false",
      "aria-controls": "dx-filters",
      click: () => this.#toggleFilters(),
    },
    "Filters",
  );

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.name = place.dataset.kind ?? "metrics";
    this.root = place.dataset.root ?? "..";
    this.kind = KINDS[this.name];
    /** @type {State} */
    this.state = fromAddress(location.search, this.kind);
    this.table = new Table(
      this.kind,
      (row) => `${this.root}/${this.name}/${row.path}/`,
      (from, to) => send({ type: "rows", id: this.#received, from, to }),
      (key, also) => this.#sortBy(key, also),
    );
    this.toolbar = new Toolbar(this.kind, {
      change: (change) => this.#change(change),
      download: (format) => send({ type: "export", format, columns: this.state.columns }),
      copyNames: () => send({ type: "names" }),
    });
    this.help = helpDialog(this.kind);
    this.box = make("input", {
      type: "search",
      id: "dx-box",
      class: "dd-search-box",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      placeholder: `Search ${this.name}: words, "a phrase", status:broken, -not`,
      "aria-describedby": "dx-count",
      "aria-keyshortcuts": "/",
    });
    this.#build();
    this.#listen();
  }

  /** Put the parts into the page; they appear with the first result. */
  #build() {
    const search = make(
      "form",
      { class: "dx-search", role: "search", submit: (event) => event.preventDefault() },
      make("label", { class: "dd-unseen", for: "dx-box" }, `Search ${this.name}`),
      this.box,
      make(
        "button",
        { type: "button", class: "dx-help", "aria-keyshortcuts": "?", click: () => this.help.showModal() },
        "Help",
      ),
    );
    this.toolbar.element.prepend(this.filtersButton);
    this.place.replaceChildren(
      search,
      make("div", { class: "dx-bar" }, this.count, this.toolbar.element),
      this.chips,
      make(
        "div",
        { class: "dx-body" },
        this.filters,
        make("div", { class: "dx-results" }, this.notes, this.table.element, this.nothing),
      ),
      this.help,
    );
  }

  #toggleFilters() {
    const open = this.filters.classList.toggle("dx-filters--open");
    this.filtersButton.setAttribute("aria-expanded", String(open));
  }

  #listen() {
    worker.addEventListener("message", ({ data }) => this.#receive(data));
    worker.addEventListener("error", () => this.#giveUp());
    send({ type: "begin" });
    this.box.addEventListener("input", (event) => this.#type(event.timeStamp));
    this.box.addEventListener("keydown", (event) => this.#onBoxKey(event));
    this.table.element.addEventListener("leave", () => this.box.focus());
    this.table.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#clear();
    });
    document.addEventListener("keydown", (event) => this.#onKey(event));
    addEventListener("popstate", () => {
      this.state = fromAddress(location.search, this.kind);
      this.#typed = -Infinity;
      this.#scroll = Number(history.state?.scroll ?? 0);
      this.#search();
    });
    addEventListener("pagehide", () => history.replaceState({ scroll: scrollY }, ""));
  }

  /** @param {import("./worker.js").Reply} reply */
  #receive(reply) {
    if (reply.type === "ready") this.#begin(reply.all, reply.facets);
    else if (reply.type === "result") this.#show(reply);
    else if (reply.type === "rows" && reply.id === this.#received) this.table.add(reply.from, reply.rows);
    else if (reply.type === "more" && this.state.q.trim()) this.#search();
    else if (reply.type === "file") save(`${this.name}.${reply.format}`, reply.mediaType, reply.text);
    else if (reply.type === "names") void this.#copy(reply.text);
    else if (reply.type === "failed") this.#giveUp();
  }

  /** Without an index the page stays the list that it is. */
  #giveUp() {
    this.place.hidden = true;
  }

  /** @param {number} all @param {Record<string, import("./worker.js").FacetValues>} values */
  #begin(all, values) {
    this.#all = all;
    this.#facets = new Facets(
      this.kind,
      values,
      (facet, value, on) => this.#choose(facet, value, on),
      (from, to) => this.#change({ from, to }),
    );
    this.#values = values;
    this.filters.replaceChildren(this.#facets.element);
    this.#search();
  }

  /** Search for what the state says; while a result is awaited, only the newest query waits. */
  #search() {
    if (this.box.value !== this.state.q) this.box.value = this.state.q;
    if (this.#sent !== this.#received) {
      this.#outdated = true;
      return;
    }
    this.#outdated = false;
    this.#sent += 1;
    this.place.setAttribute("aria-busy", "true");
    const { q, chosen, from, to, removed, sort } = this.state;
    const query = { q, chosen: [...chosen], from, to, removed, sort };
    send({ type: "search", id: this.#sent, query, from: 0, to: PAGE_SIZE });
  }

  /** @param {import("./worker.js").ResultReply} result */
  #show(result) {
    this.#received = result.id;
    if (this.#outdated) this.#search();
    else this.place.setAttribute("aria-busy", "false");
    const first = Boolean(this.place.hidden);
    this.place.hidden = false;
    this.table.configure(this.state);
    this.toolbar.show(this.state);
    this.#facets?.show(result.counts, this.state);
    this.#showCount(result);
    this.#showNotes(result);
    this.#showChips();
    this.table.show(result.total, result.rows);
    if (this.#scroll) {
      scrollTo({ top: this.#scroll });
      this.#scroll = 0;
      this.table.update();
    }
    this.#measure(first);
  }

  /** @param {import("./worker.js").ResultReply} result */
  #showCount({ total }) {
    const text =
      total === this.#all
        ? counted(total, this.kind.noun)
        : `${number(total)} of ${counted(this.#all, this.kind.noun)}`;
    if (this.count.textContent !== text) this.count.textContent = text;
  }

  /** @param {import("./worker.js").ResultReply} result */
  #showNotes({ total, hidden, corrected }) {
    const notes = [];
    if (corrected.length) {
      const words = corrected.map((word) => `“${word}”`).join(" and ");
      notes.push(make("p", {}, `Nothing is spelled ${words}: this is what comes close.`));
    }
    if (hidden) {
      const show = make(
        "button",
        { type: "button", class: "dx-plain", click: () => this.#change({ removed: true }) },
        "show",
      );
      notes.push(make("p", {}, `${number(hidden)} removed hidden - `, show));
    } else if (this.state.removed) {
      const hide = make(
        "button",
        { type: "button", class: "dx-plain", click: () => this.#change({ removed: false }) },
        "hide",
      );
      notes.push(make("p", {}, "Removed ones are shown - ", hide));
    }
    refill(this.notes, notes, null);
    this.nothing.hidden = total > 0;
    this.nothing.replaceChildren(
      make("p", {}, make("strong", {}, `No ${this.kind.noun} matches.`)),
      make("p", {}, "Every word has to be found: leave one out, or take a filter away."),
      make("button", { type: "button", click: () => this.#clearAll() }, "Clear search and filters"),
    );
  }

  #showChips() {
    const chips = [];
    for (const [facet, values] of this.state.chosen) {
      for (const value of values) {
        const known = this.#values[facet];
        const label = known?.labels[known.values.indexOf(value)] ?? value;
        chips.push(this.#chip(`${facetTitle(this.kind, facet)}: ${label}`, () => this.#choose(facet, value, false)));
      }
    }
    const { from, to } = this.state;
    if (from || to) {
      const range = from === to ? from : `${from || "the first"} to ${to || "the latest"}`;
      chips.push(this.#chip(`${facetTitle(this.kind, RANGE)}: ${range}`, () => this.#change({ from: "", to: "" })));
    }
    if (chips.length > 1) {
      chips.push(
        make("button", { type: "button", class: "dx-plain", click: () => this.#clearFilters() }, "Clear filters"),
      );
    }
    refill(this.chips, chips, this.box);
    const used = chips.length > 1 ? chips.length - 1 : chips.length;
    this.filtersButton.textContent = used ? `Filters: ${used}` : "Filters";
  }

  /** @param {string} text @param {() => void} remove */
  #chip(text, remove) {
    return make(
      "button",
      { type: "button", class: "dx-chip", click: remove, "aria-label": `Remove the filter ${text}` },
      make("bdi", {}, text),
      make("span", { "aria-hidden": "true" }, "×"),
    );
  }

  /** @param {number} started when the key was pressed, in milliseconds of the page */
  #type(started) {
    this.#started ||= started;
    const fresh = started - this.#typed > HISTORY_PAUSE;
    this.#typed = started;
    this.#go({ q: this.box.value }, !fresh);
  }

  /** @param {Partial<State>} change */
  #change(change) {
    this.#typed = -Infinity;
    this.#go(change, false);
  }

  /** @param {Partial<State>} change @param {boolean} replace whether it belongs to the last step of the history */
  #go(change, replace) {
    this.state = { ...this.state, ...change };
    const address = location.pathname + toAddress(this.state, this.kind);
    if (address !== location.pathname + location.search) {
      if (replace) history.replaceState({}, "", address);
      else history.pushState({}, "", address);
    }
    const top = this.place.getBoundingClientRect().top;
    if (top < 0 && !("columns" in change || "compact" in change)) scrollTo({ top: Math.max(0, scrollY + top - 80) });
    this.#search();
  }

  /** @param {string} facet @param {string} value @param {boolean} on */
  #choose(facet, value, on) {
    const chosen = new Map(this.state.chosen);
    const others = (chosen.get(facet) ?? []).filter((other) => other !== value);
    if (on) others.push(value);
    if (others.length) chosen.set(facet, others);
    else chosen.delete(facet);
    this.#change({ chosen });
  }

  /** @param {string} key @param {boolean} also */
  #sortBy(key, also) {
    const known = this.state.sort.find((other) => other.key === key);
    if (also) {
      const sort = this.state.sort.map((other) => (other === known ? { key, down: !other.down } : other));
      this.#change({ sort: known ? sort : [...sort, { key, down: false }] });
    } else if (known && this.state.sort.length === 1) {
      this.#change({ sort: known.down ? [] : [{ key, down: true }] });
    } else {
      this.#change({ sort: [{ key, down: false }] });
    }
  }

  #clear() {
    this.#change({ q: "" });
    this.box.focus();
  }

  #clearFilters() {
    this.#change({ chosen: new Map(), from: "", to: "" });
  }

  #clearAll() {
    this.#change({ q: "", chosen: new Map(), from: "", to: "" });
    this.box.focus();
  }

  /** @param {KeyboardEvent} event */
  #onBoxKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.table.focusFirst();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.state.q) this.#clear();
      else this.box.blur();
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || this.help.open || this.place.hidden) return;
    if (event.key === "/") {
      event.preventDefault();
      this.box.focus();
      this.box.select();
    } else if (event.key === "?") {
      event.preventDefault();
      this.help.showModal();
    }
  }

  /** @param {string} text */
  async #copy(text) {
    const lines = text ? text.split("\n").length : 0;
    if (!(await copyText(text))) save(`${this.name}.txt`, "text/plain", text);
    this.count.textContent = `Copied ${counted(lines, this.kind.noun === "metric" ? "key path" : "action")}`;
  }

  /** Note when what is on the screen became so; `make bench` reads it. @param {boolean} first */
  #measure(first) {
    const start = this.#started;
    this.#started = 0;
    if (!first && !start) return;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        if (first) performance.mark("explorer-interactive");
        else performance.measure("explorer-keystroke", { start, end: performance.now() });
      };
      port2.postMessage(null);
    });
  }
}

/**
 * Replace what an element holds. Whoever had the focus in it gets it back in what comes instead.
 * @param {HTMLElement} element @param {Node[]} content
 * @param {HTMLElement | null} otherwise where the focus goes when there is no button any more
 */
function refill(element, content, otherwise) {
  const focused = element.contains(document.activeElement);
  element.replaceChildren(...content);
  if (focused) (element.querySelector("button") ?? otherwise)?.focus({ preventScroll: true });
}

/** @param {string} name @param {string} type @param {string} text */
function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** @param {import("./worker.js").Request} request */
function send(request) {
  worker.postMessage(request);
}

const place = document.getElementById("explorer");
if (place) new Explorer(place);
