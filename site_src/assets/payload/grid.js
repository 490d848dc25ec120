/** A tree of any length as a grid: only the rows in view are in the page. Arrow keys walk it. */

import { make } from "../shared/elements.js";

/**
 * @template Item
 * @typedef {object} Behavior
 * @property {(item: Item, row: HTMLElement) => void} fill writes an item into an empty row
 * @property {(item: Item) => number} level 1 at the top
 * @property {(item: Item) => boolean | null} open null where there is nothing to open
 * @property {(item: Item) => void} toggle
 * @property {(item: Item) => void} choose the item is the current one now
 */

const OVERSCAN = 8;

/** Browsers draw no element that is much taller than this, in pixels. */
const MAX_HEIGHT = 16_000_000;

/** @template Item */
export class Grid {
  /**
   * @param {HTMLElement} grid has the role treegrid, and scrolls
   * @param {HTMLElement} body holds the rows
   * @param {Behavior<Item>} behavior
   */
  constructor(grid, body, behavior) {
    this.grid = grid;
    this.body = body;
    this.behavior = behavior;
    this.items = /** @type {Item[]} */ ([]);
    this.current = 0;
    this.height = 36;
    this.scheduled = false;
    grid.addEventListener("scroll", () => this.schedule(), { passive: true });
    grid.addEventListener("keydown", (event) => this.press(event));
    body.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.measure()).observe(grid);
  }

  /**
   * Shows other items; the current one stays the current one where it is still there.
   *
   * @param {Item[]} items
   */
  show(items) {
    const current = this.items[this.current];
    this.items = items;
    this.current = Math.max(0, items.indexOf(current));
    this.grid.setAttribute("aria-rowcount", String(items.length + 1));
    this.body.style.height = `${Math.min(items.length * this.height, MAX_HEIGHT)}px`;
    this.draw();
  }

  /** Goes back to the first row. */
  rewind() {
    this.current = 0;
    this.grid.scrollTop = 0;
  }

  measure() {
    const height = parseFloat(getComputedStyle(this.body).getPropertyValue("line-height")) || this.height;
    if (height === this.height) return this.schedule();
    this.height = height;
    this.show(this.items);
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw() {
    const top = Math.max(0, Math.floor(this.grid.scrollTop / this.height) - OVERSCAN);
    const fit = Math.ceil(this.grid.clientHeight / this.height) + 2 * OVERSCAN;
    const rows = [];
    const last = Math.min(this.items.length, top + fit, Math.floor(MAX_HEIGHT / this.height));
    for (let position = top; position < last; position += 1) rows.push(this.row(position));
    this.body.replaceChildren(...rows);
    const shown = this.current >= top && this.current < last;
    if (shown) this.grid.setAttribute("aria-activedescendant", rowId(this.current));
    else this.grid.removeAttribute("aria-activedescendant");
  }

  /** @param {number} position */
  row(position) {
    const item = this.items[position];
    const open = this.behavior.open(item);
    const row = make("div", {
      id: rowId(position),
      class: "dd-row",
      role: "row",
      "aria-rowindex": String(position + 2),
      "aria-level": String(this.behavior.level(item)),
      "aria-expanded": open !== null && String(open),
      "aria-selected": position === this.current && "true",
      "data-position": String(position),
    });
    row.style.top = `${position * this.height}px`;
    this.behavior.fill(item, row);
    return row;
  }

  /** @param {MouseEvent} event */
  click(event) {
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest("[data-position]"));
    if (!row) return;
    this.moveTo(Number(row.dataset.position));
    const item = this.items[this.current];
    if (target.closest(".dd-row-key") && this.behavior.open(item) !== null) this.behavior.toggle(item);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const item = this.items[this.current];
    if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const open = this.behavior.open(item);
    const page = Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
    switch (event.key) {
      case "ArrowDown":
        this.moveTo(this.current + 1);
        break;
      case "ArrowUp":
        this.moveTo(this.current - 1);
        break;
      case "PageDown":
        this.moveTo(this.current + page);
        break;
      case "PageUp":
        this.moveTo(this.current - page);
        break;
      case "Home":
        this.moveTo(0);
        break;
      case "End":
        this.moveTo(this.items.length - 1);
        break;
      case "ArrowRight":
        if (open === false) this.behavior.toggle(item);
        else if (open) this.moveTo(this.current + 1);
        break;
      case "ArrowLeft":
        if (open) this.behavior.toggle(item);
        else this.moveTo(this.above(this.current));
        break;
      case "Enter":
      case " ":
        if (open !== null) this.behavior.toggle(item);
        else this.moveTo(this.current);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  /** @param {number} position */
  above(position) {
    const level = this.behavior.level(this.items[position]);
    let found = position;
    while (found > 0 && this.behavior.level(this.items[found]) >= level) found -= 1;
    return found;
  }

  /** @param {number} position */
  moveTo(position) {
    this.current = Math.max(0, Math.min(position, this.items.length - 1));
    const top = this.current * this.height;
    const head = this.body.offsetTop;
    const room = this.grid.clientHeight - head;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + this.height > this.grid.scrollTop + room) this.grid.scrollTop = top + this.height - room;
    this.draw();
    this.behavior.choose(this.items[this.current]);
  }
}

/** @param {number} position */
function rowId(position) {
  return `payload-row-${position}`;
}
