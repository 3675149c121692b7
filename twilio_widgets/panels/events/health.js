// The time since the last request or poll. The kernel sends it on changes; the page counts on in
// between.

/**
 * @typedef {{ how: string, age: number | null, next: number | null, tone: string, before: boolean }} Beat
 */

/** @type {[seconds: number, unit: string][]} */
const SPANS = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
];

/** @param {number} seconds */
function durationText(seconds) {
  for (const [length, unit] of SPANS) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${Math.max(0, Math.floor(seconds))} s`;
}

/**
 * @param {Beat} beat
 * @param {number} passed
 */
export function sentence({ how, age, next, tone, before }, passed) {
  if (tone === "idle") return "not receiving";
  if (how === "polling") {
    const updated = age === null ? "not polled yet" : `updated ${durationText(age + passed)} ago`;
    if (next === null) return updated;
    const left = next - passed;
    return `${updated} · ${left < 1 ? "polling now" : `next poll in ${durationText(left)}`}`;
  }
  if (age === null) return before ? "no request since the start" : "no request yet";
  return `last request ${durationText(age + passed)} ago`;
}

/** @param {import("@anywidget/types").RenderProps<{ beat: Beat, chips: [text: string, tone: string][] }>} context */
function render({ model, el }) {
  const line = document.createElement("div");
  line.className = "tw-strip tw-beat";
  const dot = document.createElement("span");
  dot.className = "tw-beat-heart";
  dot.setAttribute("aria-hidden", "true");
  const caption = document.createElement("span");
  caption.className = "tw-beat-text";
  const chips = document.createElement("span");
  chips.className = "tw-beat-chips";
  line.append(dot, caption, chips);
  el.append(line);

  let since = performance.now();
  const tick = () => {
    const beat = model.get("beat");
    caption.textContent = beat.how ? sentence(beat, (performance.now() - since) / 1000) : "";
  };
  const drawTone = () => {
    dot.dataset.tone = model.get("beat").tone ?? "idle";
  };
  const beatChanged = () => {
    since = performance.now();
    drawTone();
    const { tone } = model.get("beat");
    for (const animation of dot.getAnimations()) animation.cancel();
    if (tone === "good" && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      dot.animate([{ transform: "scale(1.5)" }, { transform: "none" }], 400);
    }
    tick();
  };
  const drawChips = () => {
    chips.replaceChildren(
      ...model.get("chips").map(([text, tone]) => {
        const chip = document.createElement("span");
        chip.className = "tw-pill";
        chip.dataset.tone = tone;
        chip.textContent = text;
        return chip;
      }),
    );
  };
  const clock = setInterval(tick, 1000);
  model.on("change:beat", beatChanged);
  model.on("change:chips", drawChips);
  drawTone(); // the first state may have arrived before this view
  tick();
  drawChips();
  return () => {
    clearInterval(clock);
    model.off("change:beat", beatChanged);
    model.off("change:chips", drawChips);
  };
}

export default { render };
