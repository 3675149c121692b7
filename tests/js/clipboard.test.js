import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { copies, putOnClipboard } from "../../twilio_widgets/panels/kit/clipboard.js";

/** Give the page a clipboard; without `write` it has none, as over plain http. */
function givePage(write) {
  const clipboard = write && { writeText: write };
  Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
  const selectAllChildren = mock.fn();
  globalThis.getSelection = () => /** @type {any} */ ({ selectAllChildren });
  return selectAllChildren;
}

/** A button that `copies` made, and what a press of it does. */
function makeButton(source) {
  const button = /** @type {any} */ ({
    textContent: "Copy",
    addEventListener: (_, listener) => {
      button.press = listener;
    },
  });
  return { button, reset: copies(button, source) };
}

test("a text is on the clipboard when the page may write there", async () => {
  const write = mock.fn(async () => {});
  givePage(write);

  assert.equal(await putOnClipboard("Ahoy"), true);
  assert.deepEqual(write.mock.calls[0].arguments, ["Ahoy"]);
});

test("a text is not on the clipboard when the browser refuses", async () => {
  givePage(async () => {
    throw new Error("denied");
  });

  assert.equal(await putOnClipboard("Ahoy"), false);
});

test("a button names a copy for two seconds", async (context) => {
  const timer = context.mock.method(globalThis, "setTimeout", () => 0);
  givePage(async () => {});
  const { button } = makeButton({ textContent: "curl …" });
  await button.press();
  const after = button.textContent;
  const [calm, milliseconds] = timer.mock.calls[0].arguments;
  calm();

  assert.deepEqual([after, milliseconds, button.textContent], ["Copied", 2000, "Copy"]);
});

test("a button selects the text where the page has no clipboard", async () => {
  const selected = givePage(undefined);
  const source = { textContent: "curl …" };
  const { button, reset } = makeButton(source);
  await button.press();

  assert.equal(button.textContent, "Press Ctrl+C");
  assert.deepEqual(selected.mock.calls[0].arguments, [source]);
  reset();
  assert.equal(button.textContent, "Copy");
});
