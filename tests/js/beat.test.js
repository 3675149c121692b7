import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence } from "../../twilio_widgets/panels/events/health.js";

const PUSHED = { how: "webhook", age: 5, next: null, tone: "good", before: true };
const POLLED = { ...PUSHED, how: "polling", next: 10 };
/** @type {[import("../../twilio_widgets/panels/events/health.js").Beat, number, string][]} */
const SENTENCES = [
  [PUSHED, 0, "last request 5 s ago"],
  [PUSHED, 60, "last request 1 min ago"],
  [{ ...PUSHED, age: 90_000 }, 0, "last request 1 d ago"],
  [{ ...PUSHED, age: null }, 0, "no request since the start"],
  [{ ...PUSHED, age: null, before: false }, 0, "no request yet"],
  [{ ...PUSHED, tone: "idle" }, 0, "not receiving"],
  [POLLED, 3, "updated 8 s ago · next poll in 7 s"],
  [POLLED, 10, "updated 15 s ago · polling now"],
  [{ ...POLLED, age: null, next: null }, 0, "not polled yet"],
];
for (const [beat, passed, expected] of SENTENCES) {
  test(`after ${passed} s: ${expected}`, () => assert.equal(sentence(beat, passed), expected));
}
