// A box [data-check-all="name"] that ticks every box of that name in its form, and is unticked with any of them.
// It stands for all of them, also for those that are not listed.

export function bindCheckAll(): void {
  for (const every of document.querySelectorAll<HTMLInputElement>("[data-check-all]")) {
    const { form } = every;
    const name = every.dataset.checkAll ?? "";
    if (!form) continue;
    const each = [...form.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)];
    every.addEventListener("change", () => {
      for (const box of each) box.checked = every.checked;
    });
    for (const box of each) {
      box.addEventListener("change", () => { if (!box.checked) every.checked = false; });
    }
  }
}
