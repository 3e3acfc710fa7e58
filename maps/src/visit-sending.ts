// Sending visits: the visit itself, then each picture; what was sent before is answered alike, so that
// everything may be sent again after a broken connection.
import { type Picture, type Waiting, putWaiting, takeWaiting } from "./visit-store";

export interface Fault {
  field: string | null;
  zh: string;
}

/** The server has said no; sending the same again would not help. */
export class Refused extends Error {
  constructor(
    readonly text: string,
    readonly faults: readonly Fault[],
  ) {
    super(text);
  }
}

/** Nothing came through; it is worth another try. */
export class Unreachable extends Error {}

/** Somebody has to sign in, or it is another person now. */
export class SignedOut extends Error {}

export type Progress = (share: number, text: string) => void;

interface Answer {
  status: number;
  text: string;
}

function send(address: string, token: string, body: string | FormData, progress?: (share: number) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Accept", "application/json");
    if (typeof body === "string") request.setRequestHeader("Content-Type", "application/json");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress?.(event.loaded / event.total);
    };
    request.onload = () => { resolve({ status: request.status, text: request.responseText }); };
    request.onerror = () => { reject(new Unreachable("网络不通")); };
    request.ontimeout = request.onerror;
    request.timeout = 300_000;
    request.send(body);
  });
}

async function freshToken(tokenAddress: string, account: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(tokenAddress, { headers: { Accept: "application/json" }, cache: "no-store" });
  } catch {
    throw new Unreachable("网络不通");
  }
  if (response.status === 401 || response.redirected) throw new SignedOut("请重新登录后再发送。");
  if (!response.ok) throw new Unreachable(`服务暂时不可用（${response.status}）`);
  const told = (await response.json()) as { token: string; account: string };
  if (told.account !== account) throw new SignedOut("这些记录由另一个账号填写，请用原账号登录后发送。");
  return told.token;
}

function refuseUnlessStored(answer: Answer): void {
  if (answer.status >= 200 && answer.status < 300) return;
  if (answer.status === 401) throw new SignedOut("请重新登录后再发送。");
  if (answer.status >= 500 || answer.status === 429) throw new Unreachable(`服务暂时不可用（${answer.status}）`);
  try {
    const told = JSON.parse(answer.text) as { code?: string; detail?: string; errors?: Fault[] };
    // A page that has been open for long; the next try fetches another token.
    if (told.code === "csrf_failed") throw new Unreachable("页面已过期");
    throw new Refused(told.detail ?? "服务器未接受。", told.errors ?? []);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refused(`服务器未接受（${answer.status}）。`, []);
    throw error;
  }
}

function formOf(picture: Picture): FormData {
  const form = new FormData();
  form.set("role", picture.role);
  form.set("file", picture.content, picture.name);
  return form;
}

/** Send one visit with its pictures; each picture that arrived is taken out of what waits. */
export async function sendVisit(visit: Waiting, tokenAddress: string, progress: Progress): Promise<void> {
  const token = await freshToken(tokenAddress, visit.account);
  progress(0, "正在提交记录…");
  refuseUnlessStored(await send("/api/v1/visits", token, JSON.stringify(visit.body)));
  const all = visit.pictures.length;
  for (let picture = visit.pictures[0]; picture; picture = visit.pictures[0]) {
    const done = all - visit.pictures.length;
    const text = `正在上传照片 ${done + 1} / ${all}…`;
    progress(done / all, text);
    const answer = await send(`/api/v1/visits/${visit.uuid}/photos`, token, formOf(picture), (share) => {
      progress((done + share) / all, text);
    });
    refuseUnlessStored(answer);
    visit.pictures.shift();
    await putWaiting(visit);
  }
  await takeWaiting(visit.uuid);
  progress(1, "已提交。");
}
