/** The filters beside the table: for each facet its values, with how many rows have them. */

import { make } from "../shared/elements.js";
import { number } from "../shared/format.js";
import { facetTitle, RANGE } from "./fields.js";

/** Values of a facet that are shown before someone asks for more. */
const COLLAPSED_COUNT = 7;

/** Facets that are open at first. */
const INITIALLY_OPEN = new Set(["status", "group", "source"]);

/** @typedef {(facet: string, value: string, on: boolean) => void} Choose */

export class Facets {
  /** @type {Map<string, {list: HTMLElement, more: HTMLButtonElement, box: HTMLDetailsElement, chosen: HTMLElement}>} */
  #boxes = new Map();
  /** @type {Set<string>} */
  #expanded = new Set();
  /** @type {Map<string, number[]>} the values' positions, the most frequent first */
  #ranked = new Map();

  /**
   * @param {import("./fields.js").Kind} kind
   * @param {Record<string, import("./worker.js").FacetValues>} values
   * @param {Choose} choose
   * @param {(from: string, to: string) => void} chooseRange
   */
  constructor(kind, values, choose, chooseRange) {
    this.values = values;
    this.choose = choose;
    this.chooseRange = chooseRange;
    this.element = make("div", { class: "dx-facets" });
    const facets = kind.facets.filter((name) => values[name]?.values.length);
    for (const name of facets) {
      const { totals } = values[name];
      this.#ranked.set(
        name,
        Array.from(totals.keys()).sort((a, b) => totals[b] - totals[a]),
      );
      this.element.append(this.#box(name, facetTitle(kind, name)));
    }
  }

  /** @param {Record<string, number[]>} counts @param {import("./address.js").State} state */
  show(counts, state) {
    for (const [name, { list, more, box, chosen }] of this.#boxes) {
      if (name === RANGE) {
        list.replaceChildren(...this.#range(counts[name], state));
        chosen.textContent = state.from || state.to ? "1" : "";
        if (state.from || state.to) box.open = true;
        continue;
      }
      const wanted = state.chosen.get(name) ?? [];
      const { values } = this.values[name];
      const positions = (this.#ranked.get(name) ?? []).filter(
        (position) => counts[name][position] || wanted.includes(values[position]),
      );
      const expanded = this.#expanded.has(name);
      const shown = positions.filter(
        (position, rank) => expanded || rank < COLLAPSED_COUNT || wanted.includes(values[position]),
      );
      this.#update(
        list,
        shown.map((position) => this.#choice(name, position, counts[name][position], wanted)),
      );
      const rest = positions.length - shown.length;
      more.hidden = !expanded && rest === 0;
      more.textContent = expanded ? "Show fewer" : `Show ${number(rest)} more`;
      chosen.textContent = wanted.length ? String(wanted.length) : "";
      if (wanted.length) box.open = true;
    }
    this.#last = { counts, state };
  }

  /** @type {{counts: Record<string, number[]>, state: import("./address.js").State} | undefined} */
  #last;

  /** @param {string} name @param {string} title */
  #box(name, title) {
    const chosen = make("span", { class: "dx-chosen" });
    const list = make("div", { role: "group", "aria-label": title });
    const more = make("button", { type: "button", class: "dx-plain", hidden: true, click: () => this.#toggle(name) });
    const box = make("details", { class: "dx-facet" }, make("summary", {}, title, chosen), list, more);
    box.open = INITIALLY_OPEN.has(name);
    this.#boxes.set(name, { list, more, box, chosen });
    return box;
  }

  /** @param {string} name */
  #toggle(name) {
    if (!this.#expanded.delete(name)) this.#expanded.add(name);
    if (this.#last) this.show(this.#last.counts, this.#last.state);
  }

  /**
   * Replace the choices, but keep the focus on the one that has it.
   * @param {HTMLElement} list @param {HTMLElement[]} choices
   */
  #update(list, choices) {
    const focused =
      list.contains(document.activeElement) && /** @type {HTMLInputElement} */ (document.activeElement).value;
    list.replaceChildren(...choices);
    if (typeof focused === "string") {
      const inputs = [...list.querySelectorAll("input")];
      inputs.find((input) => input.value === focused)?.focus({ preventScroll: true });
    }
  }

  /** @param {string} facet @param {number} position @param {number} count @param {string[]} wanted */
  #choice(facet, position, count, wanted) {
    const { values, labels } = this.values[facet];
    const value = values[position];
    const input = make("input", {
      type: "checkbox",
      value,
      change: (event) => this.choose(facet, value, /** @type {HTMLInputElement} */ (event.target).checked),
    });
    input.checked = wanted.includes(value);
    return make(
      "label",
      { class: "dx-choice", title: labels[position] === value ? value : `${labels[position]} (${value})` },
      input,
      make("bdi", {}, labels[position] || "(empty)"),
      make("span", { class: "dd-count" }, number(count)),
    );
  }

  /** @param {number[]} counts @param {import("./address.js").State} state */
  #range(counts, state) {
    const { values, labels } = this.values[RANGE];
    const low = values.indexOf(state.from);
    const high = state.to ? values.indexOf(state.to) : values.length - 1;
    const most = Math.max(1, ...counts);
    const bars = counts.map((count, position) => {
      const inside = position >= Math.max(low, 0) && position <= (high < 0 ? values.length - 1 : high);
      const bar = make("span", { class: inside ? "" : "dx-outside" });
      bar.style.height = `${count ? Math.max(4, (100 * count) / most) : 0}%`;
      return bar;
    });
    /** @type {(title: string, chosen: string, any: string, then: (value: string) => void) => HTMLElement} */
    const select = (title, chosen, any, then) => {
      const element = make("select", {
        "aria-label": `${title} milestone`,
        change: (event) => then(/** @type {HTMLSelectElement} */ (event.target).value),
      });
      element.append(make("option", { value: "" }, any));
      values.forEach((value, position) => {
        element.append(make("option", { value }, `${labels[position]} (${number(counts[position])})`));
      });
      if (chosen && !values.includes(chosen)) element.append(make("option", { value: chosen }, chosen));
      element.value = chosen;
      return make("label", { class: "dx-end" }, title, element);
    };
    return [
      make("div", { class: "dx-histogram", "aria-hidden": "true" }, ...bars),
      select("From", state.from, "the first", (value) => this.chooseRange(value, state.to)),
      select("To", state.to, "the latest", (value) => this.chooseRange(state.from, value)),
    ];
  }
}
