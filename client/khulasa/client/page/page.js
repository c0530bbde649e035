// Lights up what belongs together: a pair and its sentence, a word and its counterparts, a key term and its places.
const lit = new Set();
const clear = () => { for (const one of lit) one.classList.remove("lit"); lit.clear(); };
const light = (selector) => { for (const one of document.querySelectorAll(selector)) { one.classList.add("lit"); lit.add(one); } };

function show(element) {
  clear();
  const word = element.closest("[data-w]");
  const pair = element.closest("[data-pair]");
  const term = element.closest("[data-term]");
  if (pair) {
    const own = `[data-pair="${pair.dataset.pair}"]`;
    light(own);
    if (word) for (const number of word.dataset.w.split(" ")) light(`${own} [data-w~="${number}"]`);
  }
  if (term) light(`[data-term="${term.dataset.term}"]`);
}

// A jump number stands outside its mark: it lights up what it leads to.
const meant = (target) => {
  const jump = target.closest("a.jump");
  if (!jump) return target;
  const end = document.querySelector(jump.getAttribute("href"));
  return end?.closest("[data-pair]") ?? end?.nextElementSibling ?? target;
};

document.addEventListener("pointerover", (event) => show(meant(event.target)));
document.addEventListener("focusin", (event) => show(meant(event.target)));
document.addEventListener("focusout", clear);
document.addEventListener("pointerleave", clear);

// A click on a marked sentence leads to its pair. Selecting text to quote it is no click.
document.addEventListener("click", (event) => {
  const mark = event.target.closest("mark[data-pair]");
  if (!mark || !document.getSelection().isCollapsed) return;
  const pair = document.getElementById(`p${Number(mark.dataset.pair) + 1}`);
  pair.focus();
  pair.scrollIntoView({ block: "nearest" });
});

// In a focused pair the left and right arrows walk along its linked words.
let step = -1;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { clear(); step = -1; return; }
  const pair = event.target.closest?.(".pair");
  if (!pair || event.target !== pair || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const source = pair.querySelector(".source");
  const words = [...source.querySelectorAll("[data-w]")];
  if (!words.length) return;
  event.preventDefault();
  const forward = (event.key === "ArrowRight") === (source.dir === "ltr");
  step = (step + (forward ? 1 : -1) + words.length) % words.length;
  show(words[step]);
});
document.addEventListener("focusin", () => { step = -1; });
