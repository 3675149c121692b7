"""One sandbox for a class: every student has an account, a number and credentials of their own."""
