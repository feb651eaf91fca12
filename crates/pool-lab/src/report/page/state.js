// What is chosen, kept in the address: `#anchor?machine=1&engines=stealing,rayon&sort=heat.2.up`.

const DEFAULTS = { machine: "0", threads: "most", family: "", kind: "", engines: "", base: "", sort: "", from: "0" };
const state = { ...DEFAULTS };
let anchor = "";

function readAddress() {
  const [place, query] = decodeURI(location.hash.slice(1)).split("?");
  anchor = place;
  const parameters = new URLSearchParams(query || "");
  for (const name of Object.keys(DEFAULTS)) state[name] = parameters.get(name) ?? DEFAULTS[name];
  if (!machines[state.machine]) state.machine = DEFAULTS.machine;
}

function addressOf(place) {
  const chosen = Object.entries(state).filter(([name, wanted]) => wanted !== DEFAULTS[name]);
  const query = new URLSearchParams(chosen).toString();
  return `#${place}${query ? `?${query}` : ""}`;
}

function choose(changes) {
  Object.assign(state, changes);
  history.replaceState(null, "", addressOf(anchor));
}

const machine = () => machines[state.machine];

// Whether the filters let an engine pass.
function isShown(engine) {
  const wanted = state.engines.split(",").map((word) => word.trim()).filter(Boolean);
  return (!state.kind || engine.kind === state.kind) &&
    (wanted.length === 0 || wanted.some((beginning) => engine.name.startsWith(beginning)));
}

// Goes to a place in the page, and opens what it is in. The address has the place and what is chosen.
function goTo(place) {
  const target = document.getElementById(place);
  if (!target) return;
  anchor = place;
  for (let parent = target; parent; parent = parent.parentElement) if (parent.tagName === "DETAILS") parent.open = true;
  if (target.tagName === "ARTICLE") drawWorkload(target);
  target.scrollIntoView();
}
