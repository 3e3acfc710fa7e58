// Turning the service's refusals (application/problem+json) into one Chinese sentence.

const BY_STATUS: Readonly<Record<number, string>> = {
  401: "登录已过期，请重新登录。",
  403: "您无权执行此操作。",
  404: "没有找到所要的内容，可能已被删除。",
  409: "内容刚被他人修改，请刷新后重试。",
  413: "内容过多，服务未接受。请分几次提交。",
  429: "操作过于频繁，请稍候再试。",
  503: "服务暂时不可用，请稍后重试。",
};

function statedDetail(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && "detail" in parsed) {
      return typeof parsed.detail === "string" ? parsed.detail : undefined;
    }
  } catch {
    // A proxy may answer with a page of its own; the status says enough then.
  }
  return undefined;
}

export function problemText(body: string, status: number): string {
  return statedDetail(body) ?? BY_STATUS[status] ?? `服务出错（${status}），未完成。请稍后重试。`;
}
