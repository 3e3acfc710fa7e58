// On a phone a form of filters would fill the screen before the list begins: all but its search fold behind a
// button that tells how many are chosen. Which screens fold is for the style sheet to say.

/** Forms with fewer fields take no more room than the button would. */
const WORTH_FOLDING = 3;

type Choice = HTMLInputElement | HTMLSelectElement;

export function foldFilters(root: ParentNode): void {
  root.querySelectorAll<HTMLFormElement>('form.toolbar[role="search"]:not([data-foldable])').forEach(fold);
}

function fold(form: HTMLFormElement): void {
  const fields = [...form.querySelectorAll<HTMLElement>(":scope > .field")];
  const [first] = fields;
  if (first === undefined || fields.length < WORTH_FOLDING) return;
  form.dataset.foldable = "";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button toolbar__fold";
  const show = (open: boolean): void => {
    form.classList.toggle("toolbar--folded", !open);
    button.setAttribute("aria-expanded", String(open));
  };
  const tell = (): void => {
    const number = chosen(form, first);
    button.textContent = number > 0 ? `筛选（已选 ${number}）` : "筛选";
  };
  button.addEventListener("click", () => { show(button.getAttribute("aria-expanded") === "false"); });
  form.addEventListener("change", tell);
  first.after(button);
  show(false);
  tell();
}

function chosen(form: HTMLFormElement, search: HTMLElement): number {
  const choices = [...form.querySelectorAll<Choice>("input:not([type=hidden]), select:not([name=size])")];
  return choices.filter((each) => !search.contains(each) && isChosen(each)).length;
}

function isChosen(choice: Choice): boolean {
  if (choice instanceof HTMLSelectElement) return choice.selectedIndex > 0;
  return choice.type === "checkbox" ? choice.checked : choice.value !== "";
}
