"""The commands of `xianjie`, one module each; they read, ask the libraries, and print."""
