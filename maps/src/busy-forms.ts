// A long wait is told: a form with [data-busy] that was sent shows that it is at work (.plan-busy inside it).

const AT_WORK = "htmx-request";

export function showBusyForms(): void {
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLFormElement && target.dataset.busy !== undefined) target.classList.add(AT_WORK);
  });
  // Whoever comes back finds the page as it was left.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll(`[data-busy].${AT_WORK}`).forEach((form) => { form.classList.remove(AT_WORK); });
  });
}
