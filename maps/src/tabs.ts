// Tabs of the side panel: [role=tablist] with buttons that name their panels; arrow keys go round.

export function setUpTabs(list: HTMLElement, onShow: (panel: string) => void): (panel: string) => void {
  const tabs = [...list.querySelectorAll<HTMLButtonElement>('[role="tab"]')];
  const panelOf = (tab: HTMLElement): string => tab.getAttribute("aria-controls") ?? "";
  const show = (wanted: string): void => {
    for (const tab of tabs) {
      const chosen = panelOf(tab) === wanted;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(panelOf(tab));
      if (panel) panel.hidden = !chosen;
    }
    onShow(wanted);
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => { show(panelOf(tab)); });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = step && tabs[(i + step + tabs.length) % tabs.length];
      if (!next) return;
      next.focus();
      show(panelOf(next));
    });
  });
  return show;
}
