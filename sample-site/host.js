// Says which host serves this page and, when that host falls silent, goes on at another one.
const EVERY_MS = 1500;
// A host that did not answer is asked again soon, for a single miss may be chance.
const AGAIN_MS = 800;
const PATIENCE_MS = 1500;
const REMEMBERED = "holdfast-mirrors";

const bar = document.querySelector(".served");
const line = bar?.querySelector("p");
const arrivedFrom = takeFrom();
let here;
let mirrors = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "[]");
let misses = 0;

function takeFrom() {
  const url = new URL(location.href);
  const from = url.searchParams.get("from");
  if (from === null) return undefined;
  url.searchParams.delete("from");
  history.replaceState(null, "", url);
  return from.slice(0, 64);
}

/** The words and links as elements; text from elsewhere never becomes markup. */
function show(state, ...parts) {
  if (line === null || line === undefined) return;
  bar.dataset.state = state;
  const dot = document.createElement("span");
  dot.className = "dot";
  line.replaceChildren(dot, ...parts);
}

function bold(words) {
  const element = document.createElement("b");
  element.textContent = words;
  return element;
}

function addressOn(mirror) {
  const url = new URL(location.pathname + location.search + location.hash, mirror.url);
  return url.href;
}

function links() {
  return mirrors.flatMap((mirror, at) => {
    const link = document.createElement("a");
    link.href = addressOn(mirror);
    link.textContent = mirror.host;
    return at === 0 ? [link] : [", ", link];
  });
}

async function ask() {
  try {
    const answer = await fetch("/.well-known/holdfast", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    here = await answer.json();
    misses = 0;
    mirrors = (here.mirrors ?? []).filter((mirror) => mirror.host !== here.host && /^https?:/.test(mirror.url));
    sessionStorage.setItem(REMEMBERED, JSON.stringify(mirrors));
    const arrival = arrivedFrom === undefined || arrivedFrom === here.host ? [] : [` ${arrivedFrom} fell silent, so the page came here.`];
    const others = mirrors.length === 0 ? [] : [" The same page on ", ...links(), "."];
    show("well", "Served by ", bold(here.host), ` as version ${here.sequence} of this site.`, ...arrival, ...others);
  } catch {
    misses += 1;
    if (here === undefined && mirrors.length === 0) return show("lost", "This page cannot tell which host serves it.");
    const name = here?.host ?? "The host of this page";
    show("lost", bold(name), " does not answer.", ...(mirrors.length === 0 ? [] : [" The same page on ", ...links(), "."]));
    if (misses >= 2) await move(location.href);
  }
}

/** Goes to the first mirror that answers, with the path of `target`. */
async function move(target) {
  for (const mirror of mirrors) {
    try {
      await fetch(new URL("/.well-known/holdfast", mirror.url), { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch {
      continue;
    }
    const wanted = new URL(target);
    const next = new URL(wanted.pathname + wanted.search, mirror.url);
    if (here !== undefined) next.searchParams.set("from", here.host);
    next.hash = wanted.hash;
    location.assign(next);
    return true;
  }
  return false;
}

// A click on a page of a host that has just been stopped would end in the browser's error page: look first.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (link === null || link === undefined || !plain || link.origin !== location.origin || link.hash !== "") return;
  event.preventDefault();
  void follow(link.href);
});

async function follow(target) {
  try {
    await fetch("/.well-known/holdfast", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    if (await move(target)) return;
  }
  location.assign(target);
}

show("asking", "Asking which host serves this page …");
for (;;) {
  await ask();
  await new Promise((resolve) => setTimeout(resolve, misses === 1 ? AGAIN_MS : EVERY_MS));
}
