"""How far a long measurement is, told on a terminal as it goes and in a log every half minute."""

import sys
import time

QUIET = 30  # seconds without a line where there is no terminal: a short measurement prints nothing


class Progress:
    """Called as progress(stage, done, total); `end` clears the terminal's line."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.stage, self.began, self.told = None, 0.0, time.monotonic()

    def __call__(self, stage, done, total):
        now, new = time.monotonic(), stage != self.stage
        if new:
            self.stage, self.began = stage, now
        if now - self.told < (0.1 if self.terminal else QUIET) and not (self.terminal and (new or done == total)):
            return
        self.told, text = now, stage
        if total > 1:
            text += f": {done} of {total}"
        if done and done < total and now - self.began > 2:
            text += f", {duration((now - self.began) * (total - done) / done)} left"
        self.stream.write(f"\r{text[:78]:<79}" if self.terminal else f"{text}\n")
        self.stream.flush()

    def end(self):
        if self.terminal and self.stage is not None:
            self.stream.write(f"\r{'':<79}\r")
            self.stream.flush()


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
