"""Qt item models over the queries of the desk: ids in memory, rows on demand."""
