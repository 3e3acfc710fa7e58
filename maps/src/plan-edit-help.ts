// The list of keys.
import { button, element } from "./elements";
import { openDialog } from "./plan-edit-dialog";

const KEYS: readonly [keys: string, words: string][] = [
  ["V", "选择、拖动节点；Alt+点节点删除它"], ["B", "框选"], ["D", "画图斑"], ["S", "分割"], ["H", "挖洞"], ["R", "改边界"], ["M", "合并所选"],
  ["Delete", "删除所选图斑（土地划归共边最长的相邻图斑）；停在节点上时删除节点"],
  ["Q", "捕捉开关（画线时按住 Alt 临时不捕捉）"], ["T", "追踪开关"], ["F", "缩放到所选图斑"], ["L", "改所选图斑的用地"],
  ["Enter", "完成正在画的线；地图上：选中十字处的图斑"], ["Backspace", "退一点"], ["Esc", "取消正在画的；再按取消选择"],
  ["Tab / Shift+Tab", "（键盘页签的逐点编辑）下一点、上一点"], ["方向键", "（逐点编辑）移动节点，Shift 十倍"],
  ["Ctrl+Z", "撤销"], ["Ctrl+Shift+Z / Ctrl+Y", "重做"], ["Ctrl+S", "立即保存"], ["?", "本表"],
];

export function showHelp(): void {
  const list = element("dl", "pe-keys-list", ...KEYS.flatMap(([keys, words]) => [element("dt", "", element("kbd", "", keys)), element("dd", "", words)]));
  const close = openDialog("快捷键", false, list, button("关闭", () => { close(); }, "button button--primary"));
}
