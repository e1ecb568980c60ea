"""The socket that the server listens on."""

from __future__ import annotations

import asyncio
import socket

from histo.review.serve import ADDRESS, listening


def test_small_answers_do_not_wait_for_an_acknowledgment() -> None:
    """Head and body of an answer are two writes; with Nagle's algorithm the second waits 40 ms for the first."""

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listening(0) as listener:
            async with await asyncio.start_server(meet, sock=listener):
                _, writer = await asyncio.open_connection(ADDRESS, listener.getsockname()[1])
                told = await found
                writer.close()
                await writer.wait_closed()
        return told

    assert asyncio.run(accepted()) == 1
