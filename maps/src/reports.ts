// The page behind a label and the review of reports: styles, and too many photos told before they are sent.
import "../styles/reports.css";

for (const input of document.querySelectorAll<HTMLInputElement>("input[type=file][data-most]")) {
  const most = Number(input.dataset.most);
  input.addEventListener("change", () => {
    const chosen = input.files?.length ?? 0;
    input.setCustomValidity(chosen > most ? `最多 ${most} 张照片，请重新选择。` : "");
    input.reportValidity();
  });
}
