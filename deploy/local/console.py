"""Console commands on a stack that was started here."""

import asyncio
import os
import sys
from collections.abc import Mapping

from deploy.local.addresses import StackError


async def redress(variables: Mapping[str, str], *arguments: str) -> str:
    """The output of a console command; StackError with it when the command fails."""
    command = (sys.executable, "-m", "deploy.redress", *arguments)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env={**os.environ, **variables}
    )
    output = (await process.communicate())[0].decode().strip()
    if process.returncode:
        raise StackError(f"`redress {' '.join(arguments)}` failed:\n{output}")
    return output
