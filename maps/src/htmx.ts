// htmx under a strict content security policy, with the CSRF header and refusals told as messages.
import htmx from "htmx.org";

import { problemText } from "./problem";
import { showToast } from "./toast";

interface ResponseDetail {
  xhr: XMLHttpRequest;
  shouldSwap: boolean;
  isError: boolean;
}

interface RequestDetail {
  headers: Record<string, string>;
}

/** The token that a write of this page carries. */
export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

export function setUpHtmx(): void {
  htmx.config.includeIndicatorStyles = false;
  htmx.config.allowEval = false;
  htmx.config.selfRequestsOnly = true;
  htmx.config.historyCacheSize = 0;

  document.addEventListener("htmx:configRequest", (event) => {
    (event as CustomEvent<RequestDetail>).detail.headers["X-CSRFToken"] = csrfToken();
  });
  // A form that comes back with its faults marked (422) replaces the one that was sent.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event as CustomEvent<ResponseDetail>;
    const html = detail.xhr.getResponseHeader("Content-Type")?.startsWith("text/html") ?? false;
    if (detail.xhr.status === 422 && html) {
      detail.shouldSwap = true;
      detail.isError = false;
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent<ResponseDetail>).detail;
    showToast(problemText(xhr.responseText, xhr.status), "bad");
  });
  document.addEventListener("htmx:sendError", () => {
    showToast("网络不通，未完成。请检查网络后重试。", "bad");
  });
}

/** Load a fragment of a page into an element of this one. */
export async function loadFragment(address: string, target: HTMLElement): Promise<void> {
  await htmx.ajax("get", address, { target, swap: "innerHTML" });
}
