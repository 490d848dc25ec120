/** The buttons above the table: columns, sort, density and export. */

import { make } from "../shared/elements.js";

/** Sort keys that can be chosen at once. */
const MAX_SORT_KEYS = 3;

/**
 * A button that opens a panel below it. Escape, and a click anywhere else, close the panel.
 * @param {string} title
 * @param {Node[]} content
 */
export function menu(title, content) {
  const id = `dx-${title.toLowerCase().replaceAll(" ", "-")}`;
  const panel = make("div", { class: "dx-panel", id, hidden: true }, ...content);
  const button = make("button", { type: "button", "aria-expanded": "false", "aria-controls": id }, title);
  const element = make("div", { class: "dx-menu" }, button, panel);
  /** @param {boolean} open */
  const set = (open) => {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => set(Boolean(panel.hidden)));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    set(false);
    button.focus();
  });
  document.addEventListener("click", (event) => {
    // What was clicked may have been replaced meanwhile.
    if (!panel.hidden && !event.composedPath().includes(element)) set(false);
  });
  return { element, panel, close: () => set(false) };
}

/**
 * @typedef {object} Actions
 * @property {(change: Partial<import("./address.js").State>) => void} change
 * @property {(format: string) => void} download
 * @property {() => void} copyNames
 */

export class Toolbar {
  /** @param {import("./fields.js").Kind} kind @param {Actions} actions */
  constructor(kind, actions) {
    this.kind = kind;
    this.actions = actions;
    this.columns = menu("Columns", []);
    this.sort = menu("Sort", []);
    this.density = make("button", { type: "button" });
    const names = kind.noun === "metric" ? "key paths" : "actions";
    this.export = menu("Export", [
      make("p", {}, `The ${kind.noun}s and columns that are shown, in this order.`),
      ...["csv", "json", "yaml"].map((format) =>
        this.#action(`${format.toUpperCase()} file`, () => actions.download(format)),
      ),
      this.#action(`Copy ${names}`, () => actions.copyNames()),
    ]);
    this.element = make(
      "div",
      { class: "dx-tools", role: "group", "aria-label": "The table" },
      this.columns.element,
      this.sort.element,
      this.density,
      this.export.element,
    );
  }

  /** @param {import("./address.js").State} state */
  show(state) {
    this.#showColumns(state);
    this.#showSort(state);
    this.density.textContent = state.compact ? "Density: compact" : "Density: roomy";
    this.density.onclick = () => this.actions.change({ compact: !state.compact });
  }

  /** @param {string} title @param {() => void} act */
  #action(title, act) {
    const click = () => {
      this.export.close();
      act();
    };
    return make("button", { type: "button", class: "dx-action", click }, title);
  }

  /** @param {import("./address.js").State} state */
  #showColumns(state) {
    const focused = this.#focusedIn(this.columns.panel);
    const choices = this.kind.fields.map(({ name, title }) => {
      const input = make("input", {
        type: "checkbox",
        value: name,
        change: () => {
          const columns = this.kind.fields.map((field) => field.name);
          this.actions.change({
            columns: columns.filter((other) => (other === name ? input.checked : state.columns.includes(other))),
          });
        },
      });
      input.checked = state.columns.includes(name);
      // The name is what opens a row.
      input.disabled = name === "name";
      return make("label", { class: "dx-choice" }, input, title);
    });
    this.columns.panel.replaceChildren(...choices);
    this.#focus(this.columns.panel, focused);
  }

  /** @param {import("./address.js").State} state */
  #showSort(state) {
    const focused = this.#focusedIn(this.sort.panel);
    const rows = Array.from({ length: MAX_SORT_KEYS }, (_, position) => {
      const chosen = state.sort[position];
      const key = make("select", { "aria-label": position ? `Then by, ${position + 1}` : "Sort by" });
      key.append(make("option", { value: "" }, position ? "nothing else" : state.q.trim() ? "relevance" : "name"));
      for (const { name, title } of this.kind.fields) key.append(make("option", { value: name }, title));
      key.value = chosen?.key ?? "";
      const down = make("select", { "aria-label": `Direction, ${position + 1}` });
      down.append(make("option", { value: "" }, "ascending"), make("option", { value: "down" }, "descending"));
      down.value = chosen?.down ? "down" : "";
      down.disabled = !chosen;
      key.disabled = position > state.sort.length;
      const change = () => {
        const sort = [...state.sort];
        if (key.value) sort[position] = { key: key.value, down: down.value === "down" };
        else sort.splice(position, 1);
        this.actions.change({
          sort: sort.filter(({ key: of }, at) => sort.findIndex((other) => other.key === of) === at),
        });
      };
      key.addEventListener("change", change);
      down.addEventListener("change", change);
      return make("div", { class: "dx-sort" }, make("span", {}, position ? "then by" : "by"), key, down);
    });
    this.sort.panel.replaceChildren(...rows);
    this.#focus(this.sort.panel, focused);
  }

  /** @param {HTMLElement} panel @returns {number} the position of the control in it that has the focus; -1 for none */
  #focusedIn(panel) {
    return Array.from(panel.querySelectorAll("input, select"), (control) => control === document.activeElement).indexOf(
      true,
    );
  }

  /** @param {HTMLElement} panel @param {number} position */
  #focus(panel, position) {
    const control = [...panel.querySelectorAll("input, select")][position];
    if (control instanceof HTMLElement) control.focus();
  }
}
