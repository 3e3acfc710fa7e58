// The service worker of /today: what was seen or put aside is shown when there is no network. Pages come
// from the network whenever it answers; built files never change, so they come from the cache.

interface Extendable {
  waitUntil: (done: Promise<unknown>) => void;
}

interface FetchEvent extends Event, Extendable {
  request: Request;
  respondWith: (answer: Promise<Response>) => void;
}

interface Worker {
  addEventListener: ((kind: "install" | "activate", act: (event: Event & Extendable) => void) => void) &
    ((kind: "fetch", act: (event: FetchEvent) => void) => void);
  skipWaiting: () => Promise<void>;
  clients: { claim: () => Promise<void> };
  location: { origin: string };
}

const worker = self as unknown as Worker;
const PAGES = "fuliang-today-pages";
const FILES = "fuliang-today-files";
/** How long a weak network may take before the kept page is shown [ms]. */
const PATIENCE = 8000;

function isPage(url: URL, request: Request): boolean {
  const under = url.pathname === "/today" || url.pathname.startsWith("/today/");
  return under && request.mode === "navigate";
}

async function fromNetwork(request: Request): Promise<Response> {
  const answer = await fetch(request);
  const cache = await caches.open(PAGES);
  const at = new URL(answer.url).pathname;
  if (answer.type === "opaqueredirect" || at.startsWith("/sign-in")) {
    // Whoever has signed out leaves no pages behind on the phone.
    await caches.delete(PAGES);
  } else if (answer.ok) await cache.put(request.url, answer.clone());
  return answer;
}

async function kept(request: Request): Promise<Response | undefined> {
  const cache = await caches.open(PAGES);
  return (await cache.match(request.url)) ?? (await cache.match(request.url, { ignoreSearch: true }));
}

function noPage(): Response {
  const text = "<!doctype html><html lang=\"zh-Hans\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>没有网络</title><h1>没有网络</h1><p>这一页没有存在本机。请返回 <a href=\"/today\">今日任务</a>，或网络恢复后重试。</p></html>";
  return new Response(text, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
}

async function page(request: Request): Promise<Response> {
  // An order of stops is of the moment; an old one would mislead.
  if (new URL(request.url).pathname.endsWith("/replan")) return fetch(request).catch(noPage);
  const before = await kept(request);
  const network = fromNetwork(request);
  if (!before) return network.catch(noPage);
  const late = new Promise<Response>((resolve) => { setTimeout(() => { resolve(before.clone()); }, PATIENCE); });
  return Promise.race([network.catch(() => before), late]);
}

async function file(request: Request): Promise<Response> {
  const cache = await caches.open(FILES);
  const before = await cache.match(request);
  if (before) return before;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

worker.addEventListener("install", (event) => { event.waitUntil(worker.skipWaiting()); });
worker.addEventListener("activate", (event) => {
  // Files of earlier versions would pile up.
  event.waitUntil(caches.delete(FILES).then(() => worker.clients.claim()));
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (isPage(url, request)) event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
});

export {};
