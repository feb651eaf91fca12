// Brings the parts together.

const articles = [...document.querySelectorAll("article")];
const isOpen = (article) => article.closest("details").open;
// What is far away is drawn when it comes near.
const near = new IntersectionObserver((seen) => seen.forEach(({ target, isIntersecting }) => {
  if (isIntersecting) drawWorkload(target);
}), { rootMargin: "400px" });
articles.forEach((article) => near.observe(article));

function drawAll() {
  drawMap();
  articles.forEach((article) => {
    const { top, bottom } = article.getBoundingClientRect();
    if (isOpen(article) && bottom > -400 && top < innerHeight + 400) drawWorkload(article);
    else { near.unobserve(article); near.observe(article); }
  });
}

const form = document.getElementById("filters");
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", ({ target }) => {
  choose({ [target.name]: target.value, from: DEFAULTS.from });
  if (target.name === "machine") {
    choose({ threads: DEFAULTS.threads });
    drawFilters();
    form.elements.machine.focus();
  }
  drawAll();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (!link || link.download) return;
  event.preventDefault();
  goTo(link.hash.slice(1));
  history.pushState(null, "", addressOf(anchor));
});

function follow() {
  readAddress();
  drawFilters();
  drawAll();
  if (anchor) goTo(anchor);
}

let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; drawMap(); } });
addEventListener("popstate", follow);
readAddress();
document.querySelectorAll("table").forEach((table, i) => adopt(table, `t${i}`));
if (machines.length) follow();
