// One message, looked at closely. Its texts come from strangers: they only ever enter as text.

const element = (tag, className, text = "") => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
};

/** A label and a text, as a row of a description list. */
const fact = ([label, text]) => {
  const row = document.createElement("div");
  const words = element("dd", "", text);
  words.dir = "auto";
  row.append(element("dt", "", label), words);
  return row;
};

/** Why it failed, what to do about it, and who can. */
function explained({ title, advice, said, who, again, url }) {
  const box = element("div", "tw-why");
  const last = element("p", "tw-why-who", `Who can mend it: ${who} · Try again: ${again} · `);
  const more = element("a", "", "More at Twilio");
  more.href = url;
  more.target = "_blank";
  more.rel = "noopener noreferrer";
  last.append(more);
  box.append(element("strong", "", title), element("p", "", advice));
  if (said) box.append(element("p", "tw-why-said", `Twilio's words: ${said}`));
  box.append(last);
  return box;
}

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const root = element("article", "tw-message");
  root.setAttribute("aria-label", "Message");
  const head = element("header", "tw-message-head");
  const status = element("span", "tw-message-status");
  const sid = element("code", "tw-message-sid");
  const state = element("output", "tw-message-state");
  head.append(status, sid, state);
  const problem = element("p", "tw-message-problem");
  const why = element("div", "tw-why-place");
  const body = element("blockquote", "tw-message-body");
  body.dir = "auto";
  const facts = element("dl", "tw-message-facts");
  root.append(head, problem, why, body, facts);
  el.append(root);

  const draw = () => {
    const view = model.get("view");
    if (!view.sid) return;
    sid.textContent = view.sid;
    status.textContent = view.status;
    status.dataset.tone = view.tone;
    status.hidden = view.status === "";
    state.textContent = view.reading ? "reading…" : "";
    problem.textContent = view.problem;
    problem.hidden = view.problem === "";
    why.replaceChildren(...(view.error.title ? [explained(view.error)] : []));
    body.textContent = view.body || "no text";
    body.classList.toggle("tw-no-text", !view.body);
    body.hidden = view.body === null;
    facts.replaceChildren(...view.facts.map(fact));
  };
  model.on("change:view", draw);
  draw();
  return () => model.off("change:view", draw);
}

export default { render };
