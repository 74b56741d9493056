"""A raw SMTP server in a process of its own, which takes everything: `python -m bench.sink`.

It prints its port, then one line for each message that it has taken: the monotonic time, its bytes, the recipient. It
knows PIPELINING, 8BITMIME and SIZE and never looks into a message, so that it costs the other core as little as can be.
"""

import socket
import sys
import threading
import time

GREETING = b"220 sink ESMTP\r\n"
HELLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 52428800\r\n"
ANSWERS = {b"EHLO": HELLO, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
END = b"\r\n.\r\n"


class Dialogue:
    """One connection."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.rest = b""

    def run(self) -> None:
        self.line.sendall(GREETING)
        recipient = b""
        while (command := self.command()) is not None:
            word = command[:4].upper()
            if word == b"RCPT":
                recipient = command.partition(b"<")[2].partition(b">")[0]
            self.line.sendall(ANSWERS.get(word, b"250 ok\r\n"))
            if word == b"QUIT":
                return
            if word == b"DATA":
                size = self.message()
                self.line.sendall(b"250 2.0.0 queued\r\n")
                sys.stdout.write(f"{time.monotonic():.6f} {size} {recipient.decode('ascii', 'replace')}\n")
                sys.stdout.flush()

    def command(self) -> bytes | None:
        while b"\r\n" not in self.rest:
            more = self.line.recv(65536)
            if not more:
                return None
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line

    def message(self) -> int:
        """Its size, its last point included; what follows it is kept."""
        parts, tail, size = [self.rest], self.rest[-4:], len(self.rest)
        if END not in self.rest:
            while True:
                more = self.line.recv(1 << 20)
                if not more:
                    raise ConnectionError
                parts.append(more)
                size += len(more)
                if END in tail + more:
                    break
                tail = (tail + more)[-4:]
        whole = b"".join(parts[-2:])
        self.rest = whole[whole.index(END) + len(END) :]
        return size - len(self.rest)


def serve(line: socket.socket) -> None:
    with line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Dialogue(line).run()


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        sys.stdout.write(f"{door.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            line, _ = door.accept()
            threading.Thread(target=serve, args=(line,), daemon=True).start()


if __name__ == "__main__":
    main()
