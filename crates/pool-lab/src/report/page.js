// Sort a table by the column whose head is clicked; a second click turns the order around.
document.querySelectorAll("th").forEach((head) => {
  head.tabIndex = 0;
  const sort = () => {
    const body = head.closest("table").tBodies[0];
    const column = head.cellIndex;
    const up = head.getAttribute("aria-sort") !== "ascending";
    const key = (row) => {
      const cell = row.cells[column];
      const key = cell.dataset.key;
      if (key === undefined) return cell.textContent;
      return key === "inf" ? Infinity : Number(key);
    };
    const order = (a, b) => {
      if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a < b ? -1 : 1;
      return String(a).localeCompare(String(b));
    };
    const rows = Array.from(body.rows).sort((a, b) => order(key(a), key(b)) * (up ? 1 : -1));
    body.append(...rows);
    head.closest("tr").querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
  };
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
});

// Show the machines that are ticked.
document.querySelectorAll("input[data-machine]").forEach((box) => {
  box.addEventListener("change", () => {
    document.querySelectorAll(".machine." + box.dataset.machine).forEach((part) => { part.hidden = !box.checked; });
  });
});
