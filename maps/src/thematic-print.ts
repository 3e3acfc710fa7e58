// Printing a sheet takes a second or more: the button rests meanwhile and says so.
import { problemText } from "./problem";
import { showToast } from "./toast";

function addressOf(form: HTMLFormElement): string {
  const given = [...new FormData(form)].filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return `${form.action}?${new URLSearchParams(given).toString()}`;
}

function nameOf(response: Response): string {
  const stated = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") ?? "");
  return stated?.[1] ? decodeURIComponent(stated[1]) : "专题图.pdf";
}

function save(body: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(body);
  link.download = name;
  link.click();
  window.setTimeout(() => { URL.revokeObjectURL(link.href); }, 60_000);
}

export async function printSheet(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>('button[type="submit"]');
  const words = form.querySelector('[role="status"]');
  if (button) button.disabled = true;
  if (words) words.textContent = "正在生成图幅，请稍候…";
  try {
    const response = await fetch(addressOf(form));
    if (!response.ok) throw new Error(problemText(await response.text(), response.status));
    save(await response.blob(), nameOf(response));
    if (words) words.textContent = "已生成。";
  } catch (error) {
    if (words) words.textContent = "";
    showToast(error instanceof Error ? error.message : "未能生成图幅，请重试。", "bad");
  } finally {
    if (button) button.disabled = false;
  }
}
