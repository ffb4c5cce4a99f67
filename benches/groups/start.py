"""Start and memory of a server that has nothing to do."""

from bench import FASTTRACKML, FLOWKEEP, STOCK, Group, Report
from servers import Server


def run(server: Server, report: Report) -> None:
    report(
        "start to first reply, empty database",
        server.seconds_to_first_reply * 1000,
        "ms",
    )
    server.restart()
    report(
        "start to first reply, existing database",
        server.seconds_to_first_reply * 1000,
        "ms",
    )
    report("memory, idle", server.memory(), "MiB")


GROUP = Group(run, servers=(STOCK, FASTTRACKML, FLOWKEEP))
