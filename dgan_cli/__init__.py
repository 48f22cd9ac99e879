"""The shell command `dgan`: parameters of the terminal in, sentences and tables out."""
