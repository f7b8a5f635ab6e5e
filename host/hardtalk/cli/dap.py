"""`hardtalk dap`: a board with one's own classes under an editor, by the Debug Adapter Protocol."""

import os
import sys
from collections.abc import Callable

from hardtalk.bench import boot
from hardtalk.cli.errors import UserError, exit_code, message
from hardtalk.cli.options import ARM926, NO_PARTS, CycleModel, Parts
from hardtalk.cli.waiting import end_waiting
from hardtalk.debugger.dap_messages import BadMessage
from hardtalk.debugger.dap_server import Booted, DapServer, Refused
from hardtalk.shell.library import Library


def dap(*, parts: Parts = NO_PARTS, model: CycleModel = ARM926) -> int:
    """Debug Smalltalk from an editor, which starts this command and talks to it by the Debug Adapter Protocol."""

    def booted(tell: Callable[[str], None]) -> Booted:
        try:
            bench = boot(parts.boot_options(model), tell)
        except Exception as error:
            if exit_code(error) is None:
                raise
            raise Refused(message(error)) from error
        return bench, Library(bench).methods

    # A thread may wait for requests when the command ends, which must not be with the buffer of sys.stdin.
    requests = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    end_waiting()
    with replies:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what devices print is no message
        try:
            DapServer(booted, requests, replies).serve()
        except BadMessage as error:
            raise UserError(
                f"hardtalk dap: {error}", "It is for an editor to start; to debug by hand: hardtalk repl."
            ) from error
    return 0
