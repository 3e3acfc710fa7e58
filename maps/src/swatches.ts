// Colours that an office sets in a layer's sheet, put on by script: [data-swatch="#rrggbb"]. The content
// security policy forbids style attributes.
export function colourSwatches(root: ParentNode = document): void {
  root.querySelectorAll<HTMLElement>("[data-swatch]").forEach((swatch) => {
    swatch.style.backgroundColor = swatch.dataset.swatch ?? "";
  });
}
