/** The table of results. Only the rows in view, and a few around them, are in the document. */

import { make } from "../shared/elements.js";
import { breakable, marked, markedProse } from "./marked_text.js";

/** Rows that are kept ready above and below what is in view. */
const OVERSCAN = 12;

/** Rows that are asked of the worker at a time. */
export const PAGE_SIZE = 60;

/** Columns that the page's usual width has room for. */
const MAX_NARROW_COLUMNS = 7;

/** @typedef {import("./results.js").Row} Row */

export class Table {
  /** @type {Map<number, Row>} by position */
  #rows = new Map();
  /** @type {Map<number, HTMLElement>} by position */
  #shown = new Map();
  #total = 0;
  /** What the headers say, as text. */
  #head = "";
  #rowHeight = 1;
  /** @type {Set<number>} pages of rows that the worker was asked for */
  #requested = new Set();
  #scheduled = false;

  /**
   * @param {import("./fields.js").Kind} kind
   * @param {(row: Row) => string} addressOf
   * @param {(from: number, to: number) => void} requestRows
   * @param {(key: string, also: boolean) => void} sortBy `also` keeps the other sort keys
   */
  constructor(kind, addressOf, requestRows, sortBy) {
    this.kind = kind;
    this.addressOf = addressOf;
    this.requestRows = requestRows;
    this.sortBy = sortBy;
    this.columns = kind.fields;
    this.head = make("div", { role: "row", class: "dx-head", "aria-rowindex": "1" });
    this.body = make("div", { role: "rowgroup", class: "dx-rows" });
    this.element = make(
      "div",
      { role: "table", class: "dx-table", "aria-label": `Found ${kind.noun}s` },
      make("div", { role: "rowgroup", class: "dx-headgroup" }, this.head),
      this.body,
    );
    this.body.addEventListener("keydown", (event) => this.#onKey(event));
    const update = () => this.#schedule();
    addEventListener("scroll", update, { passive: true });
    addEventListener("resize", update, { passive: true });
  }

  /** @param {import("./address.js").State} state */
  configure(state) {
    this.columns = this.kind.fields.filter((field) => state.columns.includes(field.name));
    this.element.classList.toggle("dx-table--compact", state.compact);
    this.element.classList.toggle("dx-table--wide", this.columns.length > MAX_NARROW_COLUMNS);
    this.element.style.setProperty("--dx-columns", this.columns.map((field) => field.width).join(" "));
    this.element.setAttribute("aria-colcount", String(this.columns.length));
    this.#configureHead(state.sort);
  }

  /**
   * Make the headers anew when they say something else; the focus stays in its column.
   * @param {import("./engine.js").SortKey[]} sort
   */
  #configureHead(sort) {
    const said = JSON.stringify([this.columns, sort]);
    if (said === this.#head) return;
    this.#head = said;
    const focused = [...this.head.children].findIndex((column) => column.contains(document.activeElement));
    this.head.replaceChildren(...this.columns.map((field) => this.#header(field, sort)));
    this.head.children[focused]?.querySelector("button")?.focus({ preventScroll: true });
  }

  /** @param {number} total @param {Row[]} rows the first ones */
  show(total, rows) {
    this.#total = total;
    this.#rows = new Map(rows.entries());
    this.#requested = new Set([0]);
    this.#shown.clear();
    this.body.replaceChildren();
    this.element.setAttribute("aria-rowcount", String(total + 1));
    this.element.hidden = total === 0;
    this.update();
  }

  /** @param {number} from @param {Row[]} rows */
  add(from, rows) {
    rows.forEach((row, index) => {
      const position = from + index;
      this.#rows.set(position, row);
      const waiting = this.#shown.get(position);
      if (waiting) {
        waiting.replaceWith(this.#row(position));
      }
    });
    this.update();
  }

  focusFirst() {
    this.#focus(0);
  }

  /** Put into the document what is in view, and take the rest out. */
  update() {
    // The computed form of this property is in pixels; that of a custom property would not be.
    this.#rowHeight = parseFloat(getComputedStyle(this.body).getPropertyValue("grid-auto-rows")) || this.#rowHeight;
    this.body.style.height = `${this.#total * this.#rowHeight}px`;
    const [from, to] = this.#range();
    const focused = document.activeElement?.closest("[aria-rowindex]");
    for (const [position, element] of this.#shown) {
      if ((position < from || position >= to) && element !== focused) {
        element.remove();
        this.#shown.delete(position);
      }
    }
    /** @type {Element | null} */
    let next = this.body.firstElementChild;
    for (let position = from; position < to; position += 1) {
      while (next && Number(next.getAttribute("aria-rowindex")) - 2 < position) next = next.nextElementSibling;
      if (this.#shown.has(position)) continue;
      this.body.insertBefore(this.#row(position), next);
    }
    this.#requestMissing(from, to);
  }

  /** @param {number} from @param {number} to */
  #requestMissing(from, to) {
    for (let page = Math.floor(from / PAGE_SIZE); page * PAGE_SIZE < to; page += 1) {
      if (this.#requested.has(page)) continue;
      this.#requested.add(page);
      this.requestRows(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    }
  }

  /** @returns {[number, number]} the positions to have in the document */
  #range() {
    const top = this.body.getBoundingClientRect().top;
    const first = Math.floor(-top / this.#rowHeight) - OVERSCAN;
    const last = Math.ceil((innerHeight - top) / this.#rowHeight) + OVERSCAN;
    const clamp = (/** @type {number} */ position) => Math.min(Math.max(position, 0), this.#total);
    return [clamp(first), clamp(last)];
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (this.#total) this.update();
    });
  }

  /** @param {number} position @returns {HTMLElement} */
  #row(position) {
    const row = this.#rows.get(position);
    const element = make("div", { role: "row", class: "dx-row", "aria-rowindex": String(position + 2) });
    element.style.transform = `translateY(${position * this.#rowHeight}px)`;
    if (row) element.append(...this.columns.map((field) => this.#cell(field.name, row)));
    else element.append(make("div", { role: "cell", class: "dx-cell dx-cell--waiting" }, "…"));
    this.#shown.set(position, element);
    return element;
  }

  /** @param {string} name @param {Row} row */
  #cell(name, row) {
    const role = name === "name" ? "rowheader" : "cell";
    const cell = make("div", { role, class: `dx-cell dx-cell--${name}` });
    if (name === "name") {
      const link = make("a", { href: this.addressOf(row), title: row.name.slice(0, 1000) });
      link.append(make("bdi", {}, marked(row.name, row.nameMarks, breakable)));
      cell.append(link);
    } else if (name === "description") {
      cell.append(make("bdi", { class: "dx-gist" }, markedProse(row.gist, row.gistMarks)));
      if (row.elsewhere) {
        const { title, text, marks } = row.elsewhere;
        cell.classList.add("dx-cell--elsewhere");
        cell.append(make("span", { class: "dx-elsewhere" }, `${title}: `, make("bdi", {}, marked(text, marks))));
      }
    } else if (name === "status") {
      const known = ["active", "broken", "removed"].includes(row.status);
      cell.append(
        make("span", { class: `dd-status${known ? ` dd-status--${row.status}` : ""}` }, ...row.labels.status),
      );
    } else {
      cell.append(make("bdi", {}, (row.labels[name] ?? []).join(", ")));
    }
    return cell;
  }

  /** @param {import("./fields.js").Field} field @param {import("./engine.js").SortKey[]} sort */
  #header(field, sort) {
    const position = sort.findIndex(({ key }) => key === field.name);
    const down = position >= 0 && sort[position].down;
    const direction = position < 0 ? "none" : down ? "descending" : "ascending";
    const sign = position < 0 ? "" : `${down ? "↓" : "↑"}${sort.length > 1 ? position + 1 : ""}`;
    const button = make(
      "button",
      {
        type: "button",
        title: "Sort by this column; with Shift, also by this column",
        click: (event) => this.sortBy(field.name, /** @type {MouseEvent} */ (event).shiftKey),
      },
      field.title,
      make("span", { "aria-hidden": "true" }, sign),
    );
    return make("div", { role: "columnheader", class: "dx-column", "aria-sort": direction }, button);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest("[aria-rowindex]");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const position = Number(row.getAttribute("aria-rowindex")) - 2;
    const page = Math.max(1, Math.floor(innerHeight / this.#rowHeight) - 4);
    /** @type {Record<string, number>} */
    const goals = {
      ArrowDown: position + 1,
      ArrowUp: position - 1,
      PageDown: position + page,
      PageUp: position - page,
      Home: 0,
      End: this.#total - 1,
    };
    if (!Object.hasOwn(goals, event.key)) return;
    event.preventDefault();
    if (goals[event.key] < 0 && event.key === "ArrowUp") {
      this.element.dispatchEvent(new CustomEvent("leave"));
      return;
    }
    this.#focus(Math.min(Math.max(goals[event.key], 0), this.#total - 1));
  }

  /** @param {number} position */
  #focus(position) {
    if (position < 0 || position >= this.#total) return;
    const start = this.body.getBoundingClientRect().top + scrollY + position * this.#rowHeight;
    const covered = this.head.getBoundingClientRect().bottom + 8;
    const room = innerHeight - this.#rowHeight - 16;
    if (start - scrollY < covered) scrollTo({ top: start - covered });
    else if (start - scrollY > room) scrollTo({ top: start - room });
    this.update();
    const link = this.#shown.get(position)?.querySelector("a");
    if (link) link.focus({ preventScroll: true });
    else this.#focusWhenHere(position);
  }

  /** @param {number} position a row that the worker has yet to send */
  #focusWhenHere(position) {
    const observer = new MutationObserver(() => {
      const link = this.#shown.get(position)?.querySelector("a");
      if (!link) return;
      observer.disconnect();
      link.focus({ preventScroll: true });
    });
    observer.observe(this.body, { childList: true });
  }
}
