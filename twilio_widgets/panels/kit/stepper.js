// The progress of something in steps: queued — sent — delivered.

/** @param {import("@anywidget/types").RenderProps<{ steps: [text: string, state: string][] }>} context */
function render({ model, el }) {
  const track = document.createElement("ol");
  track.className = "tw-track";
  track.setAttribute("aria-live", "polite");
  el.append(track);

  const draw = () => {
    const steps = model.get("steps").map(([text, state]) => {
      const step = document.createElement("li");
      step.className = `tw-step tw-${state}`;
      step.textContent = text;
      if (state === "now") step.setAttribute("aria-current", "step");
      return step;
    });
    track.replaceChildren(...steps);
    el.classList.toggle("tw-empty", steps.length === 0);
  };
  model.on("change:steps", draw);
  draw();
  return () => model.off("change:steps", draw);
}

export default { render };
