"""The main job in a terminal, on the sandbox: connect, send, watch, and read the log."""

import twilio_widgets as tw


def main() -> None:
    """Run the job and print each step."""
    with tw.Sandbox(messages=200) as sandbox, tw.Twilio(sandbox.connection) as twilio:
        print(twilio.check().text)
        message = twilio.messages.send(
            "+14155550123", from_=sandbox.numbers[0], body="Your table is ready at 8 pm."
        )
        last = None

        def show(message: tw.Message) -> None:
            nonlocal last
            if message.status != last:
                print(f"  {message}", flush=True)
                last = message.status

        show(message)
        message = twilio.messages.wait(message.sid, seen=show)
        log = twilio.messages.list(limit=5)
        print(f"\nThe message log, a {type(log).__name__} with {log.shape[0]} rows:")
        print(log[["date_sent", "direction", "to", "status", "body"]].to_string(max_colwidth=40))
        if message.status != "delivered":
            raise SystemExit(f"The final status is {message.status}, not delivered.")


if __name__ == "__main__":
    main()
