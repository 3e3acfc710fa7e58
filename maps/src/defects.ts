// Pages of the ledger of problems and of disposals: their styles, and the print buttons.
import "../styles/defects.css";

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
});
