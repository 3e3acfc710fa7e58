// The editor's one dialog: the list of keys, or what has to be answered.
import { byId, element } from "./elements";

/**
 * Show a dialog under a title; what is returned closes it.
 * @param needed whether it stays until it is closed by one of its own buttons
 */
export function openDialog(title: string, needed: boolean, ...parts: Node[]): () => void {
  const dialog = byId("pe-dialog") as HTMLDialogElement;
  const heading = element("h2", "", title);
  heading.id = "pe-dialog-title";
  let done = !needed;
  dialog.replaceChildren(heading, ...parts);
  dialog.oncancel = (event) => { if (!done) event.preventDefault(); };
  // A second Esc closes it whatever the page says.
  dialog.onclose = () => { if (!done && !dialog.open) dialog.showModal(); };
  if (!dialog.open) dialog.showModal();
  return () => {
    done = true;
    dialog.close();
  };
}

export function isDialogOpen(): boolean {
  return (byId("pe-dialog") as HTMLDialogElement).open;
}
