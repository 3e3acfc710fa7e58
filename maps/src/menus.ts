// Menus in the header (details.menu): one open at a time, closed by Escape or a click elsewhere. On a
// phone they all fold behind one button.

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
  foldBehindButton();
}

function foldBehindButton(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-menu-button]");
  if (button === null) return;
  const unfold = (open: boolean): void => {
    button.setAttribute("aria-expanded", String(open));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    unfold(button.getAttribute("aria-expanded") === "false");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") unfold(false);
  });
}
