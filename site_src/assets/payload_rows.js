/** A tree of any length as a grid: only the rows in sight are in the page. Arrow keys walk it. */

/**
 * @template Item
 * @typedef {object} Behaviour
 * @property {(item: Item, row: HTMLElement) => void} fill writes an item into an empty row
 * @property {(item: Item) => number} level 1 at the top
 * @property {(item: Item) => boolean | null} open null where there is nothing to open
 * @property {(item: Item) => void} toggle
 * @property {(item: Item) => void} choose the item is the current one now
 */

const SPARE_ROWS = 8;

/** Browsers draw no element that is much taller than this, in pixels. */
const TALLEST = 16_000_000;

/** @template Item */
export class Rows {
  /**
   * @param {HTMLElement} grid has the role treegrid, and scrolls
   * @param {HTMLElement} body holds the rows
   * @param {Behaviour<Item>} behaviour
   */
  constructor(grid, body, behaviour) {
    this.grid = grid;
    this.body = body;
    this.behaviour = behaviour;
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
    this.body.style.height = `${Math.min(items.length * this.height, TALLEST)}px`;
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
    const top = Math.max(0, Math.floor(this.grid.scrollTop / this.height) - SPARE_ROWS);
    const fit = Math.ceil(this.grid.clientHeight / this.height) + 2 * SPARE_ROWS;
    const rows = [];
    const last = Math.min(this.items.length, top + fit, Math.floor(TALLEST / this.height));
    for (let position = top; position < last; position += 1) rows.push(this.row(position));
    this.body.replaceChildren(...rows);
    const shown = this.current >= top && this.current < last;
    if (shown) this.grid.setAttribute("aria-activedescendant", rowId(this.current));
    else this.grid.removeAttribute("aria-activedescendant");
  }

  /** @param {number} position */
  row(position) {
    const item = this.items[position];
    const row = document.createElement("div");
    row.id = rowId(position);
    row.className = "dd-row";
    row.style.top = `${position * this.height}px`;
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", String(position + 2));
    row.setAttribute("aria-level", String(this.behaviour.level(item)));
    const open = this.behaviour.open(item);
    if (open !== null) row.setAttribute("aria-expanded", String(open));
    if (position === this.current) row.setAttribute("aria-selected", "true");
    row.dataset.position = String(position);
    this.behaviour.fill(item, row);
    return row;
  }

  /** @param {MouseEvent} event */
  click(event) {
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest("[data-position]"));
    if (!row) return;
    this.moveTo(Number(row.dataset.position));
    const item = this.items[this.current];
    if (target.closest(".dd-row-key") && this.behaviour.open(item) !== null) this.behaviour.toggle(item);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const item = this.items[this.current];
    if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const open = this.behaviour.open(item);
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
        if (open === false) this.behaviour.toggle(item);
        else if (open) this.moveTo(this.current + 1);
        break;
      case "ArrowLeft":
        if (open) this.behaviour.toggle(item);
        else this.moveTo(this.above(this.current));
        break;
      case "Enter":
      case " ":
        if (open !== null) this.behaviour.toggle(item);
        else this.moveTo(this.current);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  /** @param {number} position */
  above(position) {
    const level = this.behaviour.level(this.items[position]);
    let found = position;
    while (found > 0 && this.behaviour.level(this.items[found]) >= level) found -= 1;
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
    this.behaviour.choose(this.items[this.current]);
  }
}

/** @param {number} position */
function rowId(position) {
  return `payload-row-${position}`;
}
