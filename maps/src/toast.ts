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

export function showToast(text: string, tone: Tone = "info"): void {
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
  close.addEventListener("click", () => {
    toast.remove();
  });
  toast.append(words, close);
  holder().append(toast);
  // A refusal stays until it is read and closed.
  if (tone !== "bad") window.setTimeout(() => { toast.remove(); }, SHOWN_MS);
}
