"""One run of a job: pacing, the queue, and the loop that sends."""
