// Short messages in the corner; screen readers read them out.

export type Tone = "ok" | "warn" | "bad" | "info";

const SHOWN_MS = 8000;

function holder(): HTMLElement {
  const found = document.getElementById("toasts");
  if (found) return found;
  const made = document.createElement("div");
  made.id = "toasts";
  made.className = "toasts";
  made.setAttribute("role", "region");
  made.setAttribute("aria-label", "消息");
  document.body.append(made);
  return made;
}

export interface ToastAction {
  label: string;
  act: () => void;
}

function actionButton({ label, act }: ToastAction, toast: HTMLElement): HTMLElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button--small";
  made.textContent = label;
  made.addEventListener("click", () => {
    toast.remove();
    act();
  });
  return made;
}

/** Show a message; what is returned takes it away. */
export function showToast(text: string, tone: Tone = "info", action?: ToastAction): () => void {
  const toast = document.createElement("div");
  toast.className = `toast notice notice--${tone}`;
  toast.setAttribute("role", tone === "bad" ? "alert" : "status");
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast__close";
  close.setAttribute("aria-label", "关闭消息");
  close.textContent = "×";
  const remove = (): void => { toast.remove(); };
  close.addEventListener("click", remove);
  toast.append(words);
  if (action) toast.append(actionButton(action, toast));
  toast.append(close);
  holder().append(toast);
  // A refusal stays until it is read and closed, and so does what can still be done.
  if (tone !== "bad" && !action) window.setTimeout(remove, SHOWN_MS);
  return remove;
}
