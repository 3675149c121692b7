// What is typed goes to the kernel at once, with a number; the kernel says which number it heard.
// Until it has heard the newest, what it says of the fields is older than what stands in them.

/** @param {any} model */
function openEcho(model) {
  const view = crypto.getRandomValues(new Uint32Array(2)).join("-");
  let said = 0;
  return {
    say(message) {
      said += 1;
      model.send({ ...message, n: `${view}:${said}` });
    },
    isNews() {
      const heard = model.get("heard");
      return !heard.startsWith(`${view}:`) || heard === `${view}:${said}`;
    },
  };
}
