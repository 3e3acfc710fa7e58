// Photos chosen for a visit: looked at before they are sent, too large ones told at once.
import type { Picture } from "./visit-store";

const LIMIT = 40_000_000;
const TYPES = /\.(jpe?g|jpe|jfif|png|webp|heic|heif|hif)$/i;

function part(form: HTMLFormElement, selector: string): HTMLElement {
  const found = form.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`the form lacks ${selector}`);
  return found;
}

export class Photos {
  readonly #input: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #fault: HTMLElement;
  readonly #most: number;
  readonly #changed: () => void;
  #kept: Picture[] = [];

  constructor(form: HTMLFormElement, most: number, changed: () => void) {
    this.#input = part(form, "#photos") as HTMLInputElement;
    this.#list = part(form, "[data-previews]");
    this.#fault = part(form, "[data-photo-fault]");
    this.#most = most;
    this.#changed = changed;
    this.#input.addEventListener("change", () => {
      this.#add([...(this.#input.files ?? [])]);
      // The same picture may be chosen again after it was removed.
      this.#input.value = "";
    });
  }

  get pictures(): Picture[] {
    return [...this.#kept];
  }

  set pictures(kept: Picture[]) {
    this.#kept = [...kept];
    this.#show();
  }

  #add(files: File[]): void {
    const faults: string[] = [];
    for (const file of files) {
      if (file.size > LIMIT) faults.push(`“${file.name}”有 ${Math.ceil(file.size / 1e6)} MB，超过 40 MB 上限。`);
      else if (file.name.includes(".") && !TYPES.test(file.name)) faults.push(`“${file.name}”不是 JPEG、PNG、WebP 或 HEIC 照片。`);
      else if (this.#kept.length >= this.#most) faults.push(`最多 ${this.#most} 张，“${file.name}”未添加。`);
      else this.#kept.push({ role: "visit", name: file.name, content: file });
    }
    this.#fault.hidden = faults.length === 0;
    this.#fault.textContent = faults.join(" ");
    this.#show();
    this.#changed();
  }

  #show(): void {
    this.#list.querySelectorAll("img").forEach((image) => { URL.revokeObjectURL(image.src); });
    this.#list.replaceChildren(...this.#kept.map((picture) => this.#preview(picture)));
  }

  #preview(picture: Picture): HTMLElement {
    const made = document.createElement("li");
    const image = document.createElement("img");
    image.src = URL.createObjectURL(picture.content);
    image.alt = picture.name;
    // Few browsers show HEIC; its name stands in for it.
    image.addEventListener("error", () => {
      const name = document.createElement("span");
      name.className = "previews__name";
      name.textContent = picture.name;
      image.replaceWith(name);
    });
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "previews__remove";
    remove.setAttribute("aria-label", `去掉照片 ${picture.name}`);
    remove.textContent = "×";
    remove.addEventListener("click", () => {
      this.#kept = this.#kept.filter((each) => each !== picture);
      this.#show();
      this.#changed();
    });
    made.append(image, remove);
    return made;
  }
}
