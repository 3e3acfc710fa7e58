// [data-confirm] asks first: a link is followed, a button acts, a form is sent only after a yes.

function questionOf(event: Event): { asked: HTMLElement; question: string } | undefined {
  const submitter = event instanceof SubmitEvent ? event.submitter : null;
  const start = submitter ?? (event.target instanceof Element ? event.target : null);
  const asked = start?.closest<HTMLElement>("[data-confirm]");
  const question = asked?.dataset.confirm;
  if (!asked || !question) return undefined;
  // A form asks once, when it is sent, however it is sent.
  if (event.type === "click" && asked instanceof HTMLFormElement) return undefined;
  if (event.type === "submit" && asked instanceof HTMLButtonElement) return undefined;
  return { asked, question };
}

function ask(event: Event): void {
  const found = questionOf(event);
  if (found && !window.confirm(found.question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

export function askBeforeActing(): void {
  document.addEventListener("click", ask, true);
  document.addEventListener("submit", ask, true);
}
