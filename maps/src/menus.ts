// Menus in the header (details.menu): one open at a time, closed by Escape or a click elsewhere.

export function setUpMenus(): void {
  const menus = (): HTMLDetailsElement[] => [...document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")];
  document.addEventListener("click", (event) => {
    for (const menu of menus()) {
      if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
