// Making elements by script.

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(text: string, act: () => void, className = "button button--small"): HTMLButtonElement {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** A whole number as it is read here: 12,345. */
export function grouped(number: number): string {
  // The browser's own formatting first loads its tables of the language, some 20 ms before a page's first number.
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}
