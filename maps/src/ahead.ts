// What a page's first script asks for before the map's own scripts have run; the map takes the answers over.
import { bytesOf } from "./tiles";

const answers = new Map<string, Promise<ArrayBuffer>>();

export function askAhead(address: string): void {
  const answer = bytesOf(address);
  // Whoever takes it over learns of a failure; until then nobody need.
  answer.catch(() => undefined);
  answers.set(address, answer);
}

/** The answer to what was asked ahead, once; else a fresh one. */
export function answerTo(address: string): Promise<ArrayBuffer> {
  const ahead = answers.get(address);
  answers.delete(address);
  return ahead ?? bytesOf(address);
}
