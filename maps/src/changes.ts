// Keeps an open map right: asks whether a layer has changed when the page comes back into sight, after every act
// on it, and now and then; a new day changes every status.

interface Told {
  today: string;
  changes: Record<string, number>;
}

const EVERY_MS = 30_000;

async function ask(address: string): Promise<Told | undefined> {
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
    return response.ok ? ((await response.json()) as Told) : undefined;
  } catch {
    // Without a network the map stays as it is; the next question may be answered.
    return undefined;
  }
}

/** Call `onChange` with the names of the layers whose tiles are old; `stated` is what the page was made from. */
export function watchChanges(address: string, stated: string, onChange: (layers: string[]) => void): void {
  let known = JSON.parse(stated) as Told;
  const look = async (): Promise<void> => {
    if (document.hidden) return;
    const told = await ask(address);
    if (!told) return;
    const before = known;
    known = told;
    const newDay = told.today !== before.today;
    const changed = Object.keys(told.changes).filter((name) => newDay || told.changes[name] !== before.changes[name]);
    if (changed.length > 0) onChange(changed);
  };
  document.addEventListener("visibilitychange", () => void look());
  window.addEventListener("focus", () => void look());
  // A page that the browser kept as it was left may have missed much.
  window.addEventListener("pageshow", (event) => { if (event.persisted) void look(); });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { verb } = (event as CustomEvent<{ requestConfig: { verb: string } }>).detail.requestConfig;
    if (verb !== "get") void look();
  });
  window.setInterval(() => void look(), EVERY_MS);
}
