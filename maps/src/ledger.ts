// Entry of a location's ledger: its styles, and the button that prints it.
import "../styles/ledger.css";

const print = document.querySelector<HTMLButtonElement>("[data-print]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => {
    // Paper opens nothing by itself.
    document.querySelectorAll("details").forEach((details) => { details.open = true; });
    window.print();
  });
}
